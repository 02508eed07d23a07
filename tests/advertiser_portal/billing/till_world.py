"""A till over the stand-in for Stripe, and the acts of the outside world on it."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from advertiser_portal.billing import notices, payouts, recharge, top_up
from advertiser_portal.billing import refunds as our_refunds
from advertiser_portal.billing.customers import ensure_customer
from advertiser_portal.billing.events import EventDesk, receive
from advertiser_portal.billing.gateway import Notice
from advertiser_portal.billing.reconcile import Reconciler
from advertiser_portal.billing.stripe_gateway import StripeGateway
from advertiser_portal.billing.tables import AutoRecharge, BillingCustomer, StripeOperation
from advertiser_portal.billing.till import Till
from advertiser_portal.billing.top_up import Returns
from fakestripe import cards
from fakestripe.app import Asked, FakeStripe, build
from fakestripe.resources import accounts, checkout, customers, disputes, refunds
from kernel.clock import FrozenClock
from kernel.database import Database, WriteSession
from kernel.money import ZERO, Micros
from kernel.outbox import OutboxJob
from ledger import journal
from ledger.balances import balance
from ledger.limits import set_limit
from ledger.postings import Leg, Posting
from ledger.settlement import settle
from ledger.verify import verify
from tests.advertiser_portal.billing.stand_in import AtHand

ADVERTISER = "adv_01shoes"
RETURNS = Returns("https://portal.example/ok", "https://portal.example/no")
CARD = "4242424242424242"
BOTH_ENGINES = pytest.mark.parametrize("engine_kind", ["sqlite", "postgres"])


def open_till(
    database: Database, clock: FrozenClock, fake: FakeStripe | None = None, url: str = ""
) -> "Bench":
    """A till on fresh books of a stand-in: behind the server at `url`, or at hand without one."""
    fake = fake or build(public_url="http://stripe.example")
    if url:
        fake.platform = build(public_url=url).platform
    http = None if url else AtHand(fake)
    stopped: list[str] = []

    async def stop_ads(_tx, advertiser_id: str) -> None:
        stopped.append(advertiser_id)

    gateway = StripeGateway(
        secret_key=fake.platform.secret_key,
        webhook_secrets=["whsec_first", "whsec_second"],
        base_url=url or "http://stripe.example",
        timeout_seconds=2,
        http_client=http,
    )
    till = Till(
        database, gateway, public_url="https://portal.example", stop_ads=stop_ads, clock=clock
    )
    return Bench(database, clock, fake, till, stopped, http)


@dataclass
class Bench:
    """Everything a test of money needs, and the acts of the outside world."""

    database: Database
    clock: FrozenClock
    fake: FakeStripe
    till: Till
    stopped: list[str]
    http: AtHand | None = None
    heard: int = 0
    clicks: int = 0
    trial: int = 0
    advertiser: str = ADVERTISER

    @property
    def asked(self) -> list[Asked]:
        """What was asked of the stand-in so far."""
        assert self.http is not None
        return self.http.asked

    @property
    def desk(self) -> EventDesk:
        return self.till.desk

    @property
    def reconciler(self) -> Reconciler:
        return self.till.reconciler

    async def hear(self) -> None:
        """Deliver every event of the stand-in that is new, and act on it."""
        events = self.fake.platform.objects.every("event")
        new, self.heard = events[self.heard :], len(events)
        notices = [Notice(one["id"], one["type"], one["data"]["object"]["id"]) for one in new]
        await receive(self.database, *notices, clock=self.clock)
        await self.desk.drain()

    async def customer(self) -> str:
        return await ensure_customer(
            self.database,
            self.till.operations,
            self.advertiser,
            email="ada@shoes.example",
            name="Shoes",
            clock=self.clock,
        )

    async def plan_top_up(
        self, units: int, *, save_card=False, tax=False, returns: Returns = RETURNS
    ) -> str:
        customer = await self.customer()
        async with self.database.writing() as tx:
            return await top_up.plan_top_up(
                tx,
                self.advertiser,
                Micros.from_units(units),
                customer=customer,
                save_card=save_card,
                tax=tax,
                returns=returns,
                clock=self.clock,
            )

    async def pay(self, units: int, *, save_card=False, tax=False, hear=True) -> str:
        """Add funds to the end; returns the payment intent."""
        operation = await self.plan_top_up(units, save_card=save_card, tax=tax)
        done = await self.till.operations.perform(operation)
        session = checkout.complete(self.fake.platform, done.stripe_id, number=CARD)
        if hear:
            await self.hear()
        return str(session["payment_intent"])

    async def money(self, account: str) -> Micros:
        async with self.database.reading() as session:
            return (await balance(session, account)).available

    async def wallet(self) -> Micros:
        return await self.money(f"adv:{self.advertiser}:cash")

    def charge_of(self, payment: str) -> str:
        intent = self.fake.platform.objects.get("payment_intent", payment)
        return str(intent["latest_charge"])

    def open_dispute(self, payment: str) -> str:
        return str(disputes.start(self.fake.platform, self.charge_of(payment))["id"])

    def close_dispute(self, dispute: str, *, won: bool) -> None:
        disputes.close(self.fake.platform, dispute, won=won)

    def fail_refund(self, refund: str) -> None:
        refunds.fail(self.fake.platform, refund)

    async def payee(self, publisher: str) -> str:
        """A publisher with an account that may receive."""
        async with self.database.writing() as tx:
            operation = await payouts.plan_payee(
                tx, publisher, email="pub@chat.example", name="Chat", clock=self.clock
            )
        done = await self.till.operations.perform(operation)
        accounts.onboard(self.fake.platform, done.stripe_id)
        await self.hear()
        return str(done.stripe_id)

    async def set_recharge(self, threshold: int, amount: int, cap: int) -> None:
        rule = recharge.RechargeRule(*map(Micros.from_units, (threshold, amount, cap)))
        async with self.database.writing() as tx:
            await recharge.set_rule(tx, self.advertiser, rule, clock=self.clock)

    async def saved_card(self) -> BillingCustomer:
        async with self.database.reading() as session:
            return await session.get_one(BillingCustomer, self.advertiser)

    async def rule(self) -> AutoRecharge:
        async with self.database.reading() as session:
            return await session.get_one(AutoRecharge, self.advertiser)

    async def swap_card(self, token: str) -> None:
        """The saved card is another one now, also one that would decline to be saved."""
        platform = self.fake.platform
        async with self.database.writing() as tx:
            customer = await tx.get_one(BillingCustomer, self.advertiser)
            method = customers.new_method(platform, cards.by_token(token))
            method["customer"] = customer.stripe_customer_id
            customer.card_id = method["id"]

    async def refund(self, units: int | None = None) -> list[str]:
        amount = None if units is None else Micros.from_units(units)
        async with self.database.writing() as tx:
            planned = await our_refunds.plan_refund(tx, self.advertiser, amount, clock=self.clock)
        for operation in planned:
            await self.till.operations.perform(operation)
        return planned

    async def spend(self, units: int, *, publisher: str = "zero") -> journal.Outcome:
        """One click at that price."""
        self.clicks += 1
        # Named before anything waits: of clicks at once, each is its own.
        key = f"click:{self.advertiser}:{self.clicks}"
        limit = journal.LimitKey("campaign_total", f"cmp_{self.advertiser}")
        much, now = Micros.from_units(1_000_000), self.clock.now()
        async with self.database.writing() as tx:
            await set_limit(tx, limit.scope, limit.scope_id, now, None, much)
            return await journal.charge(
                tx,
                key=key,
                payer=self.advertiser,
                limits=[limit],
                price=Micros.from_units(units),
                split=journal.Split(publisher, 7_000),
                ref="dec_1",
                clock=self.clock,
            )

    async def earned(self, units: int, publisher: str = "pub_1") -> None:
        """Earnings that may be paid now."""
        amount = Micros.from_units(units)
        self.clicks += 1
        legs = (
            Leg("ad_revenue", "debit", amount),
            Leg(f"pub:{publisher}:payable", "credit", amount),
        )
        key = f"earned:{publisher}:{self.clicks}"
        async with self.database.writing() as tx:
            posting = Posting("correction", key, "publisher", publisher, legs)
            await journal.post(tx, posting, clock=self.clock)
            await settle(tx, clock=self.clock)

    def deposit(self, units: int) -> None:
        """Test money of our own on the stand-in's balance."""
        self.fake.platform.balance.move("topup", units * 100, "tu_1", currency="usd")

    def made(self, kind: str) -> list[dict[str, Any]]:
        """The stand-in's objects of a kind."""
        return self.fake.platform.objects.every(kind)

    def later(self, **span: float) -> None:
        """Both clocks move on."""
        self.clock.advance(**span)
        self.fake.platform.clock.advance(int(timedelta(**span).total_seconds()))

    async def operation(self, operation_id: str) -> StripeOperation:
        async with self.database.reading() as session:
            return await session.get_one(StripeOperation, operation_id)

    async def in_books(self, tx: WriteSession, operation_id: str) -> StripeOperation:
        return await tx.get_one(StripeOperation, operation_id)

    async def told(self) -> list[str]:
        """What people were told by mail, in order."""
        async with self.database.reading() as session:
            query = sa.select(OutboxJob).where(OutboxJob.kind == notices.KIND)
            return [
                job.payload["about"] for job in await session.scalars(query.order_by(OutboxJob.id))
            ]

    async def books_agree(self, *, days: int = 30) -> None:
        """Stripe holds what the ledger says, nothing is unexplained, and the ledger verifies."""
        result = await self.reconciler.run(window=timedelta(days=days))
        assert (result.difference, result.suspense) == (ZERO, ZERO)
        async with self.database.reading() as session:
            assert await verify(session) == []

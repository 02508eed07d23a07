"""A till over the stand-in for Stripe, and the acts of the outside world on it."""

import asyncio
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

import stripe
import uvicorn

from advertiser_portal.billing import payouts, recharge, top_up
from advertiser_portal.billing.customers import ensure_customer
from advertiser_portal.billing.events import EventDesk, receive
from advertiser_portal.billing.gateway import Notice
from advertiser_portal.billing.reconcile import Reconciler
from advertiser_portal.billing.stripe_gateway import StripeGateway
from advertiser_portal.billing.till import Till
from advertiser_portal.billing.top_up import Returns
from fakestripe.app import Asked, FakeStripe, build
from fakestripe.resources import accounts, checkout, disputes, refunds
from kernel.clock import FrozenClock
from kernel.database import Database
from kernel.money import Micros
from ledger.balances import balance

ADVERTISER = "adv_01shoes"
RETURNS = Returns("https://portal.example/ok", "https://portal.example/no")
CARD = "4242424242424242"


@contextmanager
def stand_in_server() -> Iterator[tuple[FakeStripe, str]]:
    """The stand-in on a loopback port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    fake = build(public_url=url)
    config = uvicorn.Config(fake.asgi, host="127.0.0.1", port=port, log_level="error", ws="none")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield fake, url
    server.should_exit = True
    thread.join(timeout=5)


class AtHand(stripe.HTTPClient):
    """The official client's way to a stand-in in the same process: no socket, no second thread."""

    name = "at_hand"

    def __init__(self, fake: FakeStripe, *, timeout_seconds: float = 0.05) -> None:
        super().__init__()
        self._fake, self._timeout_seconds = fake, timeout_seconds
        self.asked: list[Asked] = []

    async def request_async(self, method, url, headers, post_data=None):
        parts = urlsplit(url)
        lower = {name.lower(): value for name, value in headers.items()}
        body = post_data.encode() if isinstance(post_data, str) else (post_data or b"")
        asked = Asked(method.upper(), parts.path, parts.query, lower, body)
        self.asked.append(asked)
        try:
            answer = await asyncio.wait_for(self._fake.answer(asked), self._timeout_seconds)
        except TimeoutError:
            raise stripe.APIConnectionError("The answer was lost.") from None
        return answer.body.decode(), answer.status, dict(answer.headers)

    async def close_async(self) -> None:
        """There is nothing to close."""


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
        for event in new:
            data = event["data"]["object"]
            notice = Notice(event["id"], event["type"], data["id"])
            await receive(self.database, notice, clock=self.clock)
        await self.desk.drain()

    async def customer(self, advertiser: str = ADVERTISER) -> str:
        return await ensure_customer(
            self.database,
            self.till.operations,
            advertiser,
            email="ada@shoes.example",
            name="Shoes",
            clock=self.clock,
        )

    async def plan_top_up(self, units: int, *, save_card=False, tax=False) -> str:
        customer = await self.customer()
        async with self.database.writing() as tx:
            return await top_up.plan_top_up(
                tx,
                ADVERTISER,
                Micros.from_units(units),
                customer=customer,
                save_card=save_card,
                tax=tax,
                returns=RETURNS,
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
        return await self.money(f"adv:{ADVERTISER}:cash")

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
            await recharge.set_rule(tx, ADVERTISER, rule, clock=self.clock)

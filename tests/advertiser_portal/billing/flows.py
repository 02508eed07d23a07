"""What can happen to money at Stripe, as flows that stop wherever an event may be told.

Each flow is one advertiser's (or publisher's) story. It yields after every act of the outside
world; whoever runs it tells us of the events so far, of some of them, or of none until the end.
"""

from collections.abc import AsyncIterator, Callable

from advertiser_portal.billing.operations import plan
from fakestripe.resources import accounts, checkout, disputes, payments, payouts
from tests.advertiser_portal.billing.till_world import CARD, Bench

Flow = Callable[[Bench], AsyncIterator[None]]


async def _session(bench: Bench, *, delayed: bool = False) -> str:
    operation = await bench.plan_top_up(100, tax=True, save_card=True)
    done = await bench.till.operations.perform(operation)
    checkout.complete(bench.fake.platform, done.stripe_id, number=CARD, delayed=delayed)
    return done.stripe_id


async def _payment(bench: Bench, *, card: str = "pm_card_visa") -> dict[str, object]:
    """A charge of a saved card, without the work around it; off-session it may be declined."""
    params = {"customer": "", "card": "", "cents": 10_000}
    async with bench.database.writing() as tx:
        operation = await plan(tx, "recharge", bench.advertiser, params, clock=bench.clock)
        row = await bench.in_books(tx, operation)
        row.state = "succeeded"
    marks = {"operation_id": operation, "owner_id": bench.advertiser, "kind": "recharge"}
    asked = {"amount": "10000", "currency": "usd", "payment_method": card, "metadata": marks}
    return payments.create(bench.fake.platform, asked | {"confirm": "true"})


async def top_up(bench: Bench) -> AsyncIterator[None]:
    await _session(bench)
    yield


async def delayed_top_up(bench: Bench) -> AsyncIterator[None]:
    session = await _session(bench, delayed=True)
    yield
    checkout.settle_delayed(bench.fake.platform, session, paid=True)
    yield


async def delayed_top_up_that_fails(bench: Bench) -> AsyncIterator[None]:
    session = await _session(bench, delayed=True)
    yield
    checkout.settle_delayed(bench.fake.platform, session, paid=False)
    yield


async def saved_card(bench: Bench) -> AsyncIterator[None]:
    params = {
        "customer": await bench.customer(),
        "success_url": "https://a",
        "cancel_url": "https://b",
    }
    async with bench.database.writing() as tx:
        operation = await plan(tx, "save_card", bench.advertiser, params, clock=bench.clock)
    done = await bench.till.operations.perform(operation)
    checkout.complete(bench.fake.platform, done.stripe_id, number=CARD)
    yield


async def recharge(bench: Bench) -> AsyncIterator[None]:
    await _payment(bench)
    yield


async def recharge_that_is_confirmed(bench: Bench) -> AsyncIterator[None]:
    intent = await _payment(bench, card="pm_card_authenticationRequired")
    yield
    payments.succeed(bench.fake.platform, intent)
    yield


async def refund(bench: Bench) -> AsyncIterator[None]:
    payment = await _payment(bench)
    await bench.desk.follow("payment", payment["id"])
    await bench.refund(40)
    yield


async def refund_that_comes_back(bench: Bench) -> AsyncIterator[None]:
    async for _ in refund(bench):
        yield
    bench.fail_refund(bench.made("refund")[-1]["id"])
    yield


async def lost_dispute(bench: Bench, *, won: bool = False) -> AsyncIterator[None]:
    payment = await _payment(bench)
    yield
    dispute = disputes.start(bench.fake.platform, payment["latest_charge"])
    yield
    bench.close_dispute(dispute["id"], won=won)
    yield


async def won_dispute(bench: Bench) -> AsyncIterator[None]:
    async for _ in lost_dispute(bench, won=True):
        yield


async def warning(bench: Bench) -> AsyncIterator[None]:
    payment = await _payment(bench)
    yield
    disputes.warn(bench.fake.platform, payment["latest_charge"])
    yield


async def onboarding(bench: Bench) -> AsyncIterator[None]:
    account = await bench.payee(bench.advertiser)
    for status in ("restricted", "active"):
        accounts.onboard(bench.fake.platform, account, status=status)
        yield


async def bank_payout(bench: Bench, *, paid: bool = True) -> AsyncIterator[None]:
    await bench.payee(bench.advertiser)
    bench.deposit(100)
    await bench.earned(60, bench.advertiser)
    await bench.till.pay_publishers()
    yield
    payouts.arrive(bench.fake.platform, bench.made("payout")[-1]["id"], paid=paid)
    yield


async def bank_payout_that_comes_back(bench: Bench) -> AsyncIterator[None]:
    async for _ in bank_payout(bench, paid=False):
        yield


async def a_whole_life(bench: Bench) -> AsyncIterator[None]:
    """A payment, a refund of part of it, clicks, a dispute of the rest that is won in the end."""
    payment = await _payment(bench)
    yield
    await bench.desk.follow("payment", payment["id"])
    await bench.refund(30)
    yield
    await bench.spend(20)
    dispute = disputes.start(bench.fake.platform, payment["latest_charge"])
    yield
    bench.close_dispute(dispute["id"], won=True)
    yield


FLOWS: dict[str, Flow] = {
    flow.__name__: flow
    for flow in (
        top_up,
        delayed_top_up,
        delayed_top_up_that_fails,
        saved_card,
        recharge,
        recharge_that_is_confirmed,
        refund,
        refund_that_comes_back,
        lost_dispute,
        won_dispute,
        warning,
        onboarding,
        bank_payout,
        bank_payout_that_comes_back,
        a_whole_life,
    )
}

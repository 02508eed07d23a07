"""Kill us around a write to Stripe, at each point, and start again: one object for each operation.

    planned │ marked as sent │ asked and done │ settling, not committed │ settled │ looking up

`Killed` is no Exception, so nothing catches it: what a kill leaves is what was committed.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from advertiser_portal.billing import payouts, recharge
from advertiser_portal.billing.gateway import Operation
from advertiser_portal.billing.operations import Operations, plan
from advertiser_portal.billing.tables import BillingCustomer
from ledger.rows import insert_missing
from ledger.tables import rows_of
from tests.advertiser_portal.billing.till_world import Bench

POINTS = ("planned", "sent", "done", "settling", "settled", "looking")


class Killed(BaseException):
    """Stands for kill -9: nothing may catch it."""


class DyingGateway:
    """Dies before or after the processor did its work, or while it looks for it; each once."""

    def __init__(self, inner: Any, point: str) -> None:
        self._inner, self._point = inner, point

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    async def perform(self, operation: Operation) -> Any:
        self._die_at("sent")
        done = await self._inner.perform(operation)
        # Whoever is to die looking must first have a reason to look.
        self._die_at("done", then="")
        self._die_at("looking", then="looking up")
        return done

    async def look_up(self, operation: Operation) -> Any:
        found = await self._inner.look_up(operation)
        self._die_at("looking up")
        return found

    def _die_at(self, point: str, then: str = "") -> None:
        if self._point == point:
            self._point = then
            raise Killed


def dying(bench: Bench, point: str) -> Operations:
    """The till's operations, which die at `point`."""
    operations = bench.till.operations
    operations._gateway = DyingGateway(bench.till.gateway, point)
    settle = dict(operations._settle)
    alive = [point != "settling"]

    def mortal(kind: str) -> Callable[..., Awaitable[None]]:
        async def run(tx: Any, ended: Any) -> None:
            if kind in settle:
                await settle[kind](tx, ended)
            if not alive[0]:
                alive[0] = True
                raise Killed

        return run

    operations._settle = {kind: mortal(kind) for kind in KINDS}
    return operations


@dataclass
class Planned:
    """An operation and which of the stand-in's objects it makes."""

    operation: str
    makes: str


async def customer(bench: Bench) -> Planned:
    now = bench.clock.now()
    async with bench.database.writing() as tx:
        row = {"advertiser_id": bench.advertiser, "created_at": now}
        await insert_missing(tx, rows_of(BillingCustomer), [row])
        params = {"email": f"{bench.advertiser}@shoes.example", "name": "Shoes"}
        operation = await plan(tx, "customer", bench.advertiser, params, clock=bench.clock)
    return Planned(operation, "customer")


async def checkout(bench: Bench) -> Planned:
    return Planned(await bench.plan_top_up(100), "checkout.session")


async def save_card(bench: Bench) -> Planned:
    params = {
        "customer": await bench.customer(),
        "success_url": "https://a",
        "cancel_url": "https://b",
    }
    async with bench.database.writing() as tx:
        operation = await plan(tx, "save_card", bench.advertiser, params, clock=bench.clock)
    return Planned(operation, "checkout.session")


async def charge(bench: Bench) -> Planned:
    await bench.pay(10, save_card=True)
    await bench.set_recharge(20, 50, 100)
    planned = await recharge.plan_due(bench.database, clock=bench.clock)
    return Planned(planned[0], "payment_intent")


async def refund(bench: Bench) -> Planned:
    from advertiser_portal.billing import refunds

    await bench.pay(100)
    async with bench.database.writing() as tx:
        planned = await refunds.plan_refund(tx, bench.advertiser, None, clock=bench.clock)
    return Planned(planned[0], "refund")


async def payee(bench: Bench) -> Planned:
    async with bench.database.writing() as tx:
        operation = await payouts.plan_payee(
            tx, bench.advertiser, email="a@b.example", name="A", clock=bench.clock
        )
    return Planned(str(operation), "v2.core.account")


async def transfer(bench: Bench) -> Planned:
    await bench.payee(bench.advertiser)
    bench.deposit(100)
    await bench.earned(60, bench.advertiser)
    planned = await payouts.plan_payouts(bench.database, clock=bench.clock)
    return Planned(planned[0], "transfer")


async def bank_payout(bench: Bench) -> Planned:
    from advertiser_portal.billing import bank_payouts

    sent = await transfer(bench)
    await bench.till.operations.perform(sent.operation)
    planned = await bank_payouts.plan_bank_payouts(
        bench.database, bench.till.gateway, clock=bench.clock
    )
    return Planned(planned[0], "payout")


async def onboarding(bench: Bench) -> Planned:
    account = await bench.payee(bench.advertiser)
    urls = {"refresh_url": "https://a.example", "return_url": "https://b.example"}
    async with bench.database.writing() as tx:
        params = {"account": account} | urls
        operation = await plan(tx, "onboarding", bench.advertiser, params, clock=bench.clock)
    return Planned(operation, "")


KINDS: dict[str, Callable[[Bench], Awaitable[Planned]]] = {
    "customer": customer,
    "checkout": checkout,
    "save_card": save_card,
    "recharge": charge,
    "refund": refund,
    "payee": payee,
    "onboarding": onboarding,
    "transfer": transfer,
    "bank_payout": bank_payout,
}


async def killed_and_resumed(bench: Bench, kind: str, point: str, **later: float) -> str | None:
    """Kill an operation at `point`, start again after a while; says what is wrong, if anything."""
    bench.trial += 1
    bench.advertiser = f"adv_{kind}{bench.trial}"
    planned = await KINDS[kind](bench)
    before = (bench.till.operations._gateway, bench.till.operations._settle)
    operations = dying(bench, point)
    if point != "planned":
        await _until_killed(operations.perform(planned.operation))
    bench.later(**later)
    await _until_killed(operations.resume())
    await operations.resume()
    bench.till.operations._gateway, bench.till.operations._settle = before
    row = await bench.operation(planned.operation)
    made = [
        thing
        for thing in (bench.made(planned.makes) if planned.makes else [])
        if thing["metadata"].get("operation_id") == planned.operation
    ]
    wanted = 1 if planned.makes else 0
    if row.state == "succeeded" and len(made) == wanted:
        return None
    return f"{kind} killed when {point}: {row.state}, {len(made)} made"


async def _until_killed(work: Awaitable[Any]) -> None:
    try:
        await work
    except Killed:
        return

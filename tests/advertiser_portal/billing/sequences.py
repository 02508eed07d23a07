"""Every sequence of what can happen to a payment: after each act Stripe has what the ledger says.

    part    refund 20 of what is unspent          rest      refund all that is unspent
    dispute the cardholder disputes the payment   won, lost the bank decides
    warned  the card network warns of a dispute

Sequences are walked as a tree: each act is tried where its forerunners have led, and the next one
begins at the same moment again. An act that is refused must leave everything as it was; then the
sequence is the same as the one without it, which is walked by itself, and its branch ends there.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from fakestripe.errors import Refusal
from fakestripe.resources import disputes
from kernel.errors import TollfreeError
from ledger.balances import balances
from ledger.verify import verify
from tests.advertiser_portal.billing.rewinding import back_to, moment_of
from tests.advertiser_portal.billing.till_world import Bench

ACTS = ("part", "rest", "dispute", "won", "lost", "warned")
_PAID = 100
_BOOKS = ("tax_payable", "refunds_in_flight", "stripe_clearing", "suspense", "dispute_fees")


@dataclass
class Walked:
    """`sequences` are all up to the length, `walked` the acts that it took to try them."""

    sequences: int = 0
    walked: int = 0
    looks: int = 0
    disagree: int = 0
    refusals_that_moved: int = 0


async def walk(
    bench: Bench, *, depth: int, spent: Sequence[int] = (0, 50, 100), acts: Sequence[str] = ACTS
) -> Walked:
    """Walk every sequence up to `depth`, with nothing, half or all of the payment spent."""
    told = Walked(sequences=len(spent) * sum(len(acts) ** length for length in range(1, depth + 1)))
    start = moment_of(bench)
    for units in spent:
        back_to(bench, start)
        payment = await bench.pay(_PAID, tax=True)
        if units:
            await bench.spend(units)
        await _go_on(bench, payment, depth, acts, told)
    return told


async def _go_on(bench: Bench, payment: str, depth: int, acts: Sequence[str], told: Walked) -> None:
    """Try every act here, and after each that did something go on from there."""
    here, before = moment_of(bench), await _books(bench)
    for act in acts:
        told.walked += 1
        if await _act(bench, act, payment):
            told.looks += 1
            told.disagree += not await _agrees(bench)
            if depth > 1:
                await _go_on(bench, payment, depth - 1, acts, told)
        else:
            told.refusals_that_moved += await _books(bench) != before
        back_to(bench, here)


async def _act(bench: Bench, act: str, payment: str) -> bool:
    """Do one act and hear of it; False when it is not possible now."""
    try:
        done = await _do(bench, act, payment)
    except (TollfreeError, Refusal):
        done = False
    await bench.hear()
    if act == "warned" and done:
        bench.later(minutes=1)
        await bench.till.operations.resume()
        await bench.hear()
    return done


async def _do(bench: Bench, act: str, payment: str) -> bool:
    charge = bench.charge_of(payment)
    if act in {"part", "rest"}:
        return bool(await bench.refund(20 if act == "part" else None))
    if act == "dispute":
        return bool(bench.open_dispute(payment))
    if act == "warned":
        warned = disputes.warn(bench.fake.platform, charge)
        first = next(iter(_warnings(bench, charge))) is warned
        return bool(warned["actionable"]) and first
    open_ones = [one for one in bench.made("dispute") if one["charge"] == charge]
    if not open_ones:
        return False
    bench.close_dispute(open_ones[0]["id"], won=act == "won")
    return True


def _warnings(bench: Bench, charge: str) -> Iterator[dict[str, Any]]:
    made = bench.made("radar.early_fraud_warning")
    return (one for one in made if one["charge"] == charge)


async def _agrees(bench: Bench) -> bool:
    result = await bench.reconciler.run(window=timedelta(0))
    async with bench.database.reading() as session:
        return result.is_clean and await verify(session) == []


async def _books(bench: Bench) -> list[Any]:
    own = bench.advertiser
    codes = [*_BOOKS, f"adv:{own}:cash", f"adv:{own}:receivable"]
    async with bench.database.reading() as session:
        found = await balances(session, codes)
    return [found[code].posted for code in codes]

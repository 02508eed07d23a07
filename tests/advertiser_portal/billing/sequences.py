"""Every sequence of what can happen to a payment: after each act Stripe has what the ledger says.

    part    refund 20 of what is unspent          rest      refund all that is unspent
    dispute the cardholder disputes the payment   won, lost the bank decides
    warned  the card network warns of a dispute

Sequences are walked as a tree. An act that is refused must leave everything as it was; then the
sequence is the same as the one without it, which is walked by itself, and its branch ends there.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from fakestripe.errors import Refusal
from fakestripe.resources import disputes
from kernel.errors import TollfreeError
from kernel.money import ZERO
from ledger.balances import balances
from ledger.verify import verify
from tests.advertiser_portal.billing.till_world import Bench

ACTS = ("part", "rest", "dispute", "won", "lost", "warned")
_PAID = 100
_BOOKS = ("tax_payable", "refunds_in_flight", "stripe_clearing", "suspense", "dispute_fees")


@dataclass
class Walked:
    """`sequences` are all up to the length, `walked` the stories that it took to try them."""

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
    for units in spent:
        open_ends: list[tuple[str, ...]] = [()]
        while open_ends:
            start = open_ends.pop()
            possible = await _possible(bench, start, acts, units, told=told)
            if len(start) + 1 < depth:
                open_ends += [(*start, act) for act in possible]
    async with bench.database.reading() as session:
        told.disagree += len(await verify(session))
    return told


async def _possible(
    bench: Bench, start: tuple[str, ...], acts: Sequence[str], units: int, *, told: Walked
) -> list[str]:
    """Try every act after `start`; those that did something.

    A refused act leaves all as it was, so the next is tried at once; after one that did something
    the story begins anew.
    """
    left, possible = list(acts), []
    while left:
        told.walked += 1
        payment = await _begin(bench, start, units)
        before = await _books(bench)
        while left:
            act = left.pop(0)
            if await _act(bench, act, payment):
                told.looks += 1
                told.disagree += not await _agrees(bench)
                possible.append(act)
                break
            told.refusals_that_moved += await _books(bench) != before
    return possible


async def _begin(bench: Bench, start: tuple[str, ...], units: int) -> str:
    """A fresh advertiser who has paid, spent and lived through `start`; returns the payment."""
    bench.trial += 1
    bench.advertiser = f"adv_seq{bench.trial}u{units}"
    # Each run by itself in the window of the reconciliation, and in the list of events.
    await bench.reconciler.run(window=timedelta(0))
    bench.later(days=40)
    bench.fake.platform.objects.forget("event")
    bench.heard = 0
    payment = await bench.pay(_PAID, tax=True)
    if units:
        await bench.spend(units)
    for act in start:
        await _act(bench, act, payment)
    return payment


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
    return result.difference == ZERO and result.suspense == ZERO


async def _books(bench: Bench) -> list[Any]:
    own = bench.advertiser
    codes = [*_BOOKS, f"adv:{own}:cash", f"adv:{own}:receivable"]
    async with bench.database.reading() as session:
        found = await balances(session, codes)
    return [found[code].posted for code in codes]

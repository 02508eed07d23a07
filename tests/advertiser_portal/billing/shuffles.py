"""Tell us of the same events in every order, doubled, dropped and early: one state in the end.

A trial is one flow on a fresh advertiser of shared books. Whatever was dropped is replayed at the
end, as the processor's list of undelivered events allows. Afterwards we look at everything that an
event may change.
"""

import itertools
import math
import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from advertiser_portal.billing.events import about, receive
from advertiser_portal.billing.gateway import Notice
from advertiser_portal.billing.payout_tables import Payout, PublisherPayee
from advertiser_portal.billing.tables import (
    AutoRecharge,
    BillingCustomer,
    DisputeRow,
    FraudWarning,
    RefundRow,
    StripeEvent,
    StripeOperation,
    TopUp,
)
from ledger.balances import balances
from tests.advertiser_portal.billing.flows import Flow
from tests.advertiser_portal.billing.till_world import Bench

_ALL_ORDERS_UP_TO = 6
_COPIES = (1, 1, 1, 2, 3)
_DROPPED = 0.1
_SHARED = ("tax_payable", "refunds_in_flight", "stripe_clearing")

State = tuple[Any, ...]


@dataclass
class Told:
    """How one trial went."""

    trials: int = 0
    events: int = 0
    other_ends: int = 0


async def every_order(bench: Bench, flow: Flow, *, shuffles: int, seed: int = 7) -> Told:
    """All permutations of up to six events, or `shuffles` random ones; then early and in between.

    A short form gives fewer `shuffles` than there are permutations and gets a sample of them.
    """
    # Enough to pay every refund at once: how much is there must not depend on the trial.
    bench.deposit(10_000)
    chance, told = random.Random(f"{seed}{flow.__name__}"), Told()
    expected, count = await _trial(bench, flow, _in_order)
    for order in _orders(count, shuffles, chance):
        await _again(bench, flow, _After(order, chance), expected, told)
    for _ in range(max(1, min(shuffles // 20, 40))):
        await _again(bench, flow, _Between(chance), expected, told)
    return told


def _orders(count: int, shuffles: int, chance: random.Random) -> Iterator[Sequence[int]]:
    if count <= _ALL_ORDERS_UP_TO and math.factorial(count) <= shuffles:
        yield from itertools.permutations(range(count))
        return
    for _ in range(shuffles):
        yield chance.sample(range(count), count)


async def _again(bench: Bench, flow: Flow, telling: Any, expected: State, told: Told) -> None:
    state, count = await _trial(bench, flow, telling)
    told.trials += 1
    told.events += count
    told.other_ends += state != expected


async def _trial(bench: Bench, flow: Flow, telling: Any) -> tuple[State, int]:
    bench.trial += 1
    bench.advertiser = f"adv_trial{bench.trial}"
    before = await _shared(bench)
    bench.fake.platform.objects.forget("event")
    bench.heard = 0
    async for _ in flow(bench):
        await _tell(bench, telling.now(_notices(bench)))
    notices = _notices(bench)
    await _tell(bench, telling.at_last(notices))
    await _to_rest(bench)
    return await _state(bench, before), len(notices)


def _notices(bench: Bench) -> list[Notice]:
    made = bench.made("event")
    found = [Notice(one["id"], one["type"], one["data"]["object"]["id"]) for one in made]
    return [notice for notice in found if about(notice.type) is not None]


class _InOrder:
    """Nothing doubled, nothing dropped, each as it happens."""

    def now(self, notices: list[Notice]) -> Iterable[Notice]:
        return notices

    at_last = now


_in_order = _InOrder()


class _After:
    """Nothing until all has happened; then in this order, doubled and dropped by chance."""

    def __init__(self, order: Sequence[int], chance: random.Random) -> None:
        self._order, self._chance = order, chance

    def now(self, _notices: list[Notice]) -> Iterable[Notice]:
        return ()

    def at_last(self, notices: list[Notice]) -> Iterable[Notice]:
        return _with_trouble([notices[place] for place in self._order], self._chance)


class _Between:
    """Some of it at once, the rest whenever."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance

    def now(self, notices: list[Notice]) -> Iterable[Notice]:
        some = [notice for notice in notices if self._chance.random() < 0.5]
        self._chance.shuffle(some)
        return some

    def at_last(self, notices: list[Notice]) -> Iterable[Notice]:
        return _with_trouble(self._chance.sample(notices, len(notices)), self._chance)


def _with_trouble(order: list[Notice], chance: random.Random) -> list[Notice]:
    """Each event up to three times, copies under ids of their own; some only after a replay."""
    came: list[Notice] = []
    dropped: list[Notice] = []
    for notice in order:
        if chance.random() < _DROPPED:
            dropped.append(notice)
            continue
        copies = range(chance.choice(_COPIES))
        came += [Notice(f"{notice.id}x{copy}", notice.type, notice.object_id) for copy in copies]
    return came + dropped


async def _tell(bench: Bench, notices: Iterable[Notice]) -> None:
    told = list(notices)
    if told:
        await receive(bench.database, *told, clock=bench.clock)
        await bench.desk.drain()


async def _to_rest(bench: Bench) -> None:
    """Whatever waits for its cause gets its turn, and what was planned is done."""
    for _ in range(3):
        bench.clock.advance(hours=2)
        await bench.desk.drain()
        if await bench.till.operations.resume():
            await _tell(bench, _notices(bench))


async def _shared(bench: Bench) -> list[int]:
    async with bench.database.reading() as session:
        found = await balances(session, _SHARED)
    return [found[code].posted.amount for code in _SHARED]


async def _state(bench: Bench, before: list[int]) -> State:
    """Everything that an event may change for this advertiser, without ids and times."""
    own = bench.advertiser
    codes = [f"adv:{own}:cash", f"adv:{own}:receivable", f"pub:{own}:payable"]
    looks: list[sa.Select[Any]] = [
        sa.select(TopUp.net, TopUp.tax, TopUp.automatic).where(TopUp.advertiser_id == own),
        sa.select(RefundRow.state, RefundRow.cash).where(RefundRow.advertiser_id == own),
        sa.select(DisputeRow.status, DisputeRow.withdrawn, DisputeRow.reinstated).where(
            DisputeRow.advertiser_id == own
        ),
        sa.select(BillingCustomer.card_last4).where(BillingCustomer.advertiser_id == own),
        sa.select(AutoRecharge.enabled, AutoRecharge.failures).where(
            AutoRecharge.advertiser_id == own
        ),
        sa.select(StripeOperation.kind, StripeOperation.outcome)
        .where(StripeOperation.owner_id == own)
        .order_by(StripeOperation.id),
        sa.select(FraudWarning.advertiser_id == own).where(FraudWarning.advertiser_id == own),
        sa.select(PublisherPayee.can_receive).where(PublisherPayee.publisher_id == own),
        sa.select(Payout.state, Payout.bank_state).where(Payout.publisher_id == own),
        sa.select(sa.func.count()).where(StripeEvent.handled_at.is_(None)),
    ]
    async with bench.database.reading() as session:
        found = await balances(session, codes)
        rows = [tuple(map(tuple, (await session.execute(look)).all())) for look in looks]
    shared = await _shared(bench)
    moved = [after - first for after, first in zip(shared, before, strict=True)]
    return (*[found[code].posted for code in codes], *moved, *rows)

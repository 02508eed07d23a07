"""Tell us of the same events in every order, doubled, dropped and early: one state in the end.

A flow happens once at the processor, and then again and again we hear of it in another order, in
parts of chance; or we hear some of it while it happens. Whatever was dropped is replayed at the end,
as the processor's list of undelivered events allows. Afterwards we look at all that an event may
change: every account of the ledger, and every row of the till.
"""

import itertools
import math
import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from advertiser_portal.billing.events import about, receive
from advertiser_portal.billing.gateway import Notice
from tests.advertiser_portal.billing.flows import Flow
from tests.advertiser_portal.billing.rewinding import back_to, moment_of
from tests.advertiser_portal.billing.till_world import Bench

_ALL_ORDERS_UP_TO = 6
_BETWEEN = 40
_COPIES = (1, 1, 1, 2, 3)
_AT_ONCE = (1, 1, 2, 3, 100)
_DROPPED = 0.1
_ROUNDS = 5

# Without ids and times, which differ from trial to trial.
_LOOKS = (
    "SELECT net, tax, automatic FROM billing_top_up ORDER BY 1, 2, 3",
    "SELECT state, cash, tax FROM billing_refund ORDER BY 1, 2, 3",
    "SELECT status, amount, withdrawn, reinstated FROM billing_dispute ORDER BY 1, 2, 3, 4",
    "SELECT advertiser_id, card_last4 FROM billing_customer ORDER BY 1",
    "SELECT advertiser_id, enabled, failures, last_error, month_planned FROM billing_auto_recharge",
    "SELECT kind, state, outcome FROM stripe_operation ORDER BY kind, params, state, outcome",
    "SELECT advertiser_id FROM billing_fraud_warning",
    "SELECT publisher_id, can_receive FROM billing_payee ORDER BY 1",
    "SELECT publisher_id, state, bank_state, bank_error FROM billing_payout ORDER BY 1, 2, 3",
    "SELECT series, last FROM billing_paper_series ORDER BY 1",
    "SELECT count(*) FROM stripe_event WHERE handled_at IS NULL",
    (
        "SELECT code, sum(moved) FROM ("
        " SELECT code, debits_posted - credits_posted AS moved FROM ledger_account UNION ALL"
        " SELECT code, debits - credits FROM ledger_unsettled"
        " JOIN ledger_account ON ledger_account.id = account_id"
        ") GROUP BY code HAVING sum(moved) <> 0 ORDER BY code"
    ),
    (
        "SELECT code, debits_pending, credits_pending FROM ledger_account"
        " WHERE debits_pending <> 0 OR credits_pending <> 0 ORDER BY code"
    ),
)
_WAITING = (
    "SELECT EXISTS (SELECT 1 FROM stripe_event WHERE handled_at IS NULL)"
    " OR EXISTS (SELECT 1 FROM stripe_operation WHERE state IN ('planned', 'sent', 'unknown'))"
)

State = tuple[Any, ...]


@dataclass
class Told:
    """How the trials of one flow went."""

    trials: int = 0
    events: int = 0
    other_ends: int = 0


async def every_order(bench: Bench, flow: Flow, *, shuffles: int, seed: int = 7) -> Told:
    """All permutations of up to six events, or `shuffles` random ones; then early and in between.

    Few permutations are gone through again with other trouble, until a tenth of `shuffles` is done.
    A short form gives fewer `shuffles` than there are permutations and gets a sample of them.
    """
    # Enough to pay every refund at once: how much is there must not depend on the trial.
    bench.deposit(10_000)
    chance, told, start = random.Random(f"{seed}{flow.__name__}"), Told(), moment_of(bench)
    expected, count = await _as_it_happens(bench, flow, lambda notices: notices)
    back_to(bench, start)
    async for _ in flow(bench):
        pass
    notices, happened = _notices(bench), moment_of(bench)
    for order in _orders(len(notices), shuffles, chance):
        back_to(bench, happened)
        await _tell_in_parts(bench, [notices[place] for place in order], chance)
        _count(told, await _end(bench) == expected, len(notices))
    for _ in range(max(1, min(shuffles // 20, _BETWEEN))):
        back_to(bench, start)
        state, count = await _as_it_happens(bench, flow, lambda all_: _some(all_, chance), chance)
        _count(told, state == expected, count)
    return told


def _count(told: Told, as_expected: bool, events: int) -> None:  # noqa: FBT001  a row of the count
    told.trials += 1
    told.events += events
    told.other_ends += not as_expected


def _orders(count: int, shuffles: int, chance: random.Random) -> Iterator[Sequence[int]]:
    if count <= _ALL_ORDERS_UP_TO and math.factorial(count) <= shuffles:
        for _ in range(max(1, shuffles // 10 // math.factorial(count))):
            yield from itertools.permutations(range(count))
        return
    for _ in range(shuffles):
        yield chance.sample(range(count), count)


async def _as_it_happens(
    bench: Bench, flow: Flow, heard: Any, chance: random.Random | None = None
) -> tuple[State, int]:
    """Hear what `heard` lets through after each act, and all of it at last."""
    bench.fake.platform.objects.forget("event")
    async for _ in flow(bench):
        await _tell(bench, heard(_notices(bench)))
    notices = _notices(bench)
    if chance is None:
        await _tell(bench, notices)
    else:
        await _tell_in_parts(bench, chance.sample(notices, len(notices)), chance)
    return await _end(bench), len(notices)


def _some(notices: list[Notice], chance: random.Random) -> list[Notice]:
    some = [notice for notice in notices if chance.random() < 0.5]
    chance.shuffle(some)
    return some


def _notices(bench: Bench) -> list[Notice]:
    made = bench.made("event")
    found = [Notice(one["id"], one["type"], one["data"]["object"]["id"]) for one in made]
    return [notice for notice in found if about(notice.type) is not None]


async def _tell_in_parts(bench: Bench, order: list[Notice], chance: random.Random) -> None:
    """Several at once or each by itself: those that come together need one look at their object."""
    told = _with_trouble(order, chance)
    while told:
        many = chance.choice(_AT_ONCE)
        await _tell(bench, told[:many])
        del told[:many]


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


async def _end(bench: Bench) -> State:
    """How it stands when whatever waits for its cause had its turn, and what was planned is done."""
    for _ in range(_ROUNDS):
        if not bench.database.look(_WAITING)[0][0]:
            break
        bench.clock.advance(hours=2)
        await bench.desk.drain()
        if await bench.till.operations.resume():
            await _tell(bench, _notices(bench))
    return tuple(tuple(bench.database.look(query)) for query in _LOOKS)

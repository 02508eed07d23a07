"""Each bug that somebody might write into the ledger is seen by one short story with known sums.

The story is told once without a bug, and then once with each of them: it must not come to its end.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from kernel.errors import Conflict
from kernel.money import BASIS_POINTS, Micros
from ledger import book, holds, journal, leases, limits, postings, settlement
from ledger.account import AD_REVENUE, accruing
from ledger.balances import Balance
from ledger.charging import Charge, LimitKey, Split, decide
from ledger.held_account import HeldAccount
from ledger.leases import Allowance
from ledger.postings import Leg, Posting
from ledger.rows import insert_rows
from ledger.settlement import settle
from ledger.tables import LedgerAccount, rows_of
from tests.ledger.books import Books
from tests.ledger.charges import a_charge

Seed = Callable[[pytest.MonkeyPatch], None]
_accounts = rows_of(LedgerAccount)


@pytest.fixture
def engine_kind() -> str:
    return "sqlite"


def require(said: object, wanted: object) -> None:
    assert said == wanted, (said, wanted)


async def story(books: Books) -> None:
    """A week of one advertiser; every sum of it is known beforehand."""
    await books.fund("adv_1", 1_000)
    tight, roomy = await books.allow("cmp_1", 600), await books.allow("cmp_2", 10_000)
    both = (roomy, tight)
    await _charges(books, both, roomy)
    await _leases(books, roomy)
    await books.post(postings.reversal(a_charge("k1", price=Micros(200)).posting(), "undo:k1"))
    await books.verified()
    require(await books.wallet(), Balance(Micros(267 - 100 - 150 + 200)))
    require(await books.left(tight), {tight: Micros(200)})


async def _charges(books: Books, both: tuple[LimitKey, ...], roomy: LimitKey) -> None:
    def asked(key: str, micros: int, limits_: tuple[LimitKey, ...], share: int = 7_000) -> Charge:
        return a_charge(key, price=Micros(micros), limits=limits_, split=Split("zero", share))

    batch = [asked("k1", 200, both), asked("k2", 200, both), asked("k3", 300, both)]
    told = await books.charge_many(*batch)
    require([type(one).__name__ for one in told], ["Charged", "Charged", "Refused"])
    (again,) = await books.charge_many(batch[0])
    require(not isinstance(again, Conflict) and again.repeated, True)
    (other,) = await books.charge_many(asked("k1", 1, both))
    require(type(other).__name__, "Conflict")
    poor, odd = await books.charge_many(asked("poor", 700, (roomy,)), asked("odd", 333, (roomy,)))
    require([type(poor).__name__, type(odd).__name__], ["Refused", "Charged"])
    await books.charge_many(asked("third", 100, (roomy,), share=2_900))
    for _ in range(2):
        async with books.database.writing() as tx:
            await settle(tx, clock=books.clock)
    require(await books.posted(accruing("zero")), 140 + 140 + 233 + 29)
    require(await books.posted(AD_REVENUE), 60 + 60 + 100 + 71)
    require((await books.wallet()).available, Micros(267 - 100))
    await books.verified()


async def _leases(books: Books, roomy: LimitKey) -> None:
    first = await _taken(books, "lse_1", roomy, 160)
    await books.verified()
    require((await books.wallet()).available, Micros(7))
    allowance = Allowance(first, books.clock)
    require([allowance.spend(Micros(150)), allowance.spend(Micros(11))], [True, False])
    for _ in range(2):
        await _report(books, first, 150)
    late = await _taken(books, "lse_2", roomy, 10)
    books.clock.advance(seconds=16)
    try:
        await _report(books, late, 10)
    except Conflict:
        async with books.database.writing() as tx:
            await holds.expire(tx, clock=books.clock)
    else:
        raise AssertionError("A report was taken after its time.")
    require(await books.wallet(), Balance(Micros(17)))


async def _taken(books: Books, name: str, key: LimitKey, micros: int) -> leases.Lease:
    async with books.database.writing() as tx:
        taken = await leases.take(
            tx,
            name,
            campaign_id="cmp_2",
            payer="adv_1",
            limit_keys=[key],
            slice_=Micros(micros),
            least=Micros(1),
            lives=timedelta(seconds=15),
            clock=books.clock,
        )
    assert isinstance(taken, leases.Lease)
    return taken


async def _report(books: Books, lease: leases.Lease, micros: int) -> None:
    async with books.database.writing() as tx:
        spent = {"zero": (Micros(micros), Micros(micros).share(7_000))}
        await leases.report(tx, lease, spent, clock=books.clock)


def _replaced(owner: Any, name: str, wrong: Any) -> Seed:
    return lambda patch: patch.setattr(owner, name, wrong)


async def _nothing(*_given: Any, **_more: Any) -> None:
    return


async def _forgotten(*_given: Any, **_more: Any) -> dict[str, Any]:
    return {}


def _with_full_purses(charges: Any, purses: Any, left: Any) -> Any:
    full = {payer: dict.fromkeys(pockets, Micros(10**9)) for payer, pockets in purses.items()}
    return decide(charges, full, left)


def _with_wide_limits(charges: Any, purses: Any, left: Any) -> Any:
    return decide(charges, purses, dict.fromkeys(left, Micros(10**9)))


async def _draw_one(tx: Any, amounts: Any, draw: Any = limits.draw) -> None:
    await draw(tx, dict(sorted(amounts.items())[:1]))


def _settling(times: int) -> sa.Update:
    amount = {name: sa.bindparam(name, type_=sa.BigInteger) for name in ("debits", "credits")}
    return (
        sa.update(_accounts)
        .where(_accounts.c.id == sa.bindparam("account"))
        .values(
            debits_posted=_accounts.c.debits_posted + amount["debits"] * times,
            credits_posted=_accounts.c.credits_posted + amount["credits"] * times,
            version=_accounts.c.version + sa.bindparam("entries", type_=sa.BigInteger),
        )
    )


async def _never_over(tx: Any, group_id: int, take: Any = holds._take) -> Any:
    found = await take(tx, group_id)
    return None if found is None else found + timedelta(days=1)


async def _always_open(_tx: Any, _group_id: int) -> Any:
    return datetime(2030, 1, 1, tzinfo=UTC)


def _same_way(of: Posting, key: str) -> Posting:
    return Posting("reversal", key, of.ref_type, of.ref_id, of.legs)


def _reserves_nothing(self: HeldAccount, leg: Leg) -> None:
    self._pend(leg, 0)


def _deferred_twice(
    self: HeldAccount, side: str, amount: int, defer: Any = HeldAccount._defer
) -> None:
    defer(self, side, 2 * amount)


async def _half_the_entries(tx: Any, table: Any, rows: Any) -> None:
    await insert_rows(tx, table, rows[::2])


BUGS: dict[str, Seed] = {
    "a limit is not looked at": _replaced(journal, "decide", _with_wide_limits),
    "a wallet is not looked at": _replaced(journal, "decide", _with_full_purses),
    "a limit is not drawn on": _replaced(limits, "draw", _nothing),
    "only one of two limits is drawn on": _replaced(limits, "draw", _draw_one),
    "a share is rounded up": _replaced(
        Micros, "share", lambda self, bp: Micros(-(-self.amount * bp // BASIS_POINTS))
    ),
    "a share is a float": _replaced(
        Micros, "share", lambda self, bp: Micros(int(self.amount * (bp / BASIS_POINTS)))
    ),
    "known keys are forgotten": _replaced(journal, "_known", _forgotten),
    "a key may come back with another price": _replaced(Charge, "digest", lambda _self: "same"),
    "settlement adds twice": _replaced(settlement, "_ADD", _settling(2)),
    "settlement takes and adds nothing": _replaced(settlement, "_ADD", _settling(0)),
    "a hold can end twice": _replaced(holds, "_take", _always_open),
    "a hold has no end": _replaced(holds, "_take", _never_over),
    "a lease is not counted under its limit": _replaced(limits, "begin_lease", _nothing),
    "a holder forgets what it spent": _replaced(Allowance, "spend", lambda _self, _price: True),
    "what is held can be spent": _replaced(HeldAccount, "reserve", _reserves_nothing),
    "what is deferred is counted twice": _replaced(HeldAccount, "_defer", _deferred_twice),
    "a reversal goes the same way again": _replaced(postings, "reversal", _same_way),
    "every second entry is lost": _replaced(book, "insert_rows", _half_the_entries),
}


async def test_the_story_comes_to_its_end_without_a_bug(books: Books) -> None:
    await story(books)


@pytest.mark.parametrize("bug", BUGS)
async def test_a_seeded_bug_is_caught(
    bug: str, books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    BUGS[bug](monkeypatch)
    caught = None

    try:
        await story(books)
    except Exception as problem:  # noqa: BLE001  however it is seen, it is seen
        caught = problem

    assert caught is not None

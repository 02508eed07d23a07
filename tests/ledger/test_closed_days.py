"""Days are closed once, join without a gap, and cannot be rewritten unnoticed."""

from datetime import date

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from kernel.clock import FrozenClock
from kernel.database import Database
from ledger.account import cash
from ledger.append_only import APPEND_ONLY
from ledger.closed_days import close_days
from ledger.tables import LedgerAccount, LedgerDay, LedgerSeal
from ledger.verify import verify
from tests.ledger.books import Books
from tests.ledger.charges import a_charge

LATE_BOOKING = (
    "INSERT INTO ledger_group (idempotency_key, request_hash, kind, ref_type, ref_id,"
    " effective_at, created_at) SELECT 'late', request_hash, kind, ref_type, 'dec_7',"
    " effective_at, created_at FROM ledger_group WHERE ref_id = 'dec_1'"
)


@pytest.fixture
async def closed(database: Database, clock: FrozenClock, books: Books) -> Database:
    """Three days with charges, one without, and a fifth that is not over."""
    await books.fund("adv_1", 5_000_000)
    for number, hours in enumerate((1, 20, 30, 48)):
        await books.charge(a_charge(f"click:{number}", ref=f"dec_{number}"))
        clock.advance(hours=hours)
    await books.charge(a_charge("click:9", ref="dec_9"))
    assert await close_days(database, clock) == 4
    assert await close_days(database, clock) == 0
    return database


async def test_statements_join_and_the_books_hold(closed: Database, books: Books) -> None:
    async with closed.reading() as session:
        rows = await session.execute(
            sa.select(LedgerDay.day, LedgerDay.opening_micros, LedgerDay.closing_micros)
            .join(LedgerAccount, LedgerAccount.id == LedgerDay.account_id)
            .where(LedgerAccount.code == cash("adv_1"))
            .order_by(LedgerDay.day)
        )
        said = [(row[0], row[1].amount, row[2].amount) for row in rows]
        seals = list(await session.scalars(sa.select(LedgerSeal).order_by(LedgerSeal.day)))

    assert said == [
        (date(2026, 11, 22), 0, 4_300_000),
        (date(2026, 11, 23), 4_300_000, 3_950_000),
        (date(2026, 11, 24), 3_950_000, 3_600_000),
    ]
    # A day on which nothing happened is a link of the chain too.
    assert [seal.groups for seal in seals] == [3, 1, 1, 0]
    assert [seal.previous for seal in seals[1:]] == [seal.digest for seal in seals[:-1]]
    await books.verified()


async def test_a_closed_day_cannot_be_changed(closed: Database) -> None:
    for statement in (
        "UPDATE ledger_seal SET digest = 'x'",
        "DELETE FROM ledger_day",
    ):
        with pytest.raises(DBAPIError, match="append-only"):
            async with closed.writing() as tx:
                await tx.execute(sa.text(statement))


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ("UPDATE ledger_group SET ref_id = 'dec_8' WHERE ref_id = 'dec_1'", "chain"),
        ("UPDATE ledger_seal SET groups = 4 WHERE groups = 3", "chain"),
        ("DELETE FROM ledger_seal WHERE day = '2026-11-23'", "chain"),
        (LATE_BOOKING, "chain"),
        ("UPDATE ledger_day SET closing_micros = closing_micros + 1", "statement"),
        ("UPDATE ledger_day SET debits_micros = debits_micros + 1", "statement"),
    ],
)
async def test_what_is_changed_by_hand_is_reported(
    change: str, rule: str, closed: Database
) -> None:
    tables = (*APPEND_ONLY, "ledger_day", "ledger_seal")
    async with closed.writing() as tx:
        for table in tables:
            drops = (
                [f"DROP TRIGGER {table}_no_{act}" for act in ("update", "delete")]
                if closed.is_sqlite
                else [f"DROP TRIGGER {table}_no_change ON {table}"]
            )
            for drop in drops:
                await tx.execute(sa.text(drop))
        await tx.execute(sa.text(change))

    async with closed.reading() as session:
        assert rule in {violation.rule for violation in await verify(session)}

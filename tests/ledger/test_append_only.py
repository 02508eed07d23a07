"""The past cannot be rewritten, by any way into the tables."""

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from kernel.clock import FrozenClock
from kernel.database import Base, Database
from kernel.money import Micros
from ledger import journal
from ledger.append_only import APPEND_ONLY, refuse_changes
from ledger.postings import top_up

Fund = Callable[[str, int], Awaitable[None]]

CHANGES = [
    "UPDATE ledger_group SET kind = 'charge'",
    "DELETE FROM ledger_group",
    "UPDATE ledger_entry SET amount = amount + 1",
    "DELETE FROM ledger_entry",
    "UPDATE ledger_resolution SET outcome = 'voided'",
    "DELETE FROM ledger_resolution",
]


@pytest.mark.parametrize("change", CHANGES)
async def test_a_change_of_the_past_is_refused(change: str, database: Database, fund: Fund) -> None:
    await fund("adv_1", 5)
    async with database.writing() as tx:
        # A resolution of the top-up stands in for one of a hold: the trigger asks for a row.
        await tx.execute(
            sa.text(
                "INSERT INTO ledger_resolution"
                " (pending_group_id, outcome, posted_amount, resolved_at)"
                " SELECT id, 'posted', 0, created_at FROM ledger_group"
            )
        )

    with pytest.raises(DBAPIError, match="append-only"):
        async with database.writing() as tx:
            await tx.execute(sa.text(change))


async def test_an_account_with_entries_cannot_be_removed(database: Database, fund: Fund) -> None:
    await fund("adv_1", 5)

    with pytest.raises(DBAPIError):
        async with database.writing() as tx:
            await tx.execute(sa.text("DELETE FROM ledger_account"))


async def test_a_wallet_below_zero_is_refused_by_the_table_itself(
    database: Database, fund: Fund
) -> None:
    await fund("adv_1", 5)

    with pytest.raises(DBAPIError, match="no_negative"):
        async with database.writing() as tx:
            await tx.execute(
                sa.text("UPDATE ledger_account SET debits_posted = 6 WHERE code = 'adv:adv_1:cash'")
            )


async def test_tables_made_without_a_migration_are_append_only_too(
    tmp_path: Path, clock: FrozenClock
) -> None:
    database = Database(f"sqlite:///{tmp_path / 'plain.db'}")
    tables = [table for name, table in Base.metadata.tables.items() if name.startswith("ledger_")]
    async with database.write_engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all, tables=tables)
    async with database.writing() as tx:
        await journal.post(tx, top_up("adv_1", Micros(5), "k"), clock=clock)

    for table in APPEND_ONLY[:2]:
        with pytest.raises(DBAPIError, match="append-only"):
            async with database.writing() as tx:
                await tx.execute(sa.text(f"DELETE FROM {table}"))
    await database.close()


def test_an_engine_without_triggers_is_named() -> None:
    with pytest.raises(ValueError, match="oracle"):
        refuse_changes("oracle", "ledger_entry")

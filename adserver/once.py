"""Rows that are written once, however often they are handed in.

`INSERT … ON CONFLICT DO NOTHING` in the dialect of the database at hand, so that of two writers with
the same key one row stands and neither fails. The first row wins; nothing is overwritten here.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from kernel.database import Base, WriteSession, insert_into


async def insert_once(tx: WriteSession, table: type[Base], row: Mapping[str, Any]) -> bool:
    """Insert the row unless it is there; says whether it was new."""
    key = sa.inspect(table).primary_key[0]
    written = await tx.execute(_insert(tx, table).returning(key), dict(row))
    return written.first() is not None


async def insert_each_once(
    tx: WriteSession, table: type[Base], rows: Sequence[Mapping[str, Any]]
) -> None:
    """Insert those of the rows that are not there yet; all name the same columns."""
    if rows:
        # One statement run for many rows by the driver: a long VALUES list takes longer to
        # compile than to write.
        await tx.execute(_insert(tx, table), [dict(row) for row in rows])


def _insert(tx: WriteSession, table: type[Base]) -> Any:
    rows = sa.inspect(table).local_table
    assert isinstance(rows, sa.Table)
    return insert_into(tx, rows).on_conflict_do_nothing()

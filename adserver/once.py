"""Rows that are written once, however often they are handed in.

`INSERT … ON CONFLICT DO NOTHING` in the dialect of the database at hand, so that of two writers with
the same key one row stands and neither fails. The first row wins; nothing is overwritten here.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from kernel.database import Base, WriteSession

# SQLite takes at most 32,766 bound values in a statement.
_MOST_VALUES = 30_000


async def insert_once(
    tx: WriteSession, table: type[Base], rows: Sequence[Mapping[str, Any]]
) -> int:
    """Insert the rows that are not there yet; returns how many were new."""
    if not rows:
        return 0
    insert = postgresql.insert if _is_postgresql(tx) else sqlite.insert
    per_statement = max(1, _MOST_VALUES // len(rows[0]))
    key = sa.inspect(table).primary_key[0]
    new = 0
    for start in range(0, len(rows), per_statement):
        part = [dict(row) for row in rows[start : start + per_statement]]
        written = await tx.execute(
            insert(table).values(part).on_conflict_do_nothing().returning(key)
        )
        new += len(written.all())
    return new


def _is_postgresql(tx: WriteSession) -> bool:
    return tx.get_bind().dialect.name == "postgresql"

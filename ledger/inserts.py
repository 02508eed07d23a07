"""Insert what is not there yet, on both engines.

SQLite and PostgreSQL spell ON CONFLICT DO NOTHING the same and SQLAlchemy keeps it in two modules.
This is the one place that chooses; callers learn which rows were theirs.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from kernel.database import WriteSession


async def insert_missing(
    tx: WriteSession, table: sa.Table, rows: Sequence[Mapping[str, Any]], *returning: str
) -> list[sa.Row[Any]]:
    """Insert `rows` unless a unique key says that they exist; returns those really made.

    Rows are inserted in the order given: two transactions that meet must come in the same order.
    The result has the columns `returning`, or the primary key.
    """
    if not rows:
        return []
    columns = [table.c[name] for name in returning] or list(table.primary_key)
    statement: Any
    match tx.get_bind().dialect.name:
        case "sqlite":
            statement = sqlite.insert(table).on_conflict_do_nothing().returning(*columns)
        case "postgresql":
            statement = postgresql.insert(table).on_conflict_do_nothing().returning(*columns)
        case other:
            raise ValueError(f"The ledger does not know the engine {other!r}.")
    made = await tx.execute(statement, list(rows))
    return list(made.all())

"""Many rows in one statement, on both engines.

SQLite runs a prepared statement per row inside one call; PostgreSQL takes each column as one array,
so that the statement is the same text for one row and for a thousand. This is the one place in the
ledger that knows which engine it speaks to.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.database import WriteSession

Row = Mapping[str, Any]


async def insert_rows(tx: WriteSession, table: sa.Table, rows: Sequence[Row]) -> None:
    """Insert `rows`, which all have the same columns."""
    if not rows:
        return
    if _is_postgres(tx):
        await tx.execute(_from_arrays(table, rows[0]), _arrays(rows))
    else:
        await tx.execute(sa.insert(table), list(rows))


async def insert_uniform(
    tx: WriteSession, table: sa.Table, columns: Mapping[str, Sequence[Any]], same: Row
) -> None:
    """Insert rows that differ in `columns` only; fast, for many thousands. A known key is an error."""
    if not len(next(iter(columns.values()))):
        return
    if _is_postgres(tx):
        names = [*columns, *same]
        insert = postgresql.insert(table).from_select(
            names,
            sa.select(
                *(_unnested(table.c[name]) for name in columns),
                *(
                    sa.cast(sa.literal(same[name], table.c[name].type), table.c[name].type)
                    for name in same
                ),
            ),
        )
        await tx.execute(insert, {f"all_{name}": list(values) for name, values in columns.items()})
        return
    rows = [
        dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)
    ]
    statement = sa.insert(table).values({name: sa.bindparam(name) for name in columns} | dict(same))
    await tx.execute(statement, rows)


async def insert_missing(
    tx: WriteSession, table: sa.Table, rows: Sequence[Row], *returning: str
) -> list[sa.Row[Any]]:
    """Insert `rows` unless a unique key says that they exist; returns those really made.

    Rows are inserted in the order given: two transactions that meet must come in the same order.
    The result has the columns `returning`, or the primary key.
    """
    if not rows:
        return []
    columns = [table.c[name] for name in returning] or list(table.primary_key)
    if _is_postgres(tx):
        insert = _from_arrays(table, rows[0]).on_conflict_do_nothing().returning(*columns)
        return list((await tx.execute(insert, _arrays(rows))).all())
    statement = sqlite.insert(table).on_conflict_do_nothing().returning(*columns)
    return list((await tx.execute(statement, list(rows))).all())


async def update_each(tx: WriteSession, guarded: sa.Update, rows: Sequence[Row]) -> bool:
    """Run an update once per row; True when every one of them found its row."""
    if not rows:
        return True
    result = cast("sa.CursorResult[Any]", await tx.execute(guarded, list(rows)))
    return result.rowcount == len(rows)


def is_among(session: AsyncSession, column: Any, values: Collection[Any]) -> sa.ColumnElement[bool]:
    """``column IN values``, as one variable where the engine has arrays."""
    if _is_postgres(session):
        array = sa.bindparam(None, list(values), type_=postgresql.ARRAY(column.type))
        return cast("sa.ColumnElement[bool]", column == sa.any_(array))
    return cast("sa.ColumnElement[bool]", column.in_(values))


def _is_postgres(session: AsyncSession) -> bool:
    return session.get_bind().dialect.name == "postgresql"


def _from_arrays(table: sa.Table, row: Row) -> postgresql.Insert:
    columns = [_unnested(table.c[name]) for name in row]
    return postgresql.insert(table).from_select(list(row), sa.select(*columns))


def _unnested(column: sa.Column[Any]) -> sa.ColumnElement[Any]:
    array = sa.bindparam(f"all_{column.name}", type_=postgresql.ARRAY(column.type))
    return sa.func.unnest(array)


def _arrays(rows: Sequence[Row]) -> dict[str, list[Any]]:
    return {f"all_{name}": [row[name] for row in rows] for name in rows[0]}

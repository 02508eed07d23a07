"""Many rows in one statement, on both engines.

SQLite runs a prepared statement per row inside one call; PostgreSQL takes each column as one value,
so that the statement is the same text for one row and for a thousand. The value is a joined text
that the server takes apart: the driver would quote each element of an array by itself, which
costs more than everything else about a row. This is the one place in the ledger that knows
which engine it speaks to.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final, cast

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.database import WriteSession, insert_into
from kernel.money import Micros

Row = Mapping[str, Any]

# Control characters for just this use; none of our ids, codes and keys can hold them.
_BETWEEN: Final = "\x1f"
_NOTHING: Final = "\x1e"
# A text without parts is no array of one empty text.
_EMPTY: Final = "\x1d"


async def insert_rows(tx: WriteSession, table: sa.Table, rows: Sequence[Row]) -> None:
    """Insert `rows`, which all have the same columns."""
    if not rows:
        return
    if is_postgres(tx):
        await tx.execute(_from_arrays(tx, table, rows[0]), _arrays(rows))
    else:
        await tx.execute(sa.insert(table), list(rows))


async def insert_uniform(
    tx: WriteSession, table: sa.Table, columns: Mapping[str, Sequence[Any]], same: Row
) -> None:
    """Insert rows that differ in `columns` only; fast, for many thousands. A known key is an error."""
    if not len(next(iter(columns.values()))):
        return
    if is_postgres(tx):
        names = [*columns, *same]
        insert = sa.insert(table).from_select(
            names,
            sa.select(
                *(_unnested(table.c[name]) for name in columns),
                *(
                    sa.cast(sa.literal(same[name], table.c[name].type), table.c[name].type)
                    for name in same
                ),
            ),
        )
        await tx.execute(insert, {f"all_{name}": joined(v) for name, v in columns.items()})
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
    if is_postgres(tx):
        insert = _from_arrays(tx, table, rows[0]).on_conflict_do_nothing().returning(*columns)
        return list((await tx.execute(insert, _arrays(rows))).all())
    statement = insert_into(tx, table).on_conflict_do_nothing().returning(*columns)
    return list((await tx.execute(statement, list(rows))).all())


async def update_each(tx: WriteSession, guarded: sa.Update, rows: Sequence[Row]) -> bool:
    """Run an update once per row; True when every one of them found its row."""
    if not rows:
        return True
    result = cast("sa.CursorResult[Any]", await tx.execute(guarded, list(rows)))
    return result.rowcount == len(rows)


def is_among(session: AsyncSession, column: Any, values: Collection[Any]) -> sa.ColumnElement[bool]:
    """``column IN values``, as one variable where the engine has arrays."""
    if is_postgres(session):
        given = sa.bindparam(None, joined(values), type_=sa.Text)
        return cast("sa.ColumnElement[bool]", column == sa.any_(_taken_apart(given, column.type)))
    return cast("sa.ColumnElement[bool]", column.in_(values))


def is_postgres(session: AsyncSession) -> bool:
    """Whether this session speaks to PostgreSQL."""
    return session.get_bind().dialect.name == "postgresql"


def _from_arrays(tx: WriteSession, table: sa.Table, row: Row) -> Any:
    columns = [_unnested(table.c[name]) for name in row]
    return insert_into(tx, table).from_select(list(row), sa.select(*columns))


def _unnested(column: sa.Column[Any]) -> sa.ColumnElement[Any]:
    return sa.func.unnest(
        _taken_apart(sa.bindparam(f"all_{column.name}", type_=sa.Text), column.type)
    )


def _taken_apart(joined: sa.BindParameter[Any], kind: Any) -> sa.ColumnElement[Any]:
    parts = sa.func.string_to_array(joined, _BETWEEN, _NOTHING)
    return sa.cast(sa.func.array_replace(parts, _EMPTY, ""), sa.ARRAY(kind))


def _arrays(rows: Sequence[Row]) -> dict[str, str]:
    return {f"all_{name}": joined([row[name] for row in rows]) for name in rows[0]}


def joined(values: Collection[Any]) -> str:
    """The values as one text. Raises ValueError for one that holds what stands between them."""
    texts = [_text(value) for value in values]
    text = _BETWEEN.join(texts)
    if texts and text.count(_BETWEEN) != len(texts) - 1:
        raise ValueError("A value holds the character that parts values.")
    return text


def taken_apart(parameter: str, kind: str) -> str:
    """The SQL that reads what `joined` wrote as an array of `kind`."""
    parts = f"string_to_array({parameter}, E'\\x1f', E'\\x1e')"
    return f"CAST(array_replace({parts}, E'\\x1d', '') AS {kind}[])"


def _text(value: Any) -> str:
    match value:
        case str():
            return value or _EMPTY
        case None:
            return _NOTHING
        case Micros():
            return str(value.amount)
        case date() if not isinstance(value, datetime):
            return value.isoformat()
        case datetime():
            if value.tzinfo is None:
                raise ValueError("Times are stored aware, in UTC.")
            return value.isoformat()
        case int():
            return str(value)
        case _:
            raise TypeError(f"{type(value).__name__} is not a value of a ledger's row.")

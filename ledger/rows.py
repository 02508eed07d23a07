"""Many rows in one statement, on both engines.

SQLite runs a prepared statement per row inside one call; PostgreSQL takes each column as one value,
so that the statement is the same text for one row and for a thousand. The value is a joined text
that the server takes apart: the driver would quote each element of an array by itself, which
costs more than everything else about a row. This is the one place in the ledger that knows
which engine it speaks to.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from functools import lru_cache
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
        await tx.execute(_from_arrays(table, tuple(rows[0])), _arrays(rows))
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
    if is_postgres(tx):
        insert = _missing_from_arrays(table, tuple(rows[0]), returning)
        return list((await tx.execute(insert, _arrays(rows))).all())
    insert = insert_into(tx, table)
    statement = insert.on_conflict_do_nothing().returning(*_told(table, returning))
    return list((await tx.execute(statement, list(rows))).all())


async def update_each(tx: WriteSession, guarded: sa.Update, rows: Sequence[Row]) -> bool:
    """Run an update once per row; True when every one of them found its row."""
    if not rows:
        return True
    result = cast("sa.CursorResult[Any]", await tx.execute(guarded, list(rows)))
    return result.rowcount == len(rows)


def among(
    session: AsyncSession, query: sa.Select[*tuple[Any, ...]], column: Any, values: Sequence[Any]
) -> tuple[sa.Select[*tuple[Any, ...]], dict[str, Any]]:
    """`query` for the rows whose `column` is one of `values`, and what to run it with.

    As `is_among`, for a query that is asked again and again: it is put together once.
    """
    on_postgres = is_postgres(session)
    asked = _among(query, column, on_postgres=on_postgres)
    return asked, {"among": joined(values) if on_postgres else list(values)}


@lru_cache(maxsize=64)
def _among(
    query: sa.Select[*tuple[Any, ...]], column: Any, *, on_postgres: bool
) -> sa.Select[*tuple[Any, ...]]:
    if not on_postgres:
        return query.where(column.in_(sa.bindparam("among", expanding=True)))
    given = sa.bindparam("among", type_=sa.Text)
    return query.where(column == sa.any_(_taken_apart(given, column.type)))


def is_among(session: AsyncSession, column: Any, values: Collection[Any]) -> sa.ColumnElement[bool]:
    """``column IN values``, as one variable where the engine has arrays."""
    if is_postgres(session):
        given = sa.bindparam(None, joined(values), type_=sa.Text)
        return cast("sa.ColumnElement[bool]", column == sa.any_(_taken_apart(given, column.type)))
    return cast("sa.ColumnElement[bool]", column.in_(values))


def is_postgres(session: AsyncSession) -> bool:
    """Whether this session speaks to PostgreSQL."""
    return session.get_bind().dialect.name == "postgresql"


# Kept: to build such a statement takes longer than to run it for a hundred rows.
@lru_cache(maxsize=256)
def _from_arrays(table: sa.Table, names: tuple[str, ...]) -> Any:
    from sqlalchemy.dialects import postgresql

    columns = [_unnested(table.c[name]) for name in names]
    return postgresql.insert(table).from_select(list(names), sa.select(*columns))


@lru_cache(maxsize=256)
def _missing_from_arrays(
    table: sa.Table, names: tuple[str, ...], returning: tuple[str, ...]
) -> Any:
    insert = _from_arrays(table, names).on_conflict_do_nothing()
    return insert.returning(*_told(table, returning))


def _told(table: sa.Table, returning: tuple[str, ...]) -> list[sa.Column[Any]]:
    return [table.c[name] for name in returning] or list(table.primary_key)


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
    # Numbers and plain texts are nearly all of it, and the general way takes thrice as long.
    texts = [
        str(value)
        if type(value) is int
        else (value if type(value) is str and value else _text(value))
        for value in values
    ]
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

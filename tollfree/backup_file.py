"""One file that holds a whole database, of either engine, and goes back into either.

    line 1      {"tollfree_backup": 1, "revision": "r15_…", "at": "…"}
    then        {"table": "ledger_group", "columns": […]}  and one line for each of its rows
    last line   {"rows": 12345, "sha256": "…"} over everything before it

Read in one transaction, so that all of it is of one moment. A file that is cut short or changed is
refused before anything is written, and so is a database that is not empty.
"""

import base64
import gzip
import hashlib
import json
import os
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.clock import Clock
from kernel.database import Base, Database
from kernel.errors import SettingsInvalid
from kernel.money import Micros

_VERSION: Final = 1
_AT_ONCE: Final = 500


async def write_backup(database: Database, path: Path, *, revision: str, clock: Clock) -> int:
    """Write the file, readable by its owner only; returns how many rows it has."""
    aside = path.with_name(path.name + ".part")
    aside.unlink(missing_ok=True)
    descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    summed, rows = hashlib.sha256(), 0
    with os.fdopen(descriptor, "wb") as raw, gzip.open(raw, "wt", encoding="utf-8") as file:

        def put(value: object) -> None:
            line = json.dumps(value, separators=(",", ":"), default=_encoded) + "\n"
            summed.update(line.encode())
            file.write(line)

        put({"tollfree_backup": _VERSION, "revision": revision, "at": clock.now().isoformat()})
        async with database.reading() as session:
            await _require_all_tables(session)
            for table in Base.metadata.sorted_tables:
                put({"table": table.name, "columns": [column.name for column in table.columns]})
                found = await session.stream(sa.select(table).execution_options(yield_per=_AT_ONCE))
                async for row in found:
                    put(list(row))
                    rows += 1
        file.write(json.dumps({"rows": rows, "sha256": summed.hexdigest()}) + "\n")
    aside.replace(path)
    return rows


async def _require_all_tables(session: AsyncSession) -> None:
    """Nothing may be left out because the code that owns it was not loaded."""
    connection = await session.connection()
    there = await connection.run_sync(lambda sync: sa.inspect(sync).get_table_names())
    missing = set(there) - set(Base.metadata.tables) - {"alembic_version"}
    assert not missing, f"Tables that nobody loaded: {sorted(missing)}"


async def read_backup(database: Database, path: Path, *, revision: str) -> int:
    """Fill an empty database from the file; returns how many rows. Raises SettingsInvalid."""
    _check(path, revision)
    written = 0
    async with database.writing() as tx:
        for table in Base.metadata.sorted_tables:
            if await tx.scalar(sa.select(sa.func.count()).select_from(table)):
                raise SettingsInvalid(
                    "The database is not empty. Name an empty one with DATABASE_URL, or another "
                    "data folder with --data DIR; nothing was changed."
                )
        for table, rows in _tables(path):
            await tx.execute(sa.insert(table), rows)
            written += len(rows)
        if not database.is_sqlite:
            await _count_on(tx.execute)
    return written


def _check(path: Path, revision: str) -> None:
    """Read the file once, whole, before anything is written from it."""
    summed, last, first = hashlib.sha256(), "", ""
    try:
        with gzip.open(path, "rt", encoding="utf-8") as file:
            for line in file:
                first = first or line
                summed.update(last.encode())
                last = line
        head, end = json.loads(first), json.loads(last)
        whole = end["sha256"] == summed.hexdigest()
    except (OSError, EOFError, ValueError, KeyError, TypeError):
        raise SettingsInvalid(f"{path} is not a whole backup. Choose another file.") from None
    if not whole or head.get("tollfree_backup") != _VERSION:
        raise SettingsInvalid(f"{path} was changed or cut short. Choose another file.")
    if head["revision"] != revision:
        raise SettingsInvalid(
            f"{path} was written at schema {head['revision']}, and this version has {revision}. "
            "Restore it with the version that wrote it, then run tollfree migrate."
        )


def _tables(path: Path) -> Iterator[tuple[sa.Table, list[dict[str, Any]]]]:
    """The rows of the file, some at a time, each with its table."""
    table, columns, rows = None, list[str](), list[dict[str, Any]]()
    with gzip.open(path, "rt", encoding="utf-8") as file:
        for line in file:
            value = json.loads(line, object_hook=_decoded)
            is_row = isinstance(value, list)
            if rows and table is not None and (not is_row or len(rows) == _AT_ONCE):
                yield table, rows
                rows = []
            if is_row:
                rows.append(dict(zip(columns, value, strict=True)))
            elif "table" in value:
                table, columns = Base.metadata.tables[value["table"]], value["columns"]


async def _count_on(execute: Callable[..., Any]) -> None:
    """Let PostgreSQL count on from the highest numbers that were put in."""
    for table in Base.metadata.sorted_tables:
        column = table.autoincrement_column
        if column is None:
            continue
        await execute(
            sa.text(
                f"SELECT setval(s, (SELECT max({column.name}) FROM {table.name})) "  # noqa: S608
                f"FROM pg_get_serial_sequence('{table.name}', '{column.name}') AS s "
                f"WHERE s IS NOT NULL AND EXISTS (SELECT 1 FROM {table.name})"
            )
        )


def _encoded(value: object) -> object:
    match value:
        case Micros():
            return {"$m": value.amount}
        case datetime():
            return {"$t": value.astimezone(UTC).isoformat()}
        case date():
            return {"$d": value.isoformat()}
        case bytes():
            return {"$b": base64.b64encode(value).decode()}
        case Decimal():
            return {"$n": str(value)}
        case _:
            raise TypeError(f"A backup cannot hold {type(value).__name__}.")


_DECODERS: Final[Mapping[str, Callable[[Any], object]]] = {
    "$m": Micros,
    "$t": datetime.fromisoformat,
    "$d": date.fromisoformat,
    "$b": base64.b64decode,
    "$n": Decimal,
}


def _decoded(value: dict[str, Any]) -> object:
    if len(value) == 1:
        name, inside = next(iter(value.items()))
        if name in _DECODERS:
            return _DECODERS[name](inside)
    return value

"""Bring a database to the newest schema, or say how far behind it is.

Runs Alembic from inside the program on a connection of its own, which is closed afterwards, so
that no setting of a migration lingers in a pool. On PostgreSQL an advisory lock lets one of several
starting processes migrate while the others wait.
"""

import asyncio
import re
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from kernel.database import Database
from kernel.errors import SettingsInvalid

ROOT = Path(__file__).resolve().parents[1]

# Any fixed number will do; this one spells "toll" in ASCII.
_LOCK = 0x746F6C6C

_REVISION = re.compile(r'^revision = ["\'](\w+)["\']', re.MULTILINE)
_DOWN_REVISION = re.compile(r'^down_revision = ["\'](\w+)["\']', re.MULTILINE)


def upgrade(url: str, *, to: str = "head") -> None:
    """Migrate the database at `url`. Blocks: call it from a thread when a loop is running."""
    asyncio.run(_migrate(url, "upgrade", to))


def downgrade(url: str, *, to: str = "base") -> None:
    """Take the schema back to `to`. For tests and for emergencies; data goes with its tables."""
    asyncio.run(_migrate(url, "downgrade", to))


def check(url: str) -> None:
    """Raise when the tables in the code and in the database differ."""
    asyncio.run(_migrate(url, "check"))


def newest() -> str:
    """The revision that this code needs.

    Read from the files themselves: every start asks, and importing Alembic takes a third of a
    second.
    """
    versions = [path.read_text("utf-8") for path in (ROOT / "alembic" / "versions").glob("*.py")]
    known = {found[1] for text in versions if (found := _REVISION.search(text))}
    replaced = {found[1] for text in versions if (found := _DOWN_REVISION.search(text))}
    heads = known - replaced
    if len(heads) != 1:
        raise RuntimeError(f"There must be exactly one newest migration, found {len(heads)}.")
    return heads.pop()


async def current(database: Database) -> str | None:
    """The revision that the database has; None for an empty one."""

    def look(connection: sa.Connection) -> str | None:
        if not sa.inspect(connection).has_table("alembic_version"):
            return None
        found = connection.execute(sa.text("SELECT version_num FROM alembic_version"))
        revision: str | None = found.scalar_one_or_none()
        return revision

    async with database.reading() as session:
        connection = await session.connection()
        return await connection.run_sync(look)


async def require_newest(database: Database) -> None:
    """Raise SettingsInvalid when the database is behind this code, or ahead of it."""
    if await current(database) != newest():
        raise SettingsInvalid(
            "The database is not at the schema of this version. Run: tollfree migrate",
            param="DATABASE_URL",
        )


async def _migrate(url: str, command: str, *arguments: str) -> None:
    database = Database(url)
    try:
        async with database.write_engine.connect() as connection:
            await connection.run_sync(_run, command, arguments)
            await connection.commit()
    finally:
        await database.close()


def _run(connection: sa.Connection, command: str, arguments: tuple[str, ...]) -> None:
    from alembic import command as commands

    on_postgres = connection.dialect.name == "postgresql"
    if on_postgres:
        connection.execute(sa.text("SELECT pg_advisory_lock(:lock)"), {"lock": _LOCK})
        connection.commit()
    try:
        getattr(commands, command)(_config(connection), *arguments)
    finally:
        if on_postgres:
            connection.rollback() if connection.in_transaction() else None
            connection.execute(sa.text("SELECT pg_advisory_unlock(:lock)"), {"lock": _LOCK})
            connection.commit()


def _config(connection: sa.Connection | None = None) -> Any:
    from alembic.config import Config

    config = Config(str(ROOT / "alembic.ini"))
    config.attributes["connection"] = connection
    return config

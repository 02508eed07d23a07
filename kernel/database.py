"""One engine per process, and the only place that commits.

`Database.writing()` and `Database.reading()` hand out sessions of two different types, so that a
function that must not write cannot be given the means. Never hold either across an await on an
upstream, Stripe, the embedder or the ad server.

SQLite runs in WAL with synchronous=FULL. A deferred BEGIN that reads and then writes fails at once
with "busy", so every writing transaction begins IMMEDIATE, on the one connection that may write.
PostgreSQL uses psycopg 3 and one pool.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any, ClassVar, Final, NewType

import orjson
import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine import Dialect, make_url
from sqlalchemy.exc import ArgumentError, InvalidatePoolError
from sqlalchemy.ext.asyncio import (
    AsyncEngine,
    AsyncSession,
    async_sessionmaker,
    create_async_engine,
)
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.types import TypeDecorator

from kernel.clock import SystemClock
from kernel.errors import SettingsInvalid
from kernel.money import Micros

ReadSession = NewType("ReadSession", AsyncSession)
WriteSession = NewType("WriteSession", AsyncSession)

# A connection that answered so lately is used without asking.
_BELIEVED_S: Final = 0.5
_clock: Final = SystemClock()

_NAMES: Final = {
    "ix": "ix_%(column_0_label)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class UtcDateTime(TypeDecorator[datetime]):
    """An aware UTC time in both engines; a naive one is refused on the way in."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("Times are stored aware, in UTC.")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class MicrosColumn(TypeDecorator[Micros]):
    """A BIGINT that leaves the database as `Micros`."""

    impl = sa.BigInteger
    cache_ok = True

    def process_bind_param(self, value: Micros | int | None, dialect: Dialect) -> int | None:  # noqa: ARG002
        return value.amount if isinstance(value, Micros) else value

    def process_result_value(self, value: int | None, dialect: Dialect) -> Micros | None:  # noqa: ARG002
        return None if value is None else Micros(int(value))


class Base(DeclarativeBase):
    """The parent of all tables: fixed constraint names, aware times, money as `Micros`."""

    metadata = sa.MetaData(naming_convention=_NAMES)
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        datetime: UtcDateTime(),
        Micros: MicrosColumn(),
        dict[str, Any]: sa.JSON(),
        list[str]: sa.JSON(),
    }


class Database:
    """The engines of this process. Build one in the composition root and `close` it."""

    def __init__(self, url: str, *, pool_size: int = 8) -> None:
        self.url = async_url(url)
        self.is_sqlite = self.url.startswith("sqlite")
        if self.is_sqlite:
            self.write_engine = _sqlite_engine(self.url, pool_size=1, begin="BEGIN IMMEDIATE")
            self.read_engine = _sqlite_engine(self.url, pool_size=4, begin="BEGIN", read_only=True)
            glance_engine = self.read_engine
        else:
            self.write_engine = create_async_engine(
                self.url,
                pool_size=pool_size,
                max_overflow=0,
                pool_timeout=5,
                json_serializer=_as_json,
            )
            _ask_what_was_idle(self.write_engine)
            # The same pool. Without REPEATABLE READ each statement would look at another moment,
            # and a balance would not fit the entries read after it.
            self.read_engine = self.write_engine.execution_options(
                isolation_level="REPEATABLE READ", postgresql_readonly=True
            )
            glance_engine = self.write_engine.execution_options(isolation_level="AUTOCOMMIT")
        self._writing = async_sessionmaker(self.write_engine, expire_on_commit=False)
        self._reading = async_sessionmaker(self.read_engine, expire_on_commit=False)
        self._glancing = async_sessionmaker(glance_engine, expire_on_commit=False)

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[WriteSession]:
        """One transaction: committed when the block ends, undone when it raises."""
        async with self._writing() as session, session.begin():
            yield WriteSession(session)

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[ReadSession]:
        """A consistent look, all of it at one moment; a write is refused by the database."""
        async with self._reading() as session:
            # Closing ends the transaction. A rollback would also empty the rows that were read.
            yield ReadSession(session)

    @asynccontextmanager
    async def glancing(self) -> AsyncIterator[ReadSession]:
        """For one statement that reads: it is of one moment by itself, and takes one trip."""
        async with self._glancing() as session:
            yield ReadSession(session)

    async def ping(self) -> None:
        """Raise whatever the driver raises when the database does not answer."""
        async with self.reading() as session:
            await session.execute(sa.text("SELECT 1"))

    async def close(self) -> None:
        await self.write_engine.dispose()
        await self.read_engine.dispose()


def async_url(url: str) -> str:
    """The same database through the async driver that we use.

    Raises SettingsInvalid, without quoting the URL: it may hold a password.
    """
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise SettingsInvalid(
            "DATABASE_URL is not a database URL. Write sqlite:////path/to/file.db or "
            "postgresql://user:password@host:5432/name.",
            param="DATABASE_URL",
        ) from None
    if parsed.drivername.startswith("sqlite") and parsed.database in {None, "", ":memory:"}:
        raise SettingsInvalid(
            "DATABASE_URL names no file, and a database in memory would be another one for each "
            "connection. Write sqlite:////path/to/file.db.",
            param="DATABASE_URL",
        )
    drivers = {
        "sqlite": "sqlite+aiosqlite",
        "postgres": "postgresql+psycopg",
        "postgresql": "postgresql+psycopg",
    }
    kind = parsed.drivername.partition("+")[0]
    if kind not in drivers:
        raise SettingsInvalid(
            f"DATABASE_URL names the engine {kind!r}; Tollfree speaks sqlite and postgresql.",
            param="DATABASE_URL",
        )
    return parsed.set(drivername=drivers[kind]).render_as_string(hide_password=False)


def insert_into(session: AsyncSession, table: type[Base] | sa.Table) -> Any:
    """An INSERT in the dialect of the session's engine, which knows what to do on a conflict."""
    # Only the dialect that is spoken is loaded: the other one costs a start 60 ms.
    if session.get_bind().dialect.name == "postgresql":
        from sqlalchemy.dialects import postgresql

        return postgresql.insert(table)
    from sqlalchemy.dialects import sqlite

    return sqlite.insert(table)


def _as_json(value: Any) -> str:
    # Traces of decisions are kilobytes; the standard library takes eight times as long over them.
    return orjson.dumps(value).decode()


def _ask_what_was_idle(engine: AsyncEngine) -> None:
    """Look whether a connection still stands before it is used again, unless it did just now.

    A server that was started anew has not been there for longer than this; asking each time costs
    as much as the statement that follows.
    """
    pool, dialect = engine.sync_engine.pool, engine.sync_engine.dialect

    @event.listens_for(pool, "checkin")
    def note(_connection: Any, record: Any) -> None:
        record.info["idle_since"] = _clock.monotonic()

    @event.listens_for(pool, "checkout")
    def ask(connection: Any, record: Any, _proxy: Any) -> None:
        idle_since = record.info.get("idle_since")
        if idle_since is None or _clock.monotonic() - idle_since < _BELIEVED_S:
            return
        try:
            dialect.do_ping(connection)
        except Exception as gone:
            raise InvalidatePoolError("The connection was lost.") from gone


def _sqlite_engine(url: str, *, pool_size: int, begin: str, read_only: bool = False) -> AsyncEngine:
    engine = create_async_engine(
        url,
        poolclass=sa.AsyncAdaptedQueuePool,
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=10,
        json_serializer=_as_json,
    )

    @event.listens_for(engine.sync_engine, "connect")
    def prepare(connection: Any, _record: Any) -> None:
        # Stop the driver's own BEGIN, which is deferred; ours follows in the next listener.
        connection.isolation_level = None
        cursor = connection.cursor()
        cursor.execute("PRAGMA busy_timeout=5000")
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA synchronous=FULL")
        cursor.execute("PRAGMA foreign_keys=ON")
        if read_only:
            cursor.execute("PRAGMA query_only=ON")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def start(connection: sa.Connection) -> None:
        connection.exec_driver_sql(begin)

    return engine

"""Books that can be rewound: a migrated database in memory, and everything else that a story moves.

What would begin and commit are savepoints within one transaction that never ends, and statements run
where they are asked for, without a thread. So a mark and the way back to it cost next to nothing, and
thousands of stories can begin at the same point. For tests in which the engine makes no difference;
the others run on files and on PostgreSQL.
"""

import pickle
import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiosqlite
from sqlalchemy import event

from kernel.database import Database
from tests.advertiser_portal.billing.till_world import Bench


class _Cursor(sqlite3.Cursor):
    def execute(self, sql: str, *given: Any) -> sqlite3.Cursor:
        if sql.startswith("PRAGMA "):
            # Settings were made once; they cannot change within a transaction.
            return super().execute("SELECT 1")
        if sql != "BEGIN IMMEDIATE":
            return super().execute(sql, *given)
        if not self.connection.in_transaction:
            super().execute("BEGIN")
        self.connection.turns += 1
        return super().execute("SAVEPOINT turn")


class _Memory(sqlite3.Connection):
    """A connection whose transactions are turns within one that never ends."""

    turns = 0
    # Being set, even to what it is, it would commit.
    isolation_level = property(lambda _self: None, lambda _self, _given: None)

    def execute(self, sql: str, *given: Any) -> sqlite3.Cursor:
        return sqlite3.Cursor(self).execute(sql, *given)

    def cursor(self, factory: type[sqlite3.Cursor] = _Cursor) -> sqlite3.Cursor:
        return super().cursor(factory)

    def commit(self) -> None:
        if self.turns:
            self.turns -= 1
            self.execute("RELEASE turn")

    def rollback(self) -> None:
        if self.turns:
            self.turns -= 1
            self.execute("ROLLBACK TO turn")
            self.execute("RELEASE turn")


class _Now:
    """In place of a queue to a thread."""

    @staticmethod
    def put_nowait(work: tuple[Any, Any]) -> None:
        future, act = work
        future.set_result(act())


class _AtHand(aiosqlite.Connection):
    """The driver without its thread; closing leaves the books as they are."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        super().__init__(lambda: connection, 64)
        self._connection, self._tx = connection, _Now()

    def __await__(self):
        return self._connect().__await__()

    async def _execute(self, act: Any, *given: Any, **named: Any) -> Any:
        return act(*given, **named)

    async def close(self) -> None:
        self._connection = None

    def stop(self) -> None:
        self._connection = None


class RewindingDatabase(Database):
    """A copy of the template in memory, as it is at each moment or at an earlier mark."""

    def __init__(self, template: Path) -> None:
        super().__init__(f"sqlite:///{template}")
        self.memory = sqlite3.connect(
            ":memory:", isolation_level=None, factory=_Memory, check_same_thread=False
        )
        with sqlite3.connect(template) as full:
            full.backup(self.memory)
        full.close()
        for setting in ("foreign_keys=ON", "temp_store=MEMORY"):
            self.memory.execute(f"PRAGMA {setting}")
        self._reading = self._writing
        event.listen(self.write_engine.sync_engine, "do_connect", self._connect_here)
        self._marks = 0

    def _connect_here(self, _dialect: Any, _record: Any, _given: Any, named: Any) -> None:
        named.clear()
        named["async_creator_fn"] = lambda *_path: _AtHand(self.memory)

    def mark(self) -> int:
        """Remember this moment; returns its number."""
        if not self.memory.in_transaction:
            self.memory.execute("BEGIN")
        self._marks += 1
        self.memory.execute(f"SAVEPOINT mark{self._marks}")
        return self._marks

    def rewind(self, mark: int) -> None:
        """Be as at `mark`; later marks are forgotten, this one stays."""
        self.memory.turns = 0
        self.memory.execute(f"ROLLBACK TO mark{mark}")
        self._marks = mark

    def look(self, query: str) -> list[tuple[Any, ...]]:
        """What stands in the books now, asked without the layers in between."""
        return self.memory.execute(query).fetchall()

    def finish(self) -> None:
        self.memory.close()


@dataclass(frozen=True)
class Moment:
    """Where a story stood: our books, the stand-in's, the clocks, and what the bench has counted."""

    books: int
    elsewhere: bytes


def moment_of(bench: Bench) -> Moment:
    """Remember where this story stands."""
    fake = bench.fake.platform
    there = (
        fake.objects,
        fake.answers._kept,
        fake.intent_data,
        fake.clock.ahead,
        fake.events._queue,
    )
    here = (bench.heard, bench.clicks, bench.advertiser, bench.clock, bench.stopped)
    return Moment(bench.database.mark(), pickle.dumps((there, here)))


def back_to(bench: Bench, moment: Moment) -> None:
    """Let the story stand where it stood; can be done again and again."""
    bench.database.rewind(moment.books)
    fake, (there, here) = bench.fake.platform, pickle.loads(moment.elsewhere)
    objects, fake.answers._kept, fake.intent_data, fake.clock.ahead, fake.events._queue = there
    # In place: others hold these very objects.
    fake.objects.__dict__.update(objects.__dict__)
    bench.heard, bench.clicks, bench.advertiser, clock, stopped = here
    bench.clock.__dict__.update(clock.__dict__)
    bench.stopped[:] = stopped

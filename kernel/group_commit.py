"""Many small writes, few commits.

Rows handed in by many tasks are written together, at most `max_delay_ms` later, in one
transaction. `put` returns a future that is done when the row is durable: money awaits it, logs do
not. When a batch fails, every waiter of that batch is told and the rows are dropped, never
retried behind the caller's back. The queue is bounded; a full one refuses with `Unavailable`.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

from kernel.database import Database, WriteSession
from kernel.errors import Unavailable

Row = TypeVar("Row")


class GroupCommit(Generic[Row]):
    """Batches of rows for one writer function. Start it with `run` in a task; `close` flushes."""

    def __init__(
        self,
        database: Database,
        write: Callable[[WriteSession, Sequence[Row]], Awaitable[None]],
        *,
        max_delay_ms: int = 50,
        max_rows: int = 512,
        capacity: int = 20_000,
    ) -> None:
        self._database, self._write = database, write
        self._max_delay_ms, self._max_rows = max_delay_ms, max_rows
        self._capacity = capacity
        self._waiting: list[tuple[Row, asyncio.Future[None]]] = []
        self._arrived = asyncio.Event()
        self._closing = False
        self._writing = asyncio.Lock()
        self.failures = 0

    def put(self, row: Row) -> "asyncio.Future[None]":
        """Hand in a row; await the future to know that it is durable. Raises Unavailable if full."""
        if self._closing or len(self._waiting) >= self._capacity:
            raise Unavailable("The database is behind with its writes. Try again in a moment.")
        durable: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        # Nobody may be waiting: an error is then only counted, not reported as never retrieved.
        durable.add_done_callback(lambda done: done.cancelled() or done.exception())
        self._waiting.append((row, durable))
        self._arrived.set()
        return durable

    async def run(self) -> None:
        """Write batches until `close`. Failures are counted in `failures` and told to waiters."""
        while not (self._closing and not self._waiting):
            await self._arrived.wait()
            if not self._closing and len(self._waiting) < self._max_rows:
                await asyncio.sleep(self._max_delay_ms / 1000)
            await self._flush()

    async def close(self) -> None:
        """Refuse new rows, write what is waiting, and return when all of it is durable or failed."""
        self._closing = True
        self._arrived.set()
        await self._flush()
        while self._waiting:
            await self._flush()

    async def _flush(self) -> None:
        # One batch at a time: whoever closes must not overtake the batch that `run` is writing.
        async with self._writing:
            await self._write_batch()

    async def _write_batch(self) -> None:
        batch, self._waiting = self._waiting[: self._max_rows], self._waiting[self._max_rows :]
        if not self._waiting and not self._closing:
            self._arrived.clear()
        if not batch:
            return
        try:
            async with self._database.writing() as tx:
                await self._write(tx, [row for row, _ in batch])
        except asyncio.CancelledError:
            self._tell(
                batch, Unavailable("The write was stopped; it may or may not have happened.")
            )
            raise
        except Exception as error:  # noqa: BLE001  a process edge: the waiters are told, the loop lives
            self._tell(batch, error)
            return
        for _, durable in batch:
            if not durable.done():
                durable.set_result(None)

    def _tell(self, batch: Sequence[tuple[Row, "asyncio.Future[None]"]], error: Exception) -> None:
        self.failures += 1
        for _, durable in batch:
            if not durable.done():
                durable.set_exception(error)

"""Where decisions are computed: a few threads and a short queue, off the event loop.

A turn that finds the queue full is turned away at once, because an ad that comes late is worth
nothing and a queue that grows makes all of them late. A turn whose caller stopped waiting keeps its
thread until it ends, and is counted as busy until then; one that has not begun is dropped.
"""

import asyncio
import contextlib
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Result = TypeVar("Result")


class Overloaded(Exception):
    """Every thread is busy and the queue is full. Becomes a reason, and never leaves the engine."""


class WorkerPool:
    """Bounded threads; `close` waits for nothing."""

    def __init__(self, *, threads: int, queue: int) -> None:
        self._executor = ThreadPoolExecutor(threads, thread_name_prefix="decide")
        self._capacity = threads + queue
        self._busy = 0

    async def run(self, work: Callable[[], Result]) -> Result:
        """The result of `work`, computed on a thread. Raises Overloaded without starting it."""
        if self._busy >= self._capacity:
            raise Overloaded
        loop = asyncio.get_running_loop()
        self._busy += 1
        future = self._executor.submit(work)
        future.add_done_callback(lambda done: self._leave(loop, done))
        return await asyncio.wrap_future(future)

    def close(self) -> None:
        """Drop what waits; running work ends by itself."""
        self._executor.shutdown(wait=False, cancel_futures=True)

    def _leave(self, loop: asyncio.AbstractEventLoop, _done: "Future[Result]") -> None:
        # Counted on the loop's own thread, so that the count needs no lock. A closed loop has
        # nobody left to turn away.
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(self._count_out)

    def _count_out(self) -> None:
        self._busy -= 1

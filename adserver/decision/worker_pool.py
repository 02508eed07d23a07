"""Where decisions are computed: a few threads and a short queue, off the event loop.

A turn that finds the queue full is turned away at once, and so is one that could not be decided in
time behind those that wait: an ad that comes late is worth nothing, and work on it makes the next one
late too. How long a turn takes is learned from those before. A turn whose caller stopped waiting keeps its
thread until it ends, and is counted as busy until then; one that has not begun is dropped. Threads
that compute hand the interpreter over every millisecond, so that the event loop is never late by more.
"""

import asyncio
import contextlib
import sys
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Final, TypeVar

from kernel.clock import Clock

Result = TypeVar("Result")

# The share of each new turn in what a turn is thought to take.
_LEARNS: Final = 0.1
# By default a thread that computes keeps the interpreter for five milliseconds from all others.
_HANDS_OVER_S: Final = 0.0005


class Overloaded(Exception):
    """Every thread is busy and the queue is full. Becomes a reason, and never leaves the engine."""


class WorkerPool:
    """Bounded threads; `close` waits for nothing."""

    def __init__(self, *, threads: int, queue: int, patience_s: float, clock: Clock) -> None:
        sys.setswitchinterval(min(_HANDS_OVER_S, sys.getswitchinterval()))
        self._executor = ThreadPoolExecutor(threads, thread_name_prefix="decide")
        self._threads, self._capacity = threads, threads + queue
        self._patience_s, self._clock = patience_s, clock
        self._busy = 0
        self._takes_s = 0.0

    async def run(self, work: Callable[[], Result]) -> Result:
        """The result of `work`, computed on a thread. Raises Overloaded without starting it."""
        if self._busy >= self._capacity or self._is_too_late():
            raise Overloaded
        loop = asyncio.get_running_loop()
        self._busy += 1
        future = self._executor.submit(self._timed, work)
        future.add_done_callback(lambda done: self._leave(loop, done))
        return await asyncio.wrap_future(future)

    def close(self) -> None:
        """Drop what waits; running work ends by itself."""
        self._executor.shutdown(wait=False, cancel_futures=True)

    def _is_too_late(self) -> bool:
        """Whether one more turn would wait and compute for longer than anybody waits for it."""
        waiting = self._busy - self._threads + 1
        if waiting <= 0:
            return False
        return (waiting / self._threads + 1) * self._takes_s > self._patience_s

    def _timed(self, work: Callable[[], Result]) -> Result:
        started = self._clock.monotonic()
        try:
            return work()
        finally:
            took = self._clock.monotonic() - started
            self._takes_s += (took - self._takes_s) * (_LEARNS if self._takes_s else 1.0)

    def _leave(self, loop: asyncio.AbstractEventLoop, _done: "Future[Result]") -> None:
        # Counted on the loop's own thread, so that the count needs no lock. A closed loop has
        # nobody left to turn away.
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(self._count_out)

    def _count_out(self) -> None:
        self._busy -= 1

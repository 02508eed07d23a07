"""How long one who asked is kept waiting.

One timer for all who wait: each has the same patience, so the first who came is the first who
leaves. Leaving ends the waiting only; what was asked for goes on.
"""

import asyncio
from collections import deque
from typing import Any, Final

from kernel.errors import Unavailable

_EARLY_S: Final = 0.001


class Patience:
    """Ends the waiting of futures that are not done after `seconds`."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        # Who waits, and until when in seconds of the loop.
        self._waiting: deque[tuple[float, asyncio.Future[Any]]] = deque()  # seconds
        self._timer: asyncio.TimerHandle | None = None

    def keeps(self, told: "asyncio.Future[Any]") -> None:
        """From now on for so many seconds."""
        loop = asyncio.get_running_loop()
        self._waiting.append((loop.time() + self._seconds, told))
        if self._timer is None:
            self._timer = loop.call_at(self._waiting[0][0], self._look)

    def close(self) -> None:
        """Nobody waits any more."""
        if self._timer is not None:
            self._timer.cancel()
        self._timer = None
        self._waiting.clear()

    def _look(self) -> None:
        loop = asyncio.get_running_loop()
        # Timers are a little early now and then; who would be next in a moment goes too.
        now = loop.time() + _EARLY_S
        while self._waiting and (self._waiting[0][0] <= now or self._waiting[0][1].done()):
            _, told = self._waiting.popleft()
            if not told.done():
                told.set_exception(Unavailable("The answer is late, and nobody waits for it."))
        self._timer = loop.call_at(self._waiting[0][0], self._look) if self._waiting else None

"""Stop asking a network that keeps failing, for a while.

    closed ── 5 failures within 10 s ──► open for 30 s ──► one try ──► closed, or open again

Safe from many threads. A turn that meets an open breaker costs no time at all.
"""

import threading
from collections import deque
from collections.abc import Callable
from typing import Final

from tollfree_sdk.surroundings import now

_FAILURES: Final = 5
_WITHIN_S: Final = 10.0
_OPEN_S: Final = 30.0


class CircuitBreaker:
    """Asks `allows` before a call; is told of each `failure` and `success`."""

    def __init__(self, now: Callable[[], float] = now) -> None:
        self._now, self._lock = now, threading.Lock()
        self._failed_at: deque[float] = deque(maxlen=_FAILURES)
        self._open_until = 0.0
        self._is_trying = False

    def allows(self) -> bool:
        """Whether to ask; after a pause one caller may try for all."""
        with self._lock:
            if self._open_until == 0.0:
                return True
            if self._now() < self._open_until or self._is_trying:
                return False
            self._is_trying = True
            return True

    def failure(self) -> None:
        """The network failed."""
        with self._lock:
            now = self._now()
            self._failed_at.append(now)
            is_full = len(self._failed_at) == _FAILURES
            if self._is_trying or (is_full and now - self._failed_at[0] <= _WITHIN_S):
                self._open_until, self._is_trying = now + _OPEN_S, False

    def success(self) -> None:
        """The network answered, be it with an error that is ours."""
        with self._lock:
            self._failed_at.clear()
            self._open_until, self._is_trying = 0.0, False

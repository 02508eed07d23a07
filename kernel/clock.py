"""Time, given to whoever needs it.

The only module that reads the system's clocks. Wall time is aware UTC; durations come from the
monotonic clock, which never jumps. `FrozenClock` is shipped so that tests and replays move time
by hand.
"""

import time
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """What reads the time: `now` for people and rows, `monotonic` (seconds) for deadlines."""

    def now(self) -> datetime: ...

    def monotonic(self) -> float: ...


class SystemClock:
    """The machine's own clocks."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()


class FrozenClock:
    """A clock that moves only when told to, by `advance`."""

    def __init__(self, at: datetime = datetime(2026, 11, 22, 12, tzinfo=UTC)) -> None:
        self._now = at
        self._monotonic = 1_000.0

    def now(self) -> datetime:
        return self._now

    def monotonic(self) -> float:
        return self._monotonic

    def advance(self, **duration: float) -> None:
        """Move both clocks on, by `timedelta` arguments: ``clock.advance(hours=24)``."""
        step = timedelta(**duration)
        self._now += step
        self._monotonic += step.total_seconds()

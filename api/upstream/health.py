"""Which upstreams are worth a call right now.

An upstream that fails five times running is left alone for a while, then tried with one call; each
further failure doubles the while. One that said when to come back is not called before. What is
remembered is in this process and bounded by the number of upstreams.
"""

from collections import defaultdict
from dataclasses import dataclass
from typing import Final

from kernel.clock import Clock

_FAILURES_TO_OPEN: Final = 5
_FIRST_PAUSE: Final = 5.0
_LONGEST_PAUSE: Final = 120.0
_LONGEST_TOLD: Final = 3_600.0


@dataclass(slots=True)
class _State:
    failures: int = 0
    until: float = 0.0
    limited: bool = False


class Health:
    """What is known of each upstream, by name."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._states: defaultdict[str, _State] = defaultdict(_State)

    def pause(self, name: str) -> float:
        """Seconds until the upstream may be called; 0 where it may be now."""
        state = self._states.get(name)
        return 0.0 if state is None else max(0.0, state.until - self._clock.monotonic())

    def is_limited(self, name: str) -> bool:
        """Whether it is left alone because of its own limit rather than its failures."""
        return self._states[name].limited

    def succeeded(self, name: str) -> None:
        if name in self._states:
            del self._states[name]

    def failed(self, name: str) -> None:
        """Count a failure; enough of them running open the circuit."""
        state = self._states[name]
        state.failures += 1
        beyond = state.failures - _FAILURES_TO_OPEN
        if beyond >= 0:
            pause = min(_FIRST_PAUSE * 2 ** min(beyond, 10), _LONGEST_PAUSE)
            state.until, state.limited = self._clock.monotonic() + pause, False

    def leave_alone(self, name: str, seconds: float) -> None:
        """Do not call it before: it told us so, or it will not have us."""
        state = self._states[name]
        state.until = self._clock.monotonic() + min(max(seconds, 0.0), _LONGEST_TOLD)
        state.limited = True

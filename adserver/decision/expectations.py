"""What served ads are expected to cost when their clicks come.

A sum for each campaign and advertiser that fades by half every ten minutes: a click that has not
come by then rarely comes, and one that has come stands in the books. Kept by each process for what
it served itself. Never holds money and never refuses; it only makes the room look smaller.
"""

from typing import Final

from kernel.clock import Clock
from kernel.money import ZERO, Micros

_HALF_LIFE_S: Final = 600.0


class Expectations:
    """Fading sums by name."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._sums: dict[str, tuple[float, float]] = {}

    def add(self, name: str, cost: Micros) -> None:
        """Expect `cost` more."""
        now = self._clock.monotonic()
        self._sums[name] = (self._at(name, now) + cost.amount, now)

    def of(self, name: str) -> Micros:
        """What is still expected, in whole micros."""
        if name not in self._sums:
            return ZERO
        return Micros(round(self._at(name, self._clock.monotonic())))

    def _at(self, name: str, now: float) -> float:
        total, since = self._sums.get(name, (0.0, now))
        fraction: float = 0.5 ** ((now - since) / _HALF_LIFE_S)
        return total * fraction

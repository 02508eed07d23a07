"""Percentiles that can be added up: a DDSketch, each answer within one part in a hundred.

    values fall into bins that grow by 2 %:  100 ms and 101 ms share one, 100 ms and 103 ms do not
    two sketches are merged by adding their bins, so a day is its hours and a fleet its workers

An average of percentiles is no percentile, which is why none is ever taken. The form that is stored
is the bins themselves. Pure. (Masson, Rim, Lee: DDSketch, PVLDB 12, 2019.)
"""

import math
from collections.abc import Mapping
from typing import Any, Final

_ACCURACY: Final = 0.01
_GROWTH: Final = (1 + _ACCURACY) / (1 - _ACCURACY)
_PER_LOG: Final = 1 / math.log(_GROWTH)
#: Milliseconds; what is quicker than the first is told as the first.
_LEAST: Final = 0.001


class Sketch:
    """How often which size was measured: ``bins[k]`` counts values around ``growth ** k``."""

    __slots__ = ("bins",)

    def __init__(self, bins: Mapping[int, int] | None = None) -> None:
        self.bins: dict[int, int] = dict(bins or {})

    def add(self, value: float) -> None:
        """Count one value."""
        place = math.ceil(math.log(max(value, _LEAST)) * _PER_LOG)
        self.bins[place] = self.bins.get(place, 0) + 1

    def merge(self, other: "Sketch") -> None:
        """Take in what another one has counted."""
        for place, count in other.bins.items():
            self.bins[place] = self.bins.get(place, 0) + count

    @property
    def count(self) -> int:
        return sum(self.bins.values())

    def at(self, share: float) -> float | None:
        """The value that this share of the values does not exceed; None where there are none."""
        rank, seen = math.ceil(self.count * share), 0
        for place in sorted(self.bins):
            seen += self.bins[place]
            if seen >= rank:
                return round(2 * _GROWTH**place / (_GROWTH + 1), 4)
        return None

    def stored(self) -> dict[str, Any]:
        """The form that a database keeps."""
        return {str(place): count for place, count in self.bins.items()}

    @classmethod
    def from_stored(cls, stored: Mapping[str, Any]) -> "Sketch":
        """What `stored` gave."""
        return cls({int(place): int(count) for place, count in stored.items()})

"""How near is near enough: from a cosine to a relevance that people can read.

Each space of vectors has its own curve, because a cosine of 0.45 is a good match in one model and
noise in another. ``relevance(0.50, model_id)`` → 0.69 for MiniLM. Pure; below `FLOOR` nothing is
shown, whatever is bid.
"""

import math
from dataclasses import dataclass
from functools import cache
from typing import Final

from language.vector import LEXICAL, MINILM, space_of

FLOOR: Final = 0.5


@dataclass(frozen=True, slots=True)
class Curve:
    """A logistic curve: relevance is 0.5 at `midpoint` and moves from 0.27 to 0.73 per 2 `width`."""

    midpoint: float
    width: float

    def at(self, similarity: float) -> float:
        return 1.0 / (1.0 + math.exp(-(similarity - self.midpoint) / self.width))


_CURVES: Final = {
    MINILM: Curve(midpoint=0.43, width=0.09),
    LEXICAL: Curve(midpoint=0.30, width=0.06),
}
# A model nobody has calibrated yet: assume the stricter of the known ones.
_UNKNOWN: Final = Curve(midpoint=0.50, width=0.07)


def relevance(similarity: float, model_id: str) -> float:
    """Relevance in 0-1 of a creative at this cosine, in the space of `model_id`."""
    if not math.isfinite(similarity):
        return 0.0
    return _curve_of(model_id).at(max(-1.0, min(1.0, similarity)))


@cache
def _curve_of(model_id: str) -> Curve:
    return _CURVES.get(space_of(model_id), _UNKNOWN)

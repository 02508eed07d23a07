"""How likely a click is, before we have learned it from clicks.

A fixed prior: a logistic curve over relevance, set so that an ad that just fits is clicked about
four times in a thousand, one in the middle eleven times and a perfect fit thirty times, the range
reported for ads in assistants. It is monotone in relevance and never zero or one. Pure; the number
is written on the decision, so that a later, learned model changes no past decision.
"""

import math
from typing import Final

VERSION: Final = 1

_AT_NO_FIT: Final = -5.6
_PER_RELEVANCE: Final = 2.2


def click_rate(relevance: float) -> float:
    """The chance that a delivered unit of this relevance (0-1) is clicked: 0.5 → about 0.011."""
    odds = math.exp(_AT_NO_FIT + _PER_RELEVANCE * _unit(relevance))
    return round(odds / (1 + odds), 6)


def quality(relevance: float) -> float:
    """What an impression is worth to the reader, 0.5-1.5: the published weight beside the bid."""
    return round(0.5 + _unit(relevance), 4)


def _unit(value: float) -> float:
    return min(1.0, max(0.0, value))

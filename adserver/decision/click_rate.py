"""How likely a click is: a prior from relevance, and what clicks have taught since.

The prior is a logistic curve over relevance, set so that an ad that just fits is clicked about four
times in a thousand, one in the middle eleven times and a perfect fit thirty times, the range
reported for ads in assistants. What is learned is a factor on it, clicks that came over clicks that
the prior expected, believed as firmly as the counts allow and drawn back towards the campaign's,
the topic's and everybody's factor where they are few:

    creative ──► campaign ──► topic ──► all

A decision counts with a draw from that belief (Thompson sampling), so that a new creative gets its
chances and loses them as it disappoints. The belief is sharpened eightfold before drawing: a plain
draw explores for longer than the ads live. Pure; the draw stands on the decision.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

VERSION: Final = 2
SHARPNESS: Final = 8.0

_AT_NO_FIT: Final = -5.6
_PER_RELEVANCE: Final = 2.2
# How many expected clicks of its own something needs to count as much as what stands above it.
_OF_ALL: Final = 20.0
_OF_TOPIC: Final = 4.0
_OF_CAMPAIGN: Final = 12.0
_OF_CREATIVE: Final = 1.2
_CONVERSION_PRIOR: Final = 0.05
_CONVERSION_WEIGHT: Final = 20.0


@dataclass(frozen=True, slots=True)
class Tally:
    """What came of some deliveries: ``Tally(clicks=18, expected=12.5)`` did better than thought."""

    clicks: float = 0.0
    expected: float = 0.0
    conversions: float = 0.0

    def plus(self, other: "Tally") -> "Tally":
        return Tally(
            self.clicks + other.clicks,
            self.expected + other.expected,
            self.conversions + other.conversions,
        )


@dataclass(frozen=True, slots=True)
class Belief:
    """A factor on the prior and how firmly it is believed: as if from so many clicks."""

    factor: float
    certainty: float


NOTHING: Final = Tally()


@dataclass(frozen=True)
class ClickRates:
    """One look at the counts; `of_creative` is by creative number."""

    of_all: Tally = NOTHING
    of_topic: Mapping[str, Tally] = field(default_factory=dict)
    of_campaign: Mapping[str, Tally] = field(default_factory=dict)
    of_creative: Mapping[int, Tally] = field(default_factory=dict)

    def belief(self, number: int, campaign_id: str, topic: str | None) -> Belief:
        """What is believed of a creative when the turn is about this topic."""
        factor = _towards(1.0, self.of_all, _OF_ALL)
        factor = _towards(factor, self.of_topic.get(topic or "", NOTHING), _OF_TOPIC)
        factor = _towards(factor, self.of_campaign.get(campaign_id, NOTHING), _OF_CAMPAIGN)
        own = self.of_creative.get(number, NOTHING)
        clicks = own.clicks + _OF_CREATIVE * factor
        return Belief(clicks / (own.expected + _OF_CREATIVE), clicks)

    def conversion_rate(self, campaign_id: str) -> float:
        """How often a click on this campaign becomes a conversion."""
        own = self.of_campaign.get(campaign_id, NOTHING)
        expected = _CONVERSION_PRIOR * _CONVERSION_WEIGHT
        rate = (own.conversions + expected) / (own.clicks + _CONVERSION_WEIGHT)
        return round(min(1.0, rate), 6)


def click_rate(relevance: float) -> float:
    """The prior chance that a delivered unit of this relevance (0-1) is clicked: 0.5 → 0.011."""
    odds = math.exp(_AT_NO_FIT + _PER_RELEVANCE * _unit(relevance))
    return round(odds / (1 + odds), 6)


def quality(relevance: float) -> float:
    """What an impression is worth to the reader, 0.5-1.5: the published weight beside the bid."""
    return round(0.5 + _unit(relevance), 4)


def draws(certainties: Sequence[float], seed: int) -> NDArray[np.float64]:
    """One draw for each belief, relative to its mean; the same for the same seed."""
    shapes = SHARPNESS * np.asarray(certainties, dtype=np.float64)
    drawn: NDArray[np.float64] = np.random.default_rng(seed).standard_gamma(shapes) / shapes
    return drawn


def _towards(parent: float, own: Tally, weight: float) -> float:
    """The factor of a level: its own counts, and its parent's factor as if seen `weight` times."""
    return (own.clicks + weight * parent) / (own.expected + weight)


def _unit(value: float) -> float:
    return min(1.0, max(0.0, value))

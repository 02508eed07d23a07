"""How likely a click is: a prior from relevance, and what clicks have taught since.

The prior is a logistic curve over relevance, set so that an ad that just fits is clicked about four
times in a thousand, one in the middle eleven times and a perfect fit thirty times, the range
reported for ads in assistants. What is learned is a factor on it, clicks that came over clicks that
the prior expected, believed as firmly as the counts allow and drawn back towards the campaign's,
the topic's and everybody's factor where they are few:

    creative ──► campaign ──► topic ──► all

What stands above a creative is told by many creatives, each with a bounded voice: the one that is
shown most would else speak for its whole topic, and newcomers would inherit a winner's rate.

A decision counts with a draw from that belief (Thompson sampling), so that a new creative gets its
chances and loses them as it disappoints. The belief is sharpened before drawing: a plain draw
explores for longer than the ads live. Pure; the draw stands on the decision.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

VERSION: Final = 3
SHARPNESS: Final = 40.0

_AT_NO_FIT: Final = -5.6
_PER_RELEVANCE: Final = 2.2
# How many expected clicks of its own something needs to count as much as what stands above it.
_OF_ALL: Final = 20.0
_OF_TOPIC: Final = 12.0
_OF_CAMPAIGN: Final = 40.0
_OF_CREATIVE: Final = 2.8
# The most expected clicks with which one creative speaks for what stands above it: as many as its
# own rate is worth a priori (rates within a topic lie some 60 % apart, and 1 / 0.6² is 2.8).
_VOICE: Final = 2.8
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

    def voice(self) -> "Tally":
        """The same rate with no more weight than one creative may have."""
        share = 1.0 / (1.0 + self.expected / _VOICE)
        return Tally(self.clicks * share, self.expected * share)


@dataclass(frozen=True, slots=True)
class Belief:
    """A factor on the prior and how firmly it is believed: as if from so many clicks."""

    factor: float
    certainty: float


NOTHING: Final = Tally()


@dataclass(frozen=True)
class ClickRates:
    """One look at the counts; `of_creative` is by creative number.

    What is of many creatives is the sum of their voices, but for `sold`: all clicks and conversions
    of a campaign.
    """

    of_all: Tally = NOTHING
    of_topic: Mapping[str, Tally] = field(default_factory=dict)
    of_campaign: Mapping[str, Tally] = field(default_factory=dict)
    of_creative: Mapping[int, Tally] = field(default_factory=dict)
    sold: Mapping[str, Tally] = field(default_factory=dict)

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
        own = self.sold.get(campaign_id, NOTHING)
        expected = _CONVERSION_PRIOR * _CONVERSION_WEIGHT
        rate = (own.conversions + expected) / (own.clicks + _CONVERSION_WEIGHT)
        return round(min(1.0, rate), 6)


def learned_from(counts: Iterable[tuple[int, str, str, Tally]]) -> ClickRates:
    """Counts by creative number, campaign and topic, added up at each level."""
    everything = NOTHING
    topics: defaultdict[str, Tally] = defaultdict(Tally)
    campaigns: defaultdict[str, Tally] = defaultdict(Tally)
    creatives: defaultdict[int, Tally] = defaultdict(Tally)
    sold: defaultdict[str, Tally] = defaultdict(Tally)
    for number, campaign_id, topic, tally in counts:
        voice = tally.voice()
        everything = everything.plus(voice)
        topics[topic] = topics[topic].plus(voice)
        campaigns[campaign_id] = campaigns[campaign_id].plus(voice)
        creatives[number] = creatives[number].plus(tally)
        sold[campaign_id] = sold[campaign_id].plus(tally)
    return ClickRates(everything, dict(topics), dict(campaigns), dict(creatives), dict(sold))


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

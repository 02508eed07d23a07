"""Which ad of a campaign is clicked more often, and how sure that is. Pure.

Each wording has a click rate that nobody knows; what is believed of it after its deliveries and clicks
is a Beta distribution, and intervals and chances are read from draws of it, the same at every look.
Says so when it is too early: a lead by chance is no lead. Ads are placed where each fits best, so
the two may have met different questions; the page says that too.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np
from numpy.typing import NDArray

# Fewer than these and the interval is wider than anything one could conclude from it.
LEAST_DELIVERED: Final = 200
LEAST_CLICKS: Final = 10
SURE: Final = 0.95
_DRAWS: Final = 20_000
_SEED: Final = 20_261_123


@dataclass(frozen=True, slots=True)
class Wording:
    """One version of a creative: ``Wording("crt_…", 2, "Arch One", delivered=1_200, clicks=18)``."""

    creative_id: str
    version: int
    title: str
    delivered: int
    clicks: int


@dataclass(frozen=True, slots=True)
class Standing:
    """A wording with its click rate: 95 % of what is believed lies between `low` and `high`."""

    wording: Wording
    rate: float | None
    low: float
    high: float
    chance_best: float


class Verdict(StrEnum):
    """What may be said."""

    ALONE = "alone"
    TOO_EARLY = "too_early"
    LEADS = "leads"
    EVEN = "even"


@dataclass(frozen=True, slots=True)
class Comparison:
    """The wordings, the likeliest best first, and one sentence about them."""

    standings: tuple[Standing, ...]
    verdict: Verdict
    words: str


def compared(wordings: Sequence[Wording]) -> Comparison:
    """Compare them; the same counts always give the same answer."""
    dice = np.random.default_rng(_SEED)
    shown = sorted(wordings, key=lambda one: (one.creative_id, one.version))
    draws = np.array([_believed(one, dice) for one in shown]).reshape(len(shown), _DRAWS)
    leads = draws.argmax(axis=0) if shown else np.empty(0, dtype=np.intp)
    best = np.bincount(leads, minlength=len(shown))
    standings = [
        Standing(
            one,
            one.clicks / one.delivered if one.delivered else None,
            low=round(float(np.quantile(drawn, 0.025)), 5),
            high=round(float(np.quantile(drawn, 0.975)), 5),
            chance_best=round(float(wins) / _DRAWS, 3),
        )
        for one, drawn, wins in zip(shown, draws, best, strict=True)
    ]
    standings.sort(key=lambda one: -one.chance_best)
    verdict = _verdict(standings)
    return Comparison(tuple(standings), verdict, _words(verdict, standings))


def chance(share: float) -> str:
    """``chance(0.634)`` is ``"63%"``; nothing is certain, and nothing is ruled out."""
    if share > 0.99:
        return "over 99%"
    return "under 1%" if share < 0.01 else f"{share:.0%}"


def _believed(one: Wording, dice: np.random.Generator) -> NDArray[np.float64]:
    missed = max(0, one.delivered - one.clicks)
    return dice.beta(one.clicks + 0.5, missed + 0.5, _DRAWS)


def _verdict(standings: Sequence[Standing]) -> Verdict:
    if len(standings) < 2:
        return Verdict.ALONE
    if _missing(standings):
        return Verdict.TOO_EARLY
    return Verdict.LEADS if standings[0].chance_best >= SURE else Verdict.EVEN


def _missing(standings: Sequence[Standing]) -> str:
    """What there is too little of; empty when there is enough."""
    fewest = min(one.wording.delivered for one in standings)
    clicks = sum(one.wording.clicks for one in standings)
    if fewest < LEAST_DELIVERED:
        return f"each ad needs {LEAST_DELIVERED} deliveries, and one has {fewest:,}"
    if clicks < LEAST_CLICKS:
        return f"it takes {LEAST_CLICKS} clicks in all, and there are {clicks}"
    return ""


def _words(verdict: Verdict, standings: Sequence[Standing]) -> str:
    match verdict:
        case Verdict.ALONE:
            return "Write a second ad, and both are compared here."
        case Verdict.TOO_EARLY:
            return f"Too early to tell: {_missing(standings)}."
        case Verdict.LEADS:
            first = standings[0]
            return (
                f"“{first.wording.title}” is clicked more often; "
                f"it is the best with a chance of {chance(first.chance_best)}."
            )
        case Verdict.EVEN:
            first = standings[0]
            return (
                "No difference yet that could not be chance. "
                f"“{first.wording.title}” is ahead, with a chance of {chance(first.chance_best)}."
            )

"""What an ad may expect at several bids, had it stood in the auctions that were held lately. Pure.

Each past turn about the ad's subject is decided again with the ad in it, by the very auction that
decides; how often it fits such a turn is estimated from questions about the subject that it was
tried against. Ranges hold 80 of 100 outcomes: they carry how few turns and questions there were,
that clicks come by chance, and that the ad's own click rate is not known yet. Under fifty past
turns nothing is said.

    ``landscape(turns, offered, days=3.5)`` → reach 90-210 a day; at $0.45: 40-110 shown, …
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import cycle
from typing import Final

import numpy as np
from numpy.typing import NDArray

from adserver.catalog.campaign import BidType
from adserver.decision.auction import Bid, clear, rate_of
from adserver.decision.click_rate import click_rate, quality
from adserver.decision.settings import DecisionSettings
from adserver.decision.vocabulary import Offer
from kernel.money import Micros

LEAST_TURNS: Final = 50
_SHARES_OF_BID: Final = (0.5, 0.75, 1.0, 1.5, 2.0)
_CENT: Final = 10_000
_DRAWS: Final = 2_000
_SEED: Final = 20_261_123
# An ad's own click rate lies within a factor of about two of what its relevance lets expect.
_CLICK_SHAPE: Final = 6.0
_CONVERSIONS: Final = 0.05
_OURS: Final = -1

Draws = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Range:
    """80 of 100 outcomes lie between `low` and `high`; `middle` is the median."""

    low: float
    middle: float
    high: float


@dataclass(frozen=True, slots=True)
class Point:
    """A day at one bid; `cost` is in micros, `is_own` marks the bid that stands in the campaign."""

    bid: Micros
    is_own: bool
    wins: float
    impressions: Range
    clicks: Range
    cost: Range


@dataclass(frozen=True, slots=True)
class Landscape:
    """`reach` is how many turns a day the ad fits; without enough turns there is only their number."""

    turns: int
    days: float
    reach: Range | None = None
    points: tuple[Point, ...] = ()


@dataclass(frozen=True, slots=True)
class PastTurn:
    """One turn about the subject; `reserve` is for a click, `rivals` are the best bids that stood."""

    country: str | None
    language: str | None
    seed: int
    reserve: Micros
    rivals: tuple[Bid, ...]


@dataclass(frozen=True, slots=True)
class Offered:
    """The ad: its offer, how closely it fitted where it did, and how many questions it was tried on."""

    offer: Offer
    fits: tuple[float, ...]
    tried: int
    daily_budget: Micros | None = None


def landscape(
    turns: Sequence[PastTurn], offered: Offered, *, days: float, settings: DecisionSettings
) -> Landscape:
    """What a day would bring."""
    about = [turn for turn in turns if _is_wanted(turn, offered.offer)]
    if len(about) < LEAST_TURNS or days <= 0 or not offered.tried:
        return Landscape(len(about), days)
    dice = np.random.default_rng(_SEED)
    missed = offered.tried - len(offered.fits)
    a_day = dice.gamma(len(about) + 0.5, 1 / days, _DRAWS)
    share = dice.beta(len(offered.fits) + 0.5, missed + 0.5, _DRAWS)
    reach = dice.poisson(a_day * share)
    points = [
        _point(about, offered, bid, reach=reach, settings=settings, dice=dice)
        for bid in _bids(offered.offer.bid)
    ]
    return Landscape(len(about), days, _range(reach.astype(np.float64)), tuple(points))


def _is_wanted(turn: PastTurn, offer: Offer) -> bool:
    in_country = not offer.countries or turn.country in offer.countries
    return in_country and (not offer.languages or turn.language in offer.languages)


def _bids(own: Micros) -> list[Micros]:
    """Around the campaign's own bid, in whole cents."""
    near = {max(_CENT, round(own.amount * share / _CENT) * _CENT) for share in _SHARES_OF_BID}
    return [Micros(amount) for amount in sorted(near | {own.amount})]


def _point(
    turns: Sequence[PastTurn],
    offered: Offered,
    bid: Micros,
    *,
    reach: NDArray[np.int64],
    settings: DecisionSettings,
    dice: np.random.Generator,
) -> Point:
    won, clicked, cost = 0, 0.0, 0.0
    for turn, fit in zip(turns, cycle(offered.fits), strict=False):
        own = _standing(offered.offer, bid, fit, turn, settings)
        rivals = [one for one in turn.rivals if one.advertiser_id != own.advertiser_id]
        cleared = clear([*rivals, own], seed=turn.seed)
        if cleared is not None and cleared.winner.number == _OURS:
            won += 1
            clicked += click_rate(fit)
            cost += cleared.price.amount * own.rate
    share = dice.beta(won + 0.5, len(turns) - won + 0.5, _DRAWS) if won else np.zeros(_DRAWS)
    shown = dice.binomial(reach, share).astype(np.float64)
    luck = dice.gamma(_CLICK_SHAPE, 1 / _CLICK_SHAPE, _DRAWS)
    each = max(won, 1)
    clicks = dice.poisson(shown * clicked / each * luck).astype(np.float64)
    # Clicks and conversions are paid for as they come, views as they are shown.
    by_views = offered.offer.bid_type is BidType.CPM
    spent = shown * cost / each if by_views else clicks * (cost / clicked if clicked else 0.0)
    if offered.daily_budget is not None:
        kept = np.minimum(1.0, offered.daily_budget.amount / np.maximum(spent, 1.0))
        shown, clicks, spent = shown * kept, clicks * kept, spent * kept
    return Point(
        bid,
        bid == offered.offer.bid,
        won / len(turns),
        _range(shown),
        _range(clicks),
        _range(spent),
    )


def _standing(
    offer: Offer, bid: Micros, fit: float, turn: PastTurn, settings: DecisionSettings
) -> Bid:
    rate = rate_of(offer.bid_type, click_rate=click_rate(fit), conversion_rate=_CONVERSIONS)
    reserve = settings.reserve_for(offer, turn.reserve)
    return Bid(_OURS, offer.advertiser_id, bid, rate, quality(fit), reserve)


def _range(draws: Draws) -> Range:
    low, middle, high = (float(one) for one in np.quantile(draws, (0.1, 0.5, 0.9)))
    return Range(low, middle, high)

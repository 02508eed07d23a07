"""Who wins the one slot of a turn, and what it will cost.

A quality-weighted second price: bids rank by what the paid event may cost × how likely it is ×
quality, and the winner pays the least that would still have won, never under its reserve and never
over its own bid. Clicks, thousands of impressions and conversions meet as what an impression is
expected to earn. For one slot this makes bidding one's true value the best strategy. The reserve is
unweighted: in money of the event that is paid for. An advertiser never competes with itself. Pure:
the tie-break is a draw from a recorded seed, so that an auction can be run again from its record.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from adserver.catalog.campaign import BidType
from kernel.money import ZERO, Micros

VERSION: Final = 2

# What we expect of an ad on a screen before anything is learned: seven of ten are seen.
SEEN_SHARE: Final = 0.7
_THOUSAND: Final = 1_000


@dataclass(frozen=True, slots=True)
class Bid:
    """One creative in the auction.

    `most` is the most that the paid event may cost, after pacing and budgets, and `rate` how often
    it happens per impression. ``Bid(7, "adv_a", Micros(400_000), rate=0.01, quality=1.2)`` scores
    4,800 micros per impression: an eCPM of $4.80.
    """

    number: int
    advertiser_id: str
    most: Micros
    rate: float
    quality: float
    reserve: Micros = ZERO

    @property
    def weight(self) -> float:
        """Expected good events per impression: what turns a price into a score."""
        return self.rate * self.quality

    @property
    def score(self) -> float:
        """Expected worth of an impression, in fractional micros."""
        return self.most.amount * self.weight


@dataclass(frozen=True, slots=True)
class Cleared:
    """The outcome: `price` is what the paid event will cost, fixed here and never recomputed."""

    winner: Bid
    price: Micros
    runner_up: Bid | None


def rate_of(bid_type: BidType, *, click_rate: float, conversion_rate: float) -> float:
    """How often an impression brings what is paid for; a CPM bid pays for a thousand at once."""
    match bid_type:
        case BidType.CPC:
            return click_rate
        case BidType.CPM:
            return SEEN_SHARE / _THOUSAND
        case BidType.CPA:
            return click_rate * conversion_rate


def most_for_an_event(bid: Micros, *, pace: float, room: Micros) -> Micros:
    """What the paid event may cost at most: the paced bid, or all that the budgets still bear."""
    paced = Micros.from_score(bid.amount * pace, cap=bid)
    return max(ZERO, min(paced, room))


def clear(bids: Iterable[Bid], *, seed: int) -> Cleared | None:
    """Run the auction; None when no bid reaches its reserve."""
    standing = [bid for bid in bids if bid.most >= bid.reserve and bid.weight > 0]
    winner = _best(standing, seed)
    if winner is None:
        return None
    rivals = [bid for bid in standing if bid.advertiser_id != winner.advertiser_id]
    runner_up = _best(rivals, seed)
    return Cleared(winner, _price(winner, runner_up), runner_up)


def _best(bids: Sequence[Bid], seed: int) -> Bid | None:
    top = max((bid.score for bid in bids), default=None)
    tied = [bid for bid in bids if bid.score == top]
    return min(tied, key=lambda bid: _draw(seed, bid.number), default=None)


def _price(winner: Bid, runner_up: Bid | None) -> Micros:
    to_beat = 0.0 if runner_up is None else runner_up.score / winner.weight
    return max(winner.reserve, Micros.from_score(to_beat, cap=winner.most))


def _draw(seed: int, number: int) -> bytes:
    # Equal scores are common: two creatives of one campaign at the same similarity. A draw that
    # depends on the decision shares the slot between them; the lower id would always win it.
    return hashlib.blake2b(b"%d:%d" % (seed, number), digest_size=8).digest()

"""Who wins the one slot of a turn, and what a click will cost.

A quality-weighted second price: bids rank by what a click may cost × how likely it is × quality,
and the winner pays the least that would still have won, never under the reserve and never over its
own bid. For one slot this makes bidding one's true value the best strategy. The reserve is per
click and unweighted. An advertiser never competes with itself. Pure: the tie-break is a draw from
a recorded seed, so that an auction can be run again from its record.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from kernel.money import Micros

VERSION: Final = 1


@dataclass(frozen=True, slots=True)
class Bid:
    """One creative in the auction.

    `most` is the most that a click may cost, after pacing and budgets. ``Bid(7, "adv_a",
    Micros(400_000), click_rate=0.01, quality=1.2)`` scores 4,800 micros per impression.
    """

    number: int
    advertiser_id: str
    most: Micros
    click_rate: float
    quality: float

    @property
    def weight(self) -> float:
        """Expected good clicks per impression: what turns a click price into a score."""
        return self.click_rate * self.quality

    @property
    def score(self) -> float:
        """Expected worth of an impression, in fractional micros."""
        return self.most.amount * self.weight


@dataclass(frozen=True, slots=True)
class Cleared:
    """The outcome: `price` is what a click on the winner costs, fixed here and never recomputed."""

    winner: Bid
    price: Micros
    runner_up: Bid | None


def most_for_a_click(bid: Micros, *, pace: float, room: Micros) -> Micros:
    """What a click may cost at most: the paced bid, or all that the budgets still bear."""
    paced = Micros.from_score(bid.amount * pace, cap=bid)
    return max(Micros(0), min(paced, room))


def clear(bids: Iterable[Bid], *, reserve: Micros, seed: int) -> Cleared | None:
    """Run the auction; None when no bid reaches the reserve."""
    standing = [bid for bid in bids if bid.most >= reserve and bid.weight > 0]
    winner = _best(standing, seed)
    if winner is None:
        return None
    rivals = [bid for bid in standing if bid.advertiser_id != winner.advertiser_id]
    runner_up = _best(rivals, seed)
    return Cleared(winner, _price(winner, runner_up, reserve), runner_up)


def _best(bids: Sequence[Bid], seed: int) -> Bid | None:
    top = max((bid.score for bid in bids), default=None)
    tied = [bid for bid in bids if bid.score == top]
    return min(tied, key=lambda bid: _draw(seed, bid.number), default=None)


def _price(winner: Bid, runner_up: Bid | None, reserve: Micros) -> Micros:
    to_beat = 0.0 if runner_up is None else runner_up.score / winner.weight
    return max(reserve, Micros.from_score(to_beat, cap=winner.most))


def _draw(seed: int, number: int) -> bytes:
    # Equal scores are common: two creatives of one campaign at the same similarity. A draw that
    # depends on the decision shares the slot between them; the lower id would always win it.
    return hashlib.blake2b(b"%d:%d" % (seed, number), digest_size=8).digest()

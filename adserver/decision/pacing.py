"""Spread a day's budget over the day by lowering bids, never by refusing at random.

The share of a bid that stands is ``1 / (1 + mu)``, where `mu` grows with how far spending runs
ahead of a straight plan. A function of the book alone: every worker computes the same, a restart
forgets nothing, and a decision can be replayed. The plan is complete after nine tenths of the day,
so that what is left is released and not lost. Paces, never caps: limits are the ledger's.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from kernel.money import Micros

VERSION: Final = 1

HEAD_START: Final = 0.05
DONE_AT: Final = 0.9
_GAIN: Final = 10.0


@dataclass(frozen=True, slots=True)
class Day:
    """The window of a daily budget and where it stands, expected clicks included.

    At 12:00 of a 24-hour day with $50 of $60 spent the plan is 61 %, so spending is 23 points
    ahead and bids stand at 31 %.
    """

    starts_at: datetime
    ends_at: datetime
    budget: Micros
    spent: Micros


def pace(day: Day, at: datetime) -> float:
    """The share of its bid that a campaign should offer now, over 0 and up to 1."""
    elapsed = (at - day.starts_at) / (day.ends_at - day.starts_at)
    if day.budget.amount <= 0 or elapsed >= DONE_AT:
        return 1.0
    ahead = day.spent.amount / day.budget.amount - planned(elapsed)
    return round(1.0 / (1.0 + _GAIN * max(0.0, ahead)), 4)


def planned(elapsed: float) -> float:
    """The share of the budget that may be gone when this share of the day has passed.

    The head start keeps the first clicks of a small budget from counting as a rush.
    """
    return min(1.0, HEAD_START + max(0.0, elapsed) / DONE_AT)

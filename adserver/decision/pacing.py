"""Spread a day's budget over the day by lowering bids, never by refusing at random.

The share of a bid that stands is ``1 / (1 + mu)``. `mu` is the price that the campaign puts on its
own budget: every five minutes it rises when more was spent than planned and falls when less was
(dual, or adaptive, pacing), in steps that shrink from day to day as it settles. The plan divides
what is left over the traffic that is still expected, by a daily curve learned from the days before,
and is complete when `DONE_AT` of the day has passed, so that what is left is released and not lost.
Paces, never caps: limits are the ledger's. Pure; the multiplier stands on every decision.
"""

import math
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final

from kernel.money import Micros

VERSION: Final = 2

SLOT: Final = timedelta(minutes=5)
DONE_AT: Final = 0.985
HOURS: Final = 24
# How far the logarithm of a bid moves when a whole budget was spent ahead of the plan.
_FIRST_STEP: Final = 40.0
_LAST_STEP: Final = 30.0
_LOWEST: Final = 0.02


@dataclass(frozen=True, slots=True)
class Day:
    """The window of a daily budget and where it stands, expected clicks included.

    At 12:00 of a 24-hour day with $50 of $60 spent, half of the traffic is still to come and a
    sixth of the money is left.
    """

    starts_at: datetime
    ends_at: datetime
    budget: Micros
    spent: Micros


@dataclass(frozen=True, slots=True)
class DailyCurve:
    """How much of a day's traffic comes in each hour of UTC; the shares need not add up to one."""

    by_hour: tuple[float, ...] = (1.0,) * HOURS

    def between(self, start: datetime, end: datetime) -> float:
        """The traffic from `start` to `end`, in hours of average traffic."""
        mean = sum(self.by_hour) / HOURS
        total, at = 0.0, start.astimezone(UTC)
        while at < end:
            full = (at + timedelta(hours=1)).replace(minute=0, second=0, microsecond=0)
            until = min(full, end.astimezone(UTC))
            total += self.by_hour[at.hour] * ((until - at) / timedelta(hours=1))
            at = until
        return total / mean if mean > 0 else (end - start) / timedelta(hours=1)


FLAT: Final = DailyCurve()


@dataclass(frozen=True, slots=True)
class Dial:
    """Where a campaign's multiplier stands: since when, what was spent by then, its how manyeth day."""

    mu: float
    since: datetime
    spent: Micros
    days: int = 0

    @property
    def pace(self) -> float:
        """The share of its bid that the campaign offers."""
        return round(1.0 / (1.0 + self.mu), 4)


def started(day: Day, at: datetime, curve: DailyCurve = FLAT) -> Dial:
    """The dial of a campaign that was not paced before."""
    return turned(Dial(0.0, day.starts_at, Micros(0)), day, at, curve)


def turned(dial: Dial, day: Day, at: datetime, curve: DailyCurve = FLAT) -> Dial:
    """The dial after the slots that have passed; the same dial while the present one lasts."""
    if dial.since < day.starts_at:
        # A new day begins with what the old one taught.
        dial = Dial(dial.mu, day.starts_at, Micros(0), dial.days + 1)
    if at - dial.since < SLOT or day.budget.amount <= 0:
        return dial
    planned = _planned(replace(day, spent=dial.spent), dial.since, at, curve)
    ahead = (day.spent.amount - dial.spent.amount - planned) / day.budget.amount
    step = max(_LAST_STEP, _FIRST_STEP / (1 + dial.days))
    share = math.exp(-math.log1p(dial.mu) - step * ahead)
    return Dial(1.0 / min(1.0, max(_LOWEST, share)) - 1.0, at, day.spent, dial.days)


def released(day: Day, at: datetime) -> bool:
    """Whether the plan is complete: from then on nothing holds a bid back."""
    return at >= day.starts_at + (day.ends_at - day.starts_at) * DONE_AT


def _planned(day: Day, since: datetime, at: datetime, curve: DailyCurve) -> float:
    """What should be spent from `since` to `at`: of what is left, the share of coming traffic."""
    left = day.budget.amount - day.spent.amount
    done = day.starts_at + (day.ends_at - day.starts_at) * DONE_AT
    if since >= done:
        return left
    coming = curve.between(since, done)
    return left * curve.between(since, min(at, done)) / coming if coming > 0 else 0.0

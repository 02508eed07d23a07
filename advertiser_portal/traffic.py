"""What ads brought: delivered, clicked, paid. The portal's view of the ad server's roll-ups.

A *delivered* ad was handed to the reader's application; nobody claims that it was looked at. Clicks
count every human click, billed clicks those that cost money; the difference is never charged.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from adserver.reports.breakdown import Dimension, Owner, report
from adserver.reports.numbers import NOTHING, Numbers
from kernel.money import ZERO, Micros


@dataclass(frozen=True)
class Traffic:
    """``Traffic(delivered=1_200, clicks=18, billed_clicks=17, spend=Micros(6_120_000))``."""

    delivered: int
    clicks: int
    billed_clicks: int
    spend: Micros
    conversions: int = 0

    def __add__(self, other: "Traffic") -> "Traffic":
        return Traffic(
            self.delivered + other.delivered,
            self.clicks + other.clicks,
            self.billed_clicks + other.billed_clicks,
            self.spend + other.spend,
            self.conversions + other.conversions,
        )


NO_TRAFFIC: Final = Traffic(0, 0, 0, ZERO)


@dataclass(frozen=True)
class Days:
    """One campaign's traffic in a period, and its spend day by day for the sparkline."""

    traffic: Traffic
    spend: tuple[Micros, ...]


async def traffic_of(
    session: AsyncSession, advertiser_id: str, *, since: datetime, until: datetime
) -> Mapping[str, Days]:
    """By campaign id, whole days of UTC; campaigns without traffic are missing."""
    first, end = _days(since, until)
    found = await report(
        session,
        Owner("advertiser", advertiser_id),
        Dimension.CAMPAIGN,
        since=first,
        until=end,
        by_day=True,
    )
    calendar = [first + timedelta(days=step) for step in range((end - first).days)]
    cells = {(row.value, row.day): row.numbers for row in found.rows}
    return {
        name: Days(
            _sum(cells.get((name, day), NOTHING) for day in calendar),
            tuple(cells.get((name, day), NOTHING).spend for day in calendar),
        )
        for name in {row.value for row in found.rows}
    }


async def creative_traffic_of(
    session: AsyncSession, advertiser_id: str, *, since: datetime, until: datetime
) -> dict[str, Traffic]:
    """The same by creative id."""
    first, end = _days(since, until)
    owner = Owner("advertiser", advertiser_id)
    found = await report(session, owner, Dimension.CREATIVE, since=first, until=end)
    return {row.value: _sum([row.numbers]) for row in found.rows}


def _days(since: datetime, until: datetime) -> tuple[date, date]:
    return since.astimezone(UTC).date(), until.astimezone(UTC).date() + timedelta(days=1)


def _sum(all_numbers: Iterable[Numbers]) -> Traffic:
    total = sum(all_numbers, start=NOTHING)
    return Traffic(total.delivered, total.clicks, total.billed, total.spend, total.conversions)

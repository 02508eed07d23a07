"""Reports: one set of daily rows, added up by campaign, creative or day.

The chart, the table, its total and the file come from the same rows. A campaign that was renamed
goes by its present name; what is no longer known keeps its id. Pure but for `report_of`.
"""

import csv
import io
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from adserver.catalog import queries
from adserver.reports.daily import DailyRow, daily
from advertiser_portal.periods import Period
from advertiser_portal.traffic import NO_TRAFFIC, Traffic
from web import formats

_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


class Dimension(StrEnum):
    """What a report is broken down by; the value stands in the address."""

    CAMPAIGN = "campaign"
    CREATIVE = "creative"
    DAY = "day"


@dataclass(frozen=True)
class Line:
    """One row of the table: ``Line("cmp_…", "Trail spring", Traffic(…))``."""

    key: str
    name: str
    traffic: Traffic


@dataclass(frozen=True)
class Report:
    """A report with its days; every line list adds up to the same total."""

    dimension: Dimension
    period: Period
    lines: tuple[Line, ...]
    days: tuple[Line, ...]

    @property
    def total(self) -> Traffic:
        """Everything together."""
        return sum((line.traffic for line in self.lines), NO_TRAFFIC)


async def report_of(
    session: AsyncSession,
    advertiser_id: str,
    *,
    dimension: Dimension,
    period: Period,
    at: datetime,
) -> Report:
    """The report of one advertiser."""
    rows = await daily(session, advertiser_id, period.since(at))
    campaigns = await queries.campaigns_of(session, advertiser_id)
    names = {one.campaign_id: one.terms.name for one in campaigns}
    titles = {
        creative.creative_id: creative.copy.title
        for one in campaigns
        for creative in await queries.creatives_of(session, one.campaign_id)
    }
    first = period.since(at).date()
    calendar = [first + timedelta(days=step) for step in range(period.days)]
    days = _days(rows, calendar)
    by: dict[Dimension, Callable[[], tuple[Line, ...]]] = {
        Dimension.CAMPAIGN: lambda: _lines(((row.campaign_id, row) for row in rows), names),
        Dimension.CREATIVE: lambda: _lines(((row.creative_id, row) for row in rows), titles),
        Dimension.DAY: lambda: days,
    }
    return Report(dimension, period, by[dimension](), days)


def as_csv(report: Report) -> str:
    """The table as a file. Cells that a spreadsheet would run as a formula are quoted as text."""
    written = io.StringIO()
    writer = csv.writer(written)
    writer.writerow(
        [
            report.dimension.value,
            "name",
            "delivered",
            "clicks",
            "billed_clicks",
            "click_rate",
            "cost_per_click_usd",
            "spend_usd",
            "spend_micros",
        ]
    )
    for line in (*report.lines, Line("total", "Total", report.total)):
        traffic = line.traffic
        each = formats.each(traffic.spend, traffic.billed_clicks)
        writer.writerow(
            [
                line.key,
                _harmless(line.name),
                traffic.delivered,
                traffic.clicks,
                traffic.billed_clicks,
                f"{traffic.clicks / traffic.delivered:.6f}" if traffic.delivered else "",
                formats.exact(each) if each else "",
                formats.exact(traffic.spend),
                traffic.spend.amount,
            ]
        )
    return written.getvalue()


def dimension_of(text: str) -> Dimension:
    """Read it from an address; anything unknown is by campaign."""
    return Dimension(text) if text in list(Dimension) else Dimension.CAMPAIGN


def _lines(keyed: Iterable[tuple[str, DailyRow]], names: Mapping[str, str]) -> tuple[Line, ...]:
    sums: dict[str, Traffic] = {}
    for key, row in keyed:
        sums[key] = sums.get(key, NO_TRAFFIC) + _traffic(row)
    lines = [Line(key, names.get(key, key), traffic) for key, traffic in sums.items()]
    return tuple(sorted(lines, key=lambda line: (-line.traffic.spend.amount, line.name, line.key)))


def _days(rows: Iterable[DailyRow], calendar: Iterable[date]) -> tuple[Line, ...]:
    sums: dict[date, Traffic] = dict.fromkeys(calendar, NO_TRAFFIC)
    for row in rows:
        # A day outside the calendar (a clock that ran ahead) is shown, never dropped.
        sums[row.day] = sums.get(row.day, NO_TRAFFIC) + _traffic(row)
    return tuple(
        Line(day.isoformat(), f"{day:%-d %b %Y}", traffic) for day, traffic in sorted(sums.items())
    )


def _traffic(row: DailyRow) -> Traffic:
    return Traffic(row.delivered, row.clicks, row.billed_clicks, row.spend)


def _harmless(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA) else text

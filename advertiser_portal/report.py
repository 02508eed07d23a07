"""Reports: one question to the roll-ups, and the table, the chart, the file and the API say its answer.

Numbers come from `adserver.reports` only, which makes them equal to the ledger to the micro and hides
cells too small to show. What is worked out here is rates. A comparison is the same question about
the days just before. A campaign goes by its present name; what is unknown keeps its id.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from adserver.catalog import queries
from adserver.catalog.categories import CATEGORIES
from adserver.catalog.iab import CONTENT, ENTRIES
from adserver.reports import breakdown
from adserver.reports.breakdown import Owner
from adserver.reports.numbers import NOTHING, Numbers
from kernel.errors import BadRequest
from kernel.money import Micros

LONGEST_DAYS: Final = 400


class Dimension(StrEnum):
    """What a report is broken down by; the value stands in the address."""

    CAMPAIGN = "campaign"
    CREATIVE = "creative"
    VERSION = "version"
    DAY = "day"
    FORMAT = "format"
    TOPIC = "topic"
    IAB = "iab"
    COUNTRY = "country"
    APP = "app"
    HOUR = "hour"

    @property
    def heading(self) -> str:
        """Above a column."""
        return _HEADINGS.get(self, self.value.capitalize())

    @property
    def hides_small_cells(self) -> bool:
        """Whether it is taken from conversations, so that small cells are added up as "other"."""
        return self not in _THEIR_OWN


_THEIR_OWN: Final = {
    *(Dimension.CAMPAIGN, Dimension.CREATIVE, Dimension.VERSION, Dimension.DAY, Dimension.FORMAT)
}
_HEADINGS: Final = {Dimension.IAB: "IAB topic", Dimension.VERSION: "Wording"}


@dataclass(frozen=True)
class Span:
    """Whole days in UTC, the last included: ``Span(date(2026, 11, 16), date(2026, 11, 22))``."""

    first: date
    last: date

    @property
    def days(self) -> int:
        """How many."""
        return (self.last - self.first).days + 1

    @property
    def before(self) -> "Span":
        """As many days, just before."""
        return Span(self.first - timedelta(days=self.days), self.first - timedelta(days=1))


@dataclass(frozen=True)
class Rates:
    """What follows from the numbers; None where there is nothing to divide by."""

    click_rate: float | None
    cost_per_click: Micros | None
    cost_per_mille: Micros | None
    return_on_spend: float | None


@dataclass(frozen=True)
class Line:
    """One row: its numbers, and those of the comparison where one is asked for."""

    key: str
    name: str
    numbers: Numbers
    before: Numbers | None = None


@dataclass(frozen=True)
class Report:
    """A table, its total, and every day of the period for the chart."""

    dimension: Dimension
    span: Span
    lines: tuple[Line, ...]
    total: Numbers
    total_before: Numbers | None
    days: tuple[Line, ...]


async def report_of(
    session: AsyncSession,
    advertiser_id: str,
    *,
    dimension: Dimension,
    span: Span,
    compare: bool = False,
    campaign_id: str | None = None,
) -> Report:
    """The report of one advertiser, or of one of their campaigns."""
    owner = Owner("advertiser", advertiser_id)
    days = await _daily(session, owner, span, campaign_id)
    days_before = await _daily(session, owner, span.before, campaign_id) if compare else None
    if dimension is Dimension.DAY:
        lines = _day_lines(days, days_before)
    else:
        by = breakdown.Dimension(dimension.value)
        now = await _cells(session, owner, by, span, campaign_id)
        before = await _cells(session, owner, by, span.before, campaign_id) if compare else None
        names = await _names(session, advertiser_id, dimension)
        if dimension is Dimension.VERSION:
            names = _wordings([*now, *(before or ())], names)
        lines = _lines(now, before, names)
    total_before = None if days_before is None else sum(days_before.values(), start=NOTHING)
    return Report(
        dimension,
        span,
        lines,
        sum(days.values(), start=NOTHING),
        total_before,
        _day_lines(days, days_before),
    )


def rates_of(numbers: Numbers) -> Rates:
    """``rates_of(Numbers(delivered=200, clicks=4, billed=4, spend=…))``; money is net of credits."""
    paid = numbers.net_spend
    return Rates(
        click_rate=numbers.clicks / numbers.delivered if numbers.delivered else None,
        cost_per_click=_each(paid, numbers.clicks),
        cost_per_mille=_each(paid * 1_000, numbers.delivered),
        return_on_spend=numbers.value.amount / paid.amount if paid.amount > 0 else None,
    )


def span_of(first: str, last: str, *, days: int, at: datetime) -> Span:
    """The days that an address names; `days` up to today where it names none. Raises BadRequest."""
    today = at.astimezone(UTC).date()
    if not first and not last:
        return Span(today - timedelta(days=days - 1), today)
    try:
        end = date.fromisoformat(last) if last else today
        span = Span(date.fromisoformat(first) if first else end, end)
    except ValueError:
        raise BadRequest("Give days such as 2026-11-01.", param="from") from None
    if not 1 <= span.days <= LONGEST_DAYS or span.first.year < 2020 or span.last.year > 2200:
        raise BadRequest(f"A report covers 1 to {LONGEST_DAYS} days.", param="from")
    return span


def dimension_of(text: str) -> Dimension:
    """Read it from an address; anything unknown is by campaign."""
    return Dimension(text) if text in list(Dimension) else Dimension.CAMPAIGN


async def _daily(
    session: AsyncSession, owner: Owner, span: Span, campaign_id: str | None
) -> dict[date, Numbers]:
    until = span.last + timedelta(days=1)
    return await breakdown.by_day(
        session, owner, since=span.first, until=until, campaign_id=campaign_id
    )


async def _cells(
    session: AsyncSession,
    owner: Owner,
    by: breakdown.Dimension,
    span: Span,
    campaign_id: str | None,
) -> dict[str, Numbers]:
    until = span.last + timedelta(days=1)
    found = await breakdown.report(
        session, owner, by, since=span.first, until=until, campaign_id=campaign_id
    )
    return {row.value: row.numbers for row in found.rows}


async def _names(
    session: AsyncSession, advertiser_id: str, dimension: Dimension
) -> Mapping[str, str]:
    if dimension is Dimension.TOPIC:
        return {**CATEGORIES, "other": "Other topics", "": "No topic known"}
    if dimension is Dimension.IAB:
        entries = {f"{CONTENT}:{one.content_id}": one.content for one in ENTRIES.values()}
        return {**entries, "other": "Other topics", "": "No topic known"}
    if dimension is Dimension.CAMPAIGN:
        found = await queries.campaigns_of(session, advertiser_id)
        return {one.campaign_id: one.terms.name for one in found}
    if dimension in (Dimension.CREATIVE, Dimension.VERSION):
        return await queries.titles_of(session, advertiser_id)
    return {"other": "Other", "": "Unknown"}


def _wordings(keys: Iterable[str], titles: Mapping[str, str]) -> dict[str, str]:
    """``{"crt_… 2": "Arch One, version 2"}``; the title is the present one."""
    parts = {key: key.partition(" ") for key in keys}
    return {
        key: f"{titles.get(creative_id, creative_id)}, version {number}"
        for key, (creative_id, _, number) in parts.items()
    }


def _lines(
    now: Mapping[str, Numbers], before: Mapping[str, Numbers] | None, names: Mapping[str, str]
) -> tuple[Line, ...]:
    keys = dict.fromkeys([*now, *(before or ())])
    lines = [
        Line(
            key,
            names.get(key, key),
            now.get(key, NOTHING),
            None if before is None else before.get(key, NOTHING),
        )
        for key in keys
    ]
    order: Callable[[Line], tuple[bool, int, int, str]] = lambda line: (  # noqa: E731
        line.key in ("other", ""),
        -line.numbers.spend.amount,
        -line.numbers.delivered,
        line.key,
    )
    return tuple(sorted(lines, key=order))


def _day_lines(
    days: Mapping[date, Numbers], before: Mapping[date, Numbers] | None
) -> tuple[Line, ...]:
    then = [None] * len(days) if before is None else list(before.values())
    return tuple(
        Line(day.isoformat(), f"{day:%-d %b %Y}", numbers, earlier)
        for (day, numbers), earlier in zip(days.items(), then, strict=True)
    )


def _each(amount: Micros, times: int) -> Micros | None:
    return Micros(round(amount.amount / times)) if times else None

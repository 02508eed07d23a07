"""Reports of an advertiser or a publisher: one table, one dimension.

Campaign, creative, version, format and day are the owner's own and shown as they are. Topic (by our
name or IAB's), country, app and hour come from conversations: they are shown through
`adserver.reports.suppression` only. The days are
those of one time zone, which belongs to the owner and is not for a reader to choose: two grids of
days would show their differences, hour by hour.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Final, Literal
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from adserver.catalog.iab import content_id_of
from adserver.reports import days
from adserver.reports.numbers import NOTHING, Numbers
from adserver.reports.suppression import Cell, published
from adserver.reports.tables import DayCellRow, DayRow, FactRow


class Dimension(StrEnum):
    """What the rows of a table stand for."""

    CAMPAIGN = "campaign"
    CREATIVE = "creative"
    VERSION = "version"
    FORMAT = "format"
    TOPIC = "topic"
    IAB = "iab"
    COUNTRY = "country"
    APP = "app"
    HOUR = "hour"

    @property
    def is_suppressed(self) -> bool:
        """Whether small cells of it are hidden."""
        return self not in _THEIR_OWN


_THEIR_OWN: Final = {*(Dimension.CAMPAIGN, Dimension.CREATIVE, Dimension.VERSION, Dimension.FORMAT)}


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose report: ``Owner("advertiser", "adv_…")`` or ``Owner("publisher", "pub_…")``."""

    kind: Literal["advertiser", "publisher"]
    owner_id: str


@dataclass(frozen=True, slots=True)
class ReportRow:
    """One row; `day` is None where the table is not by day."""

    value: str
    numbers: Numbers
    day: date | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """A table with its sum."""

    rows: tuple[ReportRow, ...]
    total: Numbers


async def report(
    session: AsyncSession,
    owner: Owner,
    by: Dimension,
    *,
    since: date,
    until: date,
    time_zone: str = "UTC",
    by_day: bool = False,
    campaign_id: str | None = None,
) -> Report:
    """From `since` up to and without `until`, days of `time_zone`; of one campaign, if named."""
    asked = _Asked(owner, by, campaign_id)
    if time_zone == "UTC":
        shown = await _cells_of_days(session, asked, since, until)
    else:
        shown = await _cells_of_slots(session, asked, _days(since, until), until, time_zone)
    if by is Dimension.IAB:
        # Renamed once what is small is hidden: the table differs from that of topics in names only.
        shown = [replace(cell, value=content_id_of(cell.value)) for cell in shown]
    return _added_up(shown, by_day=by_day)


async def by_day(
    session: AsyncSession,
    owner: Owner,
    *,
    since: date,
    until: date,
    time_zone: str = "UTC",
    campaign_id: str | None = None,
) -> dict[date, Numbers]:
    """Each day of the period, the empty ones too: what a chart is drawn from."""
    found = await report(
        session,
        owner,
        Dimension.CAMPAIGN,
        since=since,
        until=until,
        time_zone=time_zone,
        by_day=True,
        campaign_id=campaign_id,
    )
    days = dict.fromkeys(_days(since, until), NOTHING)
    for row in found.rows:
        if row.day is not None:
            days[row.day] += row.numbers
    return days


@dataclass(frozen=True, slots=True)
class _Asked:
    """Whose cells, of what."""

    owner: Owner
    by: Dimension
    campaign_id: str | None

    @property
    def column(self) -> str:
        """What is added up: IAB's topics are ours under other names."""
        return (Dimension.TOPIC if self.by is Dimension.IAB else self.by).value

    def published(self, cells: list[Cell]) -> list[Cell]:
        """What may be shown of cells that are as small as they are."""
        return published(cells) if self.by.is_suppressed else cells

    def among(self, table: type[FactRow | DayCellRow]) -> list[sa.ColumnElement[bool]]:
        is_paying = self.owner.kind == "advertiser"
        mine = table.advertiser_id if is_paying else table.publisher_id
        which: list[sa.ColumnElement[bool]] = [mine == self.owner.owner_id]
        if self.campaign_id is not None:
            which.append(table.campaign_id == self.campaign_id)
        return which


async def _cells_of_days(
    session: AsyncSession, asked: _Asked, since: date, until: date
) -> list[Cell]:
    """What may be shown, of the days that are added up, and of the facts of those that are not."""
    built = await days.built_days(session, since, until)
    shown = await _added_up_before(session, asked, since, until) if built else []
    ranges = days.unbuilt_ranges(since, until, built)
    if ranges:
        shown += asked.published(await _from_facts(session, asked, ranges))
    return shown


async def _added_up_before(
    session: AsyncSession, asked: _Asked, since: date, until: date
) -> list[Cell]:
    rows = await session.execute(
        sa.select(DayCellRow.day, DayCellRow.value.label("cell"), *days.sums_of_cells())
        .join(DayRow, (DayRow.day == DayCellRow.day) & DayRow.built_at.is_not(None))
        .where(
            *asked.among(DayCellRow),
            DayCellRow.dimension == asked.column,
            DayCellRow.day >= since,
            DayCellRow.day < until,
        )
        .group_by(DayCellRow.day, DayCellRow.value)
    )
    return [Cell(row.day, "", row.cell, days.numbers_of(row)) for row in rows]


async def _from_facts(
    session: AsyncSession, asked: _Asked, ranges: Sequence[tuple[date, date]]
) -> list[Cell]:
    """By day; by slot where the hour is asked for."""
    spans = [(days.midnight(first), days.midnight(end)) for first, end in ranges]
    single = [day for first, end in ranges for day in _days(first, end)]
    by_hour = asked.by is Dimension.HOUR
    numbered = sa.case(
        *((FactRow.slot >= days.midnight(day), at) for at, day in reversed([*enumerate(single)])),
        else_=0,
    )
    cell = FactRow.slot if by_hour else days.OF_FACTS[asked.column]
    rows = await session.execute(
        sa.select(
            numbered.label("numbered"),
            FactRow.campaign_id,
            FactRow.publisher_id,
            cell.label("cell"),
            *days.sums(),
        )
        .where(
            *asked.among(FactRow),
            sa.or_(*((FactRow.slot >= first) & (FactRow.slot < end) for first, end in spans)),
        )
        .group_by(sa.text("numbered"), FactRow.campaign_id, FactRow.publisher_id, sa.text("cell"))
    )
    found: defaultdict[tuple[date, str, str], Numbers] = defaultdict(Numbers)
    for row in rows:
        value = f"{row.cell.astimezone(UTC):%H}:00" if by_hour else row.cell
        # Suppression looks at the cells of one campaign on one publisher's ground: whoever reads
        # both sides' tables cannot take one from the other.
        group = f"{row.campaign_id} {row.publisher_id}"
        found[single[row.numbered], group, value] += days.numbers_of(row)
    return [Cell(*key, numbers) for key, numbers in found.items()]


async def _cells_of_slots(
    session: AsyncSession, asked: _Asked, all_days: Sequence[date], until: date, time_zone: str
) -> list[Cell]:
    """Days of any zone, from the facts alone."""
    zone, by_hour = ZoneInfo(time_zone), asked.by is Dimension.HOUR
    edges = [datetime.combine(day, time(), zone).astimezone(UTC) for day in (*all_days, until)]
    cell = FactRow.slot if by_hour else days.OF_FACTS[asked.column]
    rows = await session.execute(
        sa.select(
            FactRow.slot,
            FactRow.campaign_id,
            FactRow.publisher_id,
            cell.label("cell"),
            *days.sums(),
        )
        .where(*asked.among(FactRow), FactRow.slot >= edges[0], FactRow.slot < edges[-1])
        .group_by(FactRow.slot, FactRow.campaign_id, FactRow.publisher_id, sa.text("cell"))
    )
    found: defaultdict[tuple[date, str, str], Numbers] = defaultdict(Numbers)
    for row in rows:
        day = edges[bisect_right(edges, row.slot) - 1].astimezone(zone).date()
        value = f"{row.slot.astimezone(zone):%H}:00" if by_hour else row.cell
        found[day, f"{row.campaign_id} {row.publisher_id}", value] += days.numbers_of(row)
    return asked.published([Cell(*key, numbers) for key, numbers in found.items()])


def _added_up(cells: Iterable[Cell], *, by_day: bool) -> Report:
    rows: defaultdict[tuple[date | None, str], Numbers] = defaultdict(Numbers)
    for cell in cells:
        rows[cell.day if by_day else None, cell.value] += cell.numbers
    ordered = sorted(rows, key=lambda key: (key[0] or date.min, key[1]))
    return Report(
        tuple(ReportRow(value, rows[day, value], day) for day, value in ordered),
        sum(rows.values(), start=NOTHING),
    )


def _days(since: date, until: date) -> list[date]:
    return [since + timedelta(days=number) for number in range((until - since).days)]

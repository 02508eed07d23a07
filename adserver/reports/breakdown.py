"""Reports of an advertiser or a publisher: one table, one dimension.

Campaign, creative, format and day are the owner's own and shown as they are. Topic (by our name or
IAB's), country, app and hour come from conversations: they are shown through `adserver.reports.suppression` only. The days are
those of one time zone, which belongs to the owner and is not for a reader to choose: two grids of
days would show their differences, hour by hour.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Any, Final, Literal
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from adserver.catalog.iab import content_id_of
from adserver.reports.numbers import NAMES, NOTHING, Numbers
from adserver.reports.suppression import Cell, published
from adserver.reports.tables import FactRow
from kernel.money import Micros


class Dimension(StrEnum):
    """What the rows of a table stand for."""

    CAMPAIGN = "campaign"
    CREATIVE = "creative"
    FORMAT = "format"
    TOPIC = "topic"
    IAB = "iab"
    COUNTRY = "country"
    APP = "app"
    HOUR = "hour"

    @property
    def is_suppressed(self) -> bool:
        """Whether small cells of it are hidden."""
        return self not in {Dimension.CAMPAIGN, Dimension.CREATIVE, Dimension.FORMAT}


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
    days, zone = _days(since, until), ZoneInfo(time_zone)
    edges = [datetime.combine(day, time(), zone).astimezone(UTC) for day in (*days, until)]
    which = [
        _MINE[owner.kind] == owner.owner_id,
        FactRow.slot >= edges[0],
        FactRow.slot < edges[-1],
    ]
    if campaign_id is not None:
        which.append(FactRow.campaign_id == campaign_id)
    facts = await _facts(session, by, which)
    cells = _by_day(facts, by, edges, zone)
    shown = published(cells) if by.is_suppressed else cells
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


_COLUMNS: Final = {
    Dimension.CAMPAIGN: FactRow.campaign_id,
    Dimension.CREATIVE: FactRow.creative_id,
    Dimension.FORMAT: FactRow.format,
    Dimension.TOPIC: FactRow.topic,
    Dimension.IAB: FactRow.topic,
    Dimension.COUNTRY: FactRow.country,
    Dimension.APP: FactRow.app_id,
    Dimension.HOUR: FactRow.slot,
}
_MINE: Final = {"advertiser": FactRow.advertiser_id, "publisher": FactRow.publisher_id}
_MONEY: Final = {name: f"{name}_micros" for name in ("spend", "credited", "earned", "value")}
_SUMS: Final = [
    sa.func.sum(sa.type_coerce(getattr(FactRow, _MONEY.get(name, name)), sa.BigInteger)).label(name)
    for name in NAMES
]


async def _facts(
    session: AsyncSession, by: Dimension, which: Sequence[sa.ColumnElement[bool]]
) -> Sequence[Any]:
    keys = [FactRow.slot, FactRow.campaign_id, FactRow.publisher_id]
    grouped = dict.fromkeys([*keys, _COLUMNS[by]])
    query = sa.select(*keys, _COLUMNS[by].label("cell"), *_SUMS).where(*which).group_by(*grouped)
    return (await session.execute(query)).all()


def _by_day(
    facts: Iterable[Any], by: Dimension, edges: Sequence[datetime], zone: ZoneInfo
) -> list[Cell]:
    found: defaultdict[tuple[date, str, str], Numbers] = defaultdict(Numbers)
    for fact in facts:
        day = edges[bisect_right(edges, fact.slot) - 1].astimezone(zone).date()
        value = f"{fact.slot.astimezone(zone):%H}:00" if by is Dimension.HOUR else fact.cell
        # Suppression looks at the cells of one campaign on one publisher's ground: whoever reads
        # both sides' tables cannot take one from the other.
        group = f"{fact.campaign_id} {fact.publisher_id}"
        found[day, group, value] += _numbers(fact)
    return [Cell(*key, numbers) for key, numbers in found.items()]


def _numbers(fact: Any) -> Numbers:
    read: dict[str, Any] = {name: int(getattr(fact, name)) for name in NAMES}
    return Numbers(**(read | {name: Micros(read[name]) for name in _MONEY}))


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

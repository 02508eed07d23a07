"""Finished days added up, so that a report of a month reads thousands of rows and not millions.

A day's cells are sums of its facts and nothing else; where small cells are hidden they are hidden
here already. They are thrown away when a slot of the day is built anew, and added up again when the
worker comes by. Days that are not added up, today first of all, are read from the facts, so a
report never depends on it. Days here are those of UTC.
"""

from collections import defaultdict
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from adserver.once import insert_each_once
from adserver.reports.numbers import NAMES, Numbers
from adserver.reports.suppression import Cell, published
from adserver.reports.tables import DayCellRow, DayRow, FactRow, WindowRow
from kernel.clock import Clock
from kernel.database import Database, WriteSession
from kernel.money import Micros
from ledger.rows import insert_rows
from ledger.tables import rows_of

MONEY: Final = {name: f"{name}_micros" for name in ("spend", "credited", "earned", "value")}
COLUMNS: Final = tuple(MONEY.get(name, name) for name in NAMES)
#: Dimensions that are taken from conversations.
HIDES_SMALL: Final = ("topic", "country", "app", "hour")
#: What the cells of each dimension stand for; hours are cut from the slots.
OF_FACTS: Final[dict[str, Any]] = {
    "campaign": FactRow.campaign_id,
    "creative": FactRow.creative_id,
    "version": FactRow.creative_id + " " + sa.cast(FactRow.creative_version, sa.String),
    "format": FactRow.format,
    "topic": FactRow.topic,
    "country": FactRow.country,
    "app": FactRow.app_id,
}
_NAMED: Final = dict(zip(NAMES, COLUMNS, strict=True))
_OWNERS: Final = ("advertiser_id", "publisher_id", "campaign_id")
_DAY: Final = timedelta(days=1)


def midnight(day: date) -> datetime:
    """When a day begins."""
    return datetime.combine(day, time(), UTC)


def sums() -> list[sa.Label[int]]:
    """Every number of the facts, added up."""
    return [
        sa.func.sum(sa.type_coerce(getattr(FactRow, column), sa.BigInteger)).label(name)
        for name, column in _NAMED.items()
    ]


async def touch(tx: WriteSession, day: date) -> None:
    """A slot of the day was built: what was added up is out of date."""
    await insert_each_once(tx, DayRow, [{"day": day, "touched": 0, "built_at": None}])
    was_built = await tx.scalar(
        sa.select(DayRow.built_at).where(DayRow.day == day, DayRow.built_at.is_not(None))
    )
    await tx.execute(
        sa.update(DayRow).where(DayRow.day == day).values(touched=DayRow.touched + 1, built_at=None)
    )
    if was_built is not None:
        await tx.execute(sa.delete(DayCellRow).where(DayCellRow.day == day))


async def add_up_finished(database: Database, clock: Clock, *, most: int = 2) -> int:
    """Add up finished days, the newest first; returns how many."""
    today = clock.now().astimezone(UTC).date()
    async with database.reading() as session:
        waiting = await session.scalars(
            sa.select(DayRow.day)
            .where(DayRow.built_at.is_(None), DayRow.day < today)
            .order_by(DayRow.day.desc())
            .limit(most)
        )
        days = list(waiting)
    for day in days:
        async with database.writing() as tx:
            await _add_up(tx, day, clock)
    return len(days)


async def know_older_days(database: Database) -> None:
    """Name the days of facts that were built before days were added up."""
    async with database.reading() as session:
        if await session.scalar(sa.select(DayRow.day).limit(1)) is not None:
            return
        slots = await session.scalars(sa.select(WindowRow.slot))
        days = sorted({slot.astimezone(UTC).date() for slot in slots})
    async with database.writing() as tx:
        rows = [{"day": day, "touched": 0, "built_at": None} for day in days]
        await insert_each_once(tx, DayRow, rows)


async def built_days(session: AsyncSession, since: date, until: date) -> set[date]:
    """Which days of the period are added up."""
    found = await session.scalars(
        sa.select(DayRow.day).where(
            DayRow.day >= since, DayRow.day < until, DayRow.built_at.is_not(None)
        )
    )
    return set(found)


def unbuilt_ranges(since: date, until: date, built: set[date]) -> list[tuple[date, date]]:
    """The days that are not added up, as ranges without their end."""
    ranges: list[tuple[date, date]] = []
    for number in range((until - since).days):
        day = since + timedelta(days=number)
        if day in built:
            continue
        if ranges and ranges[-1][1] == day:
            ranges[-1] = (ranges[-1][0], day + _DAY)
        else:
            ranges.append((day, day + _DAY))
    return ranges


async def _add_up(tx: WriteSession, day: date, clock: Clock) -> None:
    # Of two workers one waits here, and then finds the work done.
    built = await tx.scalar(sa.select(DayRow.built_at).where(DayRow.day == day).with_for_update())
    if built is not None:
        return
    await tx.execute(sa.delete(DayCellRow).where(DayCellRow.day == day))
    for dimension in (*OF_FACTS, "hour"):
        if dimension in HIDES_SMALL:
            await _write_published(tx, day, dimension)
        else:
            await _write_sums(tx, day, dimension)
    await tx.execute(sa.update(DayRow).where(DayRow.day == day).values(built_at=clock.now()))


def _of_day(day: date, cell: Any) -> sa.Select[Any]:
    """The facts of a day by owners and `cell`."""
    owners = [getattr(FactRow, name) for name in _OWNERS]
    return (
        sa.select(*owners, cell.label("cell"), *sums())
        .where(FactRow.slot >= midnight(day), FactRow.slot < midnight(day) + _DAY)
        .group_by(*owners, sa.text("cell"))
    )


async def _write_sums(tx: WriteSession, day: date, dimension: str) -> None:
    cells = _of_day(day, OF_FACTS[dimension]).subquery()
    known = (sa.literal(day), sa.literal(dimension))
    await tx.execute(
        sa.insert(DayCellRow).from_select(
            ["day", "dimension", *_OWNERS, "value", *COLUMNS], sa.select(*known, *cells.c)
        )
    )


async def _write_published(tx: WriteSession, day: date, dimension: str) -> None:
    """Small cells of a campaign on a publisher's ground become one, as in any report."""
    by_hour = dimension == "hour"
    found: defaultdict[tuple[str, str], Numbers] = defaultdict(Numbers)
    owners: dict[str, dict[str, str]] = {}
    for row in await tx.execute(_of_day(day, FactRow.slot if by_hour else OF_FACTS[dimension])):
        value = f"{row.cell.astimezone(UTC):%H}:00" if by_hour else row.cell
        group = f"{row.advertiser_id} {row.publisher_id} {row.campaign_id}"
        owners[group] = {name: getattr(row, name) for name in _OWNERS}
        found[group, value] += numbers_of(row)
    cells = published(Cell(day, group, value, one) for (group, value), one in found.items())
    rows = [
        {"day": day, "dimension": dimension, "value": cell.value, **owners[cell.group]}
        | {column: getattr(cell.numbers, name) for name, column in _NAMED.items()}
        for cell in cells
    ]
    await insert_rows(tx, rows_of(DayCellRow), rows)


def numbers_of(row: Any) -> Numbers:
    """A row's numbers, wherever they were added up."""
    read: dict[str, Any] = {name: int(getattr(row, name)) for name in NAMES}
    return Numbers(**(read | {name: Micros(read[name]) for name in MONEY}))


def sums_of_cells() -> list[sa.Label[int]]:
    """Every number of the cells, added up."""
    return [
        sa.func.sum(sa.type_coerce(getattr(DayCellRow, column), sa.BigInteger)).label(name)
        for name, column in _NAMED.items()
    ]

"""Build the facts of reports from the events and the ledger, slot by slot.

A slot is thrown away and counted anew in one transaction, so that building it twice is building it
once and what changes late is right after the next build. Counts come from steps, money from ledger
groups by the moment of their booking: the sum of any days equals the ledger's, to the micro. Slots
older than the events that are kept stay as they are.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from adserver.events.tables import ConversionRow, DecisionRow, InvalidRow, StepRow
from adserver.once import insert_each_once
from adserver.reports import days
from adserver.reports.fact_sources import SOURCES, facts
from adserver.reports.numbers import NAMES
from adserver.reports.tables import FactRow, WindowRow
from kernel.clock import Clock
from kernel.database import Database, WriteSession
from ledger.rows import insert_rows
from ledger.tables import LedgerGroup, rows_of

SLOT: Final = timedelta(minutes=15)
# Rows are written moments after what they tell of: the last slots are looked at again.
_LOOK_BACK: Final = timedelta(minutes=20)
_MONEY: Final = {"spend", "credited", "earned", "value"}


def slot_of(at: datetime) -> datetime:
    """The slot that a moment lies in."""
    return at.replace(minute=at.minute // 15 * 15, second=0, microsecond=0)


async def touch(tx: WriteSession, moments: Iterable[datetime]) -> None:
    """Say that something of these moments has changed; their slots are built anew."""
    slots = sorted({slot_of(at) for at in moments})
    await insert_each_once(tx, WindowRow, [{"slot": slot, "built_at": None} for slot in slots])
    await tx.execute(sa.update(WindowRow).where(WindowRow.slot.in_(slots)).values(built_at=None))


async def catch_up(database: Database, clock: Clock) -> int:
    """Build what is new or was touched; returns how many slots that were."""
    async with database.reading() as session:
        last = await session.scalar(
            sa.select(sa.func.max(WindowRow.slot)).where(WindowRow.built_at.is_not(None))
        )
        touched = await session.scalars(
            sa.select(WindowRow.slot).where(WindowRow.built_at.is_(None))
        )
        since = None if last is None else slot_of(min(last, clock.now() - _LOOK_BACK))
        slots = {*touched, *await _busy_slots(session, since)}
    built = await _build_all(database, slots, clock)
    await days.add_up_finished(database, clock)
    return built


async def rebuild(database: Database, clock: Clock) -> int:
    """Count everything that events are kept for anew; returns how many slots that were."""
    async with database.reading() as session:
        first = await session.scalar(sa.select(sa.func.min(DecisionRow.created_at)))
        if first is None:
            return 0
        built = await session.scalars(
            sa.select(WindowRow.slot).where(WindowRow.slot >= slot_of(first))
        )
        slots = {*built, *await _busy_slots(session, slot_of(first))}
    return await _build_all(database, slots, clock)


async def _build_all(database: Database, slots: set[datetime], clock: Clock) -> int:
    for slot in sorted(slots):
        async with database.writing() as tx:
            await build(tx, slot, clock=clock)
    return len(slots)


async def _busy_slots(session: AsyncSession, since: datetime | None) -> list[datetime]:
    """The slots from `since` on in which anything happened, found by leaps along the indexes."""
    found: list[datetime] = []
    moments = (StepRow.at, ConversionRow.at, InvalidRow.at, LedgerGroup.created_at)
    while True:
        heads = [
            await session.scalar(
                sa.select(sa.func.min(moment)).where(
                    sa.true() if since is None else moment >= since
                )
            )
            for moment in moments
        ]
        following = min((head for head in heads if head is not None), default=None)
        if following is None:
            return found
        found.append(slot_of(following))
        since = found[-1] + SLOT


async def build(tx: WriteSession, slot: datetime, *, clock: Clock) -> None:
    """Count one slot anew."""
    found = facts()
    for source in SOURCES:
        await source(tx, found, slot, slot + SLOT)
    await tx.execute(sa.delete(FactRow).where(FactRow.slot == slot))
    rows = [
        {"slot": slot}
        | key._asdict()
        | {f"{name}_micros" if name in _MONEY else name: getattr(numbers, name) for name in NAMES}
        for key, numbers in sorted(found.items())
    ]
    await insert_rows(tx, rows_of(FactRow), rows)
    await days.touch(tx, slot.astimezone(UTC).date())
    await insert_each_once(tx, WindowRow, [{"slot": slot, "built_at": clock.now()}])
    await tx.execute(
        sa.update(WindowRow).where(WindowRow.slot == slot).values(built_at=clock.now())
    )

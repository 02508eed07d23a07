"""Slices of the day's budget, in the database: drawn, reported, given back, or booked as lost.

    window   drawn + x ≤ limit, by a guarded update: no two workers can draw the same money
    slice    amount ─ spent = what its worker may still spend; expires unless the worker says it lives

A slice whose worker was killed is lost when it expires: whatever no row explains is booked as
unattributed and stays drawn. A row that comes late takes its cost out of that again.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from api.tables import SpendSlice, SpendWindow
from kernel.database import WriteSession, insert_into
from kernel.money import ZERO, Micros


@dataclass(frozen=True, slots=True)
class Wanted:
    """``Wanted("slc_1", "2026-11-23", Micros(350_000), limit, expires_at)``."""

    slice_id: str
    day: str
    amount: Micros
    limit: Micros
    expires_at: datetime


async def draw(tx: WriteSession, wanted: Wanted) -> Micros:
    """Add to a worker's slice; what was granted, which may be less or nothing."""
    await _open_window(tx, wanted)
    granted = await _take(tx, wanted.day, wanted.amount)
    if not granted:
        row = (
            await tx.execute(
                sa.select(SpendWindow.limit_micros, SpendWindow.drawn_micros).where(
                    SpendWindow.day == wanted.day
                )
            )
        ).one()
        granted = await _take(tx, wanted.day, row[0] - row[1])
    if granted:
        await _grow(tx, wanted, granted)
    return granted


async def note_spent(tx: WriteSession, spent: Mapping[str, int]) -> None:
    """Take the cost of rows, by slice, into the slices; call it in the rows' transaction."""
    for slice_id in sorted(spent):
        cost = spent[slice_id]
        left = SpendSlice.unattributed_micros - cost
        await tx.execute(
            sa.update(SpendSlice)
            .where(SpendSlice.id == slice_id)
            .values(
                spent_micros=SpendSlice.spent_micros + cost,
                unattributed_micros=sa.case((left > 0, left), else_=0),
            )
        )


async def say_alive(tx: WriteSession, slice_id: str, expires_at: datetime) -> bool:
    """Whether the slice is still ours; then it lives until `expires_at`."""
    query = sa.update(SpendSlice).where(SpendSlice.id == slice_id, SpendSlice.state == "open")
    return _rows(await tx.execute(query.values(expires_at=expires_at))) == 1


async def give_back(tx: WriteSession, slice_id: str) -> Micros:
    """End a slice; what was not spent may be drawn by others. A second time gives nothing."""
    query = sa.select(SpendSlice).where(SpendSlice.id == slice_id, SpendSlice.state == "open")
    row = await tx.scalar(query.with_for_update())
    if row is None:
        return ZERO
    unused = max(0, row.amount_micros.amount - row.spent_micros.amount)
    row.state = "returned"
    await tx.execute(
        sa.update(SpendWindow)
        .where(SpendWindow.day == row.day)
        .values(drawn_micros=SpendWindow.drawn_micros - unused)
    )
    await tx.flush()
    return Micros(unused)


async def book_lost(tx: WriteSession, *, now: datetime) -> int:
    """Book what expired slices had and no row explains; returns how many there were."""
    left = SpendSlice.amount_micros - SpendSlice.spent_micros
    return _rows(
        await tx.execute(
            sa.update(SpendSlice)
            .where(SpendSlice.state == "open", SpendSlice.expires_at < now)
            .values(state="lost", unattributed_micros=sa.case((left > 0, left), else_=0))
        )
    )


async def drawn_per_cent(session: AsyncSession, day: str, limit: Micros) -> int:
    """How much of the day's budget is handed out."""
    drawn = await session.scalar(sa.select(SpendWindow.drawn_micros).where(SpendWindow.day == day))
    return 0 if drawn is None or not limit else drawn.amount * 100 // limit.amount


async def _open_window(tx: WriteSession, wanted: Wanted) -> None:
    values = {"day": wanted.day, "limit_micros": wanted.limit, "drawn_micros": ZERO}
    await tx.execute(insert_into(tx, SpendWindow).values(values).on_conflict_do_nothing())
    # The operator may have changed the limit; one that is used up already is left as it is.
    await tx.execute(
        sa.update(SpendWindow)
        .where(
            SpendWindow.day == wanted.day,
            SpendWindow.limit_micros != wanted.limit,
            SpendWindow.drawn_micros <= wanted.limit,
        )
        .values(limit_micros=wanted.limit)
    )


async def _take(tx: WriteSession, day: str, amount: Micros) -> Micros:
    if amount.amount <= 0:
        return ZERO
    more = SpendWindow.drawn_micros + amount.amount
    taken = await tx.execute(
        sa.update(SpendWindow)
        .where(SpendWindow.day == day, more <= SpendWindow.limit_micros)
        .values(drawn_micros=more)
    )
    return amount if _rows(taken) == 1 else ZERO


async def _grow(tx: WriteSession, wanted: Wanted, granted: Micros) -> None:
    grown = await tx.execute(
        sa.update(SpendSlice)
        .where(SpendSlice.id == wanted.slice_id, SpendSlice.state == "open")
        .values(
            amount_micros=SpendSlice.amount_micros + granted.amount, expires_at=wanted.expires_at
        )
    )
    if _rows(grown) == 0:
        tx.add(
            SpendSlice(
                id=wanted.slice_id,
                day=wanted.day,
                state="open",
                amount_micros=granted,
                spent_micros=ZERO,
                unattributed_micros=ZERO,
                expires_at=wanted.expires_at,
            )
        )
        await tx.flush()


def _rows(result: Any) -> int:
    return int(result.rowcount)

"""Close each day: a statement of every account that moved, and a link in the hash chain.

    seal(day) = sha256(seal(day before) + every group and entry that was booked on the day)

Days are UTC and closed some time after they ended, one after the other and each once, so that no
booking can still come for them. Whoever changes what a closed day says, or adds to it, breaks every
seal from there on; `digest_of_day` is what a checker compares.
"""

import hashlib
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.clock import Clock
from kernel.database import Database, WriteSession
from kernel.money import ZERO, Micros
from ledger.rows import insert_missing
from ledger.tables import (
    LedgerAccount,
    LedgerDay,
    LedgerEntry,
    LedgerGroup,
    LedgerSeal,
    rows_of,
)

# No transaction is open for so long; what was booked on a day is there when the day is closed.
_PATIENCE: Final = timedelta(hours=1)
FIRST_LINK: Final = "0" * 64


async def close_days(database: Database, clock: Clock) -> int:
    """Close every day that is over and not closed yet, oldest first; returns how many."""
    closed = 0
    while True:
        async with database.writing() as tx:
            day = await _next_day(tx, clock)
            if day is None:
                return closed
            await _close(tx, day, clock=clock)
        closed += 1


async def digest_of_day(session: AsyncSession, day: date, previous: str) -> tuple[int, str]:
    """How many groups were booked on a day, and its link after `previous`."""
    start, end = _bounds(day)
    rows = await session.stream(
        sa.select(
            LedgerGroup.id,
            LedgerGroup.idempotency_key,
            LedgerGroup.request_hash,
            LedgerGroup.kind,
            LedgerGroup.ref_type,
            LedgerGroup.ref_id,
            LedgerGroup.refused_by,
            LedgerGroup.drawn_from,
            LedgerEntry.seq,
            LedgerEntry.account_id,
            LedgerEntry.side,
            sa.type_coerce(LedgerEntry.amount, sa.BigInteger),
            LedgerEntry.phase,
            LedgerEntry.account_version,
            sa.type_coerce(LedgerEntry.balance_after, sa.BigInteger),
        )
        .outerjoin(LedgerEntry, LedgerEntry.group_id == LedgerGroup.id)
        .where(LedgerGroup.created_at >= start, LedgerGroup.created_at < end)
        .order_by(LedgerGroup.id, LedgerEntry.seq)
    )
    chain, groups, last = hashlib.sha256(previous.encode()), 0, None
    async for row in rows:
        groups += row[0] != last
        last = row[0]
        chain.update("\x1f".join("" if part is None else str(part) for part in row).encode())
        chain.update(b"\n")
    return groups, chain.hexdigest()


async def _next_day(tx: WriteSession, clock: Clock) -> date | None:
    last = await tx.scalar(sa.select(sa.func.max(LedgerSeal.day)))
    if last is None:
        first = await tx.scalar(sa.select(sa.func.min(LedgerGroup.created_at)))
        if first is None:
            return None
        day = first.date()
    else:
        day = last + timedelta(days=1)
    return day if _bounds(day)[1] + _PATIENCE <= clock.now() else None


async def _close(tx: WriteSession, day: date, *, clock: Clock) -> None:
    before = day - timedelta(days=1)
    seal = await tx.get(LedgerSeal, before)
    previous = FIRST_LINK if seal is None else seal.digest
    groups, digest = await digest_of_day(tx, day, previous)
    row = {
        "day": day,
        "groups": groups,
        "previous": previous,
        "digest": digest,
        "sealed_at": clock.now(),
    }
    # Of two who close the same day one writes its seal, and that one its statements.
    if await insert_missing(tx, rows_of(LedgerSeal), [row]):
        await insert_missing(tx, rows_of(LedgerDay), await _statements(tx, day, before))


async def _statements(tx: WriteSession, day: date, before: date) -> list[dict[str, Any]]:
    moved = await movements(tx, day)
    # An account that rested keeps its last statement; the opening is looked for there.
    latest = (
        sa.select(LedgerDay.account_id, sa.func.max(LedgerDay.day).label("day"))
        .where(LedgerDay.day <= before)
        .group_by(LedgerDay.account_id)
        .subquery()
    )
    rows = await tx.execute(
        sa.select(LedgerDay.account_id, LedgerDay.closing_micros).join(
            latest,
            (latest.c.account_id == LedgerDay.account_id) & (latest.c.day == LedgerDay.day),
        )
    )
    closed = {row.account_id: row.closing_micros for row in rows}
    statements = []
    for account_id, (side, debits, credits_) in sorted(moved.items()):
        opening = closed.get(account_id, ZERO)
        grew = credits_ - debits if side == "credit" else debits - credits_
        statements.append(
            {
                "day": day,
                "account_id": account_id,
                "opening_micros": opening,
                "debits_micros": debits,
                "credits_micros": credits_,
                "closing_micros": opening + grew,
            }
        )
    return statements


async def movements(session: AsyncSession, day: date) -> dict[int, tuple[str, Micros, Micros]]:
    """Each account that moved on a day: its side, its debits, its credits."""
    start, end = _bounds(day)
    amount = sa.type_coerce(LedgerEntry.amount, sa.BigInteger)
    sums = [
        sa.func.coalesce(sa.func.sum(sa.case((LedgerEntry.side == side, amount), else_=0)), 0)
        for side in ("debit", "credit")
    ]
    rows = await session.execute(
        sa.select(LedgerEntry.account_id, LedgerAccount.side, *sums)
        .join(LedgerGroup, LedgerGroup.id == LedgerEntry.group_id)
        .join(LedgerAccount, LedgerAccount.id == LedgerEntry.account_id)
        .where(
            LedgerEntry.phase == "posted",
            LedgerGroup.created_at >= start,
            LedgerGroup.created_at < end,
        )
        .group_by(LedgerEntry.account_id, LedgerAccount.side)
    )
    return {row[0]: (row[1], Micros(int(row[2])), Micros(int(row[3]))) for row in rows}


def _bounds(day: date) -> tuple[datetime, datetime]:
    start = datetime.combine(day, time(), UTC)
    return start, start + timedelta(days=1)

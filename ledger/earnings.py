"""What publishers have earned: first held back, then payable; and what our own share pays for.

    charge ─► accruing ──after the hold period──► payable ─► payout
                 └──invalid traffic, found in time──► back to the advertiser

All that was taken back counts against what is released, whenever it was earned, so that a correction
is never paid out first and asked back later. Publisher zero is our own API: its share pays the
upstream that wrote the answers, day by day, and may fall short of it.
"""

from datetime import date, datetime, timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.clock import Clock
from kernel.database import WriteSession
from kernel.money import ZERO, Micros
from ledger import journal
from ledger.account import PUBLISHER_ZERO, UPSTREAM_PAYABLE, accruing
from ledger.postings import Leg, Posting
from ledger.tables import LedgerAccount, LedgerEntry, LedgerGroup

HOLD_PERIOD: Final = timedelta(days=30)


async def release(
    tx: WriteSession, publisher_id: str, *, clock: Clock, held_for: timedelta = HOLD_PERIOD
) -> Micros:
    """Make payable what was earned before the hold period began; returns how much that was.

    Once a day and publisher; the rest comes with the next day.
    """
    due = await matured(tx, publisher_id, clock.now() - held_for)
    if due <= ZERO:
        return ZERO
    key = f"release:{publisher_id}:{clock.now():%Y-%m-%d}"
    legs = (
        Leg(accruing(publisher_id), "debit", due),
        Leg(f"pub:{publisher_id}:payable", "credit", due),
    )
    known = await tx.scalar(sa.select(LedgerGroup.id).where(LedgerGroup.idempotency_key == key))
    if known is not None:
        return ZERO
    await journal.post(tx, Posting("release", key, "publisher", publisher_id, legs), clock=clock)
    return due


async def matured(session: AsyncSession, publisher_id: str, before: datetime) -> Micros:
    """What was earned before a moment, less all that was ever taken from it."""
    amount = sa.type_coerce(LedgerEntry.amount, sa.BigInteger)
    earned = (LedgerEntry.side == "credit") & (LedgerGroup.created_at < before)
    total = await session.scalar(
        sa.select(
            sa.func.sum(sa.case((earned, amount), (LedgerEntry.side == "debit", -amount), else_=0))
        )
        .join(LedgerGroup, LedgerGroup.id == LedgerEntry.group_id)
        .join(LedgerAccount, LedgerAccount.id == LedgerEntry.account_id)
        .where(LedgerAccount.code == accruing(publisher_id), LedgerEntry.phase == "posted")
    )
    return Micros(int(total or 0))


async def publishers(session: AsyncSession) -> list[str]:
    """Who has ever earned anything, our own API left out: it is paid in answers."""
    codes = await session.scalars(
        sa.select(LedgerAccount.code).where(LedgerAccount.code.like("pub:%:accruing"))
    )
    return sorted({code.split(":")[1] for code in codes} - {PUBLISHER_ZERO})


async def pay_upstream(tx: WriteSession, day: date, cost: Micros, *, clock: Clock) -> None:
    """Book what the models of a finished day cost against our own share, once."""
    if cost <= ZERO:
        return
    legs = (
        Leg(accruing(PUBLISHER_ZERO), "debit", cost),
        Leg(UPSTREAM_PAYABLE, "credit", cost),
    )
    posting = Posting("upstream", f"upstream:{day.isoformat()}", "day", day.isoformat(), legs)
    await journal.post(tx, posting, clock=clock)

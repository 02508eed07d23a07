"""Read back what was booked, so that it can be undone exactly.

A correction unwinds the entries that were really made, not what today's rules would make.
"""

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from ledger.postings import Leg, Posting
from ledger.tables import LedgerAccount, LedgerEntry, LedgerGroup


async def posting_of(session: AsyncSession, key: str) -> Posting | None:
    """The posting that stands under `key`; None when there is none."""
    group = await session.scalar(sa.select(LedgerGroup).where(LedgerGroup.idempotency_key == key))
    if group is None:
        return None
    rows = await session.execute(
        sa.select(LedgerAccount.code, LedgerEntry.side, LedgerEntry.amount)
        .join(LedgerAccount, LedgerAccount.id == LedgerEntry.account_id)
        .where(LedgerEntry.group_id == group.id)
        .order_by(LedgerEntry.seq)
    )
    legs = tuple(Leg(row.code, row.side, row.amount) for row in rows)
    return Posting(group.kind, key, group.ref_type, group.ref_id, legs)  # type: ignore[arg-type]


async def is_booked(session: AsyncSession, key: str) -> bool:
    """Whether anything stands under `key`."""
    found = await session.scalar(
        sa.select(LedgerGroup.id).where(LedgerGroup.idempotency_key == key)
    )
    return found is not None

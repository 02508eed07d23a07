"""How fast a new advertiser may pay in.

A stolen card is tried on new accounts first, and what is spent before the bank notices is lost. In
the first thirty days little may come in within a day, by hand and by automatic recharge together;
because wallets are prepaid, that also bounds what can be spent in a day.
"""

from datetime import timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from advertiser_portal.billing.tables import TopUp
from kernel.clock import Clock
from kernel.money import ZERO, Micros

PER_DAY: Final = Micros.from_units(1_000)
_NEW_FOR: Final = timedelta(days=30)


async def room_today(session: AsyncSession, advertiser_id: str, *, clock: Clock) -> Micros | None:
    """What may still come in within 24 hours; None for an advertiser who is not new any more."""
    now = clock.now()
    own = TopUp.advertiser_id == advertiser_id
    first = await session.scalar(sa.select(sa.func.min(TopUp.created_at)).where(own))
    if first is not None and now - first > _NEW_FOR:
        return None
    today = await session.scalars(
        sa.select(TopUp.net).where(own, TopUp.created_at > now - timedelta(days=1))
    )
    return max(PER_DAY - sum(today, ZERO), ZERO)

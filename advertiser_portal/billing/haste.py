"""How fast a new advertiser may pay in, and spend.

A stolen card is tried on new accounts first, and what is spent before the bank notices is lost. In
the first thirty days after the first payment little may come in within a day, by hand and by
automatic recharge together, and less may be spent: the ledger keeps a cap for each of these days.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from advertiser_portal.billing.tables import TopUp
from kernel.clock import Clock
from kernel.database import WriteSession
from kernel.money import ZERO, Micros
from ledger.caps import cap_days

NEW_FOR_DAYS: Final = 30
_NEW_FOR: Final = timedelta(days=NEW_FOR_DAYS)


@dataclass(frozen=True, slots=True)
class Caution:
    """What a new advertiser may pay in within a day, and what it may spend in one."""

    top_ups: Micros
    spend: Micros


USUAL: Final = Caution(Micros.from_units(1_000), Micros.from_units(500))


async def room_today(
    session: AsyncSession, advertiser_id: str, *, caution: Caution, clock: Clock
) -> Micros | None:
    """What may still come in within 24 hours; None for an advertiser who is not new any more."""
    now = clock.now()
    own = TopUp.advertiser_id == advertiser_id
    first = await session.scalar(sa.select(sa.func.min(TopUp.created_at)).where(own))
    if first is not None and now - first > _NEW_FOR:
        return None
    today = await session.scalars(
        sa.select(TopUp.net).where(own, TopUp.created_at > now - timedelta(days=1))
    )
    return max(caution.top_ups - sum(today, ZERO), ZERO)


async def cap_if_first(
    tx: WriteSession, advertiser_id: str, *, before: str = "", caution: Caution, clock: Clock
) -> None:
    """Cap the spending of the days to come, unless there was a payment `before` this one."""
    paid = TopUp.advertiser_id == advertiser_id
    earlier = sa.select(TopUp.payment_intent_id).where(paid, TopUp.payment_intent_id != before)
    if await tx.scalar(earlier.limit(1)) is None:
        now = clock.now()
        await cap_days(tx, advertiser_id, caution.spend, since=now, days=NEW_FOR_DAYS)

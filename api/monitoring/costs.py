"""What the models of our own API cost, by day."""

from datetime import UTC, date, datetime, time, timedelta

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from api.tables import Completion
from kernel.money import Micros


async def cost_of_day(session: AsyncSession, day: date) -> Micros:
    """The cost of all calls of a UTC day."""
    start = datetime.combine(day, time(), UTC)
    total = await session.scalar(
        sa.select(sa.func.sum(sa.type_coerce(Completion.cost_micros, sa.BigInteger))).where(
            Completion.at >= start, Completion.at < start + timedelta(days=1)
        )
    )
    return Micros(int(total or 0))

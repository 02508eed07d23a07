"""What is live, told briefly: enough to see what changed since somebody looked last.

Numbers and versions of creatives, and one creative of each campaign for what the campaign says. A
reader that holds many thousand creatives asks this instead of reading all of them again.
"""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from adserver.catalog.queries import LiveCreative, live_creatives, live_now
from adserver.catalog.tables import CreativeRow

_AT_ONCE = 500


async def live_versions(session: AsyncSession, at: datetime) -> dict[int, int]:
    """The version of each live creative, by number."""
    rows = await session.execute(live_now(at, CreativeRow.number, CreativeRow.version))
    return {row[0]: row[1] for row in rows}


async def live_campaigns(session: AsyncSession, at: datetime) -> list[LiveCreative]:
    """One live creative of each campaign that has any."""
    first = live_now(at, sa.func.min(CreativeRow.number)).order_by(None)
    rows = await session.scalars(first.group_by(CreativeRow.campaign_id))
    return await live_among(session, at, sorted(rows))


async def live_among(session: AsyncSession, at: datetime, numbers: list[int]) -> list[LiveCreative]:
    """The live creatives of these numbers, in their order."""
    found: list[LiveCreative] = []
    for start in range(0, len(numbers), _AT_ONCE):
        found += await live_creatives(session, at, among=numbers[start : start + _AT_ONCE])
    return found

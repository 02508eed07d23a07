"""Which organisation stands behind an advertiser or a publisher, and which publishers it has."""

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from adserver.catalog.from_rows import publisher_from
from adserver.catalog.publisher import Publisher
from adserver.catalog.tables import AdvertiserRow, PublisherRow


async def organisation_behind(session: AsyncSession, owner_id: str) -> str | None:
    """The organisation of an advertiser or a publisher; None for publisher zero and strangers."""
    advertiser = await session.get(AdvertiserRow, owner_id)
    if advertiser is not None:
        return advertiser.organisation_id
    publisher = await session.get(PublisherRow, owner_id)
    return None if publisher is None else publisher.organisation_id


async def publishers_of(session: AsyncSession, organisation_id: str) -> list[Publisher]:
    """The publishers of an organisation, oldest first."""
    rows = await session.scalars(
        sa.select(PublisherRow)
        .where(PublisherRow.organisation_id == organisation_id)
        .order_by(PublisherRow.created_at, PublisherRow.id)
    )
    return [publisher_from(row) for row in rows]

"""Every ad that is being shown, for everybody to look through.

Only what serving may show: approved, live, in flight, of active advertisers; no money and no numbers.
Pages are cut by the creative's number, newest first.
"""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from adserver.catalog.advertiser import AdvertiserStatus
from adserver.catalog.campaign import CampaignStatus
from adserver.catalog.creative import ReviewState
from adserver.catalog.tables import AdvertiserRow, CampaignRow, CreativeRow


@dataclass(frozen=True, slots=True)
class PublicAd:
    """An ad as the public may see it."""

    number: int
    advertiser: str
    domain: str
    title: str
    body: str
    cta: str
    category: str


async def public_ads(
    session: AsyncSession,
    *,
    at: datetime,
    words: str = "",
    category: str = "",
    before: int | None = None,
    limit: int = 24,
) -> list[PublicAd]:
    """The ads that hold all `words` in name or copy, below the number `before`."""
    query = (
        sa.select(
            CreativeRow.number,
            AdvertiserRow.name.label("advertiser"),
            AdvertiserRow.domain,
            CreativeRow.title,
            CreativeRow.body,
            CreativeRow.cta,
            CreativeRow.category,
        )
        .join(CampaignRow, CampaignRow.id == CreativeRow.campaign_id)
        .join(AdvertiserRow, AdvertiserRow.id == CampaignRow.advertiser_id)
        .where(
            CreativeRow.review_state == ReviewState.APPROVED,
            CreativeRow.is_house.is_(sa.false()),
            CampaignRow.status == CampaignStatus.LIVE,
            CampaignRow.starts_at <= at,
            CampaignRow.ends_at.is_(None) | (CampaignRow.ends_at > at),
            AdvertiserRow.status == AdvertiserStatus.ACTIVE,
        )
        .order_by(CreativeRow.number.desc())
        .limit(limit)
    )
    for word in words.split()[:8]:
        query = query.where(
            sa.or_(
                *(
                    column.icontains(word, autoescape=True)
                    for column in (AdvertiserRow.name, CreativeRow.title, CreativeRow.body)
                )
            )
        )
    if category:
        query = query.where(CreativeRow.category == category)
    if before is not None:
        query = query.where(CreativeRow.number < before)
    return [PublicAd(**row) for row in (await session.execute(query)).mappings()]

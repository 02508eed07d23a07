"""What waits for a reviewer, oldest submission first.

Reads only; approving and rejecting are commands. A reviewer sees the advertiser beside the copy,
because the same words mean different things from different senders.
"""

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from adserver.catalog.advertiser import Advertiser
from adserver.catalog.creative import Creative, ReviewState
from adserver.catalog.from_rows import advertiser_from, creative_from
from adserver.catalog.tables import AdvertiserRow, CampaignRow, CreativeRow


@dataclass(frozen=True, slots=True)
class Submission:
    """A creative in review, whose it is, and how the advertiser fared so far."""

    creative: Creative
    advertiser: Advertiser
    campaign_name: str
    approved_before: int
    rejected_before: int


async def waiting(session: AsyncSession) -> int:
    """How many creatives are in review."""
    number = sa.select(sa.func.count()).where(CreativeRow.review_state == ReviewState.IN_REVIEW)
    return await session.scalar(number) or 0


async def next_submission(
    session: AsyncSession, *, after: int = 0, creative_id: str = ""
) -> Submission | None:
    """The oldest creative in review whose number is above `after`, or the one that is named."""
    found = await session.execute(
        sa.select(CreativeRow, CampaignRow.name, AdvertiserRow)
        .join(CampaignRow, CampaignRow.id == CreativeRow.campaign_id)
        .join(AdvertiserRow, AdvertiserRow.id == CampaignRow.advertiser_id)
        .where(
            CreativeRow.review_state == ReviewState.IN_REVIEW,
            CreativeRow.id == creative_id if creative_id else CreativeRow.number > after,
        )
        .order_by(CreativeRow.number)
        .limit(1)
    )
    row = found.one_or_none()
    if row is None:
        return None
    creative, campaign_name, advertiser = row
    history = await session.execute(
        sa.select(CreativeRow.review_state, sa.func.count())
        .join(CampaignRow, CampaignRow.id == CreativeRow.campaign_id)
        .where(CampaignRow.advertiser_id == advertiser.id)
        .group_by(CreativeRow.review_state)
    )
    counts = {row[0]: row[1] for row in history}
    return Submission(
        creative_from(creative),
        advertiser_from(advertiser),
        campaign_name,
        counts.get(ReviewState.APPROVED, 0),
        counts.get(ReviewState.REJECTED, 0),
    )

"""What competes inside a campaign: every approved creative in its present wording, with its counts."""

from datetime import UTC, datetime, timedelta
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from adserver.catalog.campaign import Campaign
from adserver.catalog.creative import ReviewState
from adserver.catalog.queries import creatives_of
from adserver.reports.breakdown import Dimension, Owner, report
from adserver.reports.numbers import NOTHING
from advertiser_portal.comparison import Comparison, Wording, compared

# What an ad did last year says little about today.
_LOOKS_BACK: Final = timedelta(days=90)


async def comparison_of(session: AsyncSession, campaign: Campaign, *, at: datetime) -> Comparison:
    """The campaign's ads side by side."""
    today = at.astimezone(UTC).date()
    found = await report(
        session,
        Owner("advertiser", campaign.advertiser_id),
        Dimension.VERSION,
        since=today - _LOOKS_BACK,
        until=today + timedelta(days=1),
        campaign_id=campaign.campaign_id,
    )
    counted = {row.value: row.numbers for row in found.rows}
    wordings = []
    for one in await creatives_of(session, campaign.campaign_id):
        if one.review_state is ReviewState.APPROVED:
            seen = counted.get(f"{one.creative_id} {one.version}", NOTHING)
            wordings.append(
                Wording(one.creative_id, one.version, one.copy.title, seen.delivered, seen.clicks)
            )
    return compared(wordings)

"""Where the link of a creative leads, and whether it still may.

The address is always the one that was last approved, read from our row. What was stopped, by its
owner or by us, leads nowhere: the desk then shows a neutral page.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from adserver.catalog.advertiser import AdvertiserStatus
from adserver.catalog.campaign import CampaignStatus
from adserver.catalog.spending import limits_of
from adserver.catalog.tables import AdvertiserRow, CampaignRow, CreativeRow
from kernel.money import Micros
from ledger.charging import LimitKey
from ledger.rows import among


@dataclass(frozen=True, slots=True)
class Landing:
    """What a click needs to know of the catalog, as it is now."""

    creative_number: int
    approved_url: str | None
    is_house: bool
    campaign_id: str
    campaign_status: CampaignStatus
    ends_at: datetime | None
    total_budget: Micros | None
    daily_budget: Micros | None
    advertiser_id: str
    advertiser_status: AdvertiserStatus
    creative_id: str = ""

    @property
    def stopped_by(self) -> str | None:
        """Why nobody may be sent there, or None."""
        if self.advertiser_status is AdvertiserStatus.BLOCKED:
            return "advertiser_blocked"
        if self.approved_url is None:
            return "creative_withdrawn"
        if self.campaign_status is CampaignStatus.PAUSED:
            return "campaign_paused"
        return None

    @property
    def limits(self) -> tuple[LimitKey, ...]:
        """The spend limits that the charge draws from."""
        return limits_of(
            self.campaign_id, total_budget=self.total_budget, daily_budget=self.daily_budget
        )

    def has_ended(self, at: datetime) -> bool:
        """Whether the campaign is over: its links still lead on, unbilled."""
        over = self.ends_at is not None and self.ends_at <= at
        return over or self.campaign_status is not CampaignStatus.LIVE


_LANDINGS: Final = (
    sa.select(
        CreativeRow.number,
        CreativeRow.approved_url,
        CreativeRow.is_house,
        CampaignRow.id,
        CampaignRow.status,
        CampaignRow.ends_at,
        CampaignRow.total_budget,
        CampaignRow.daily_budget,
        AdvertiserRow.id,
        AdvertiserRow.status,
        CreativeRow.id,
    )
    .join(CampaignRow, CampaignRow.id == CreativeRow.campaign_id)
    .join(AdvertiserRow, AdvertiserRow.id == CampaignRow.advertiser_id)
)


async def landing_of(session: AsyncSession, creative_number: int) -> Landing | None:
    """The landing of a creative by its number."""
    return (await landings_of(session, [creative_number])).get(creative_number)


async def landings_of(
    session: AsyncSession, creative_numbers: Collection[int]
) -> dict[int, Landing]:
    """The landings of many creatives, by number; one that never existed is not among them."""
    wanted = sorted(set(creative_numbers))
    query, given = among(session, _LANDINGS, CreativeRow.number, wanted)
    found = await session.execute(query, given)
    return {row[0]: _landing(tuple(row)) for row in found}


def _landing(row: Sequence[Any]) -> Landing:
    number, url, is_house, campaign_id, status, ends_at, total, daily, *rest = row
    advertiser_id, standing, creative_id = rest
    return Landing(
        creative_number=number,
        approved_url=url,
        is_house=is_house,
        campaign_id=campaign_id,
        campaign_status=CampaignStatus(status),
        ends_at=ends_at,
        total_budget=total,
        daily_budget=daily,
        advertiser_id=advertiser_id,
        advertiser_status=AdvertiserStatus(standing),
        creative_id=creative_id,
    )

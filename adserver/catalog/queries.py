"""Read the catalog: what may be served now, what an advertiser owns, where a click leads.

`live_creatives` is the only door from the catalog to the matching index, and the only place that
decides what is live. Everything leaves as frozen values; rows stay inside.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from adserver.catalog.advertiser import Advertiser, AdvertiserStatus
from adserver.catalog.campaign import BidType, Campaign, CampaignStatus
from adserver.catalog.creative import Creative, ReviewState
from adserver.catalog.from_rows import (
    advertiser_from,
    campaign_from,
    creative_from,
    publisher_from,
    targeting_from,
)
from adserver.catalog.generation import generation
from adserver.catalog.landing import Landing, landing_of
from adserver.catalog.publisher import Publisher
from adserver.catalog.spending import limits_of
from adserver.catalog.tables import AdvertiserRow, CampaignRow, CreativeRow, PublisherRow, StopRow
from adserver.catalog.targeting import Targeting
from kernel.money import Micros
from ledger.charging import LimitKey

__all__ = [
    "Landing",
    "LiveCreative",
    "advertiser_of",
    "advertisers_of",
    "campaign",
    "campaigns_of",
    "creative",
    "creatives_by_campaign",
    "creatives_of",
    "generation",
    "landing_of",
    "live_creatives",
    "next_schedule_edge",
    "organisation_of",
    "publisher",
    "publisher_by_digest",
    "titles_of",
]


@dataclass(frozen=True, slots=True)
class LiveCreative:
    """A creative that may be served, with all that serving needs to know of its campaign.

    `number` names it in click tokens. `bid` is the most that a click may cost, or what else
    `bid_type` pays for. A budget of None is unlimited but for the wallet. `is_house` marks messages
    of this network: never billed.
    """

    creative_id: str
    number: int
    version: int
    campaign_id: str
    advertiser_id: str
    organisation_id: str
    advertiser_name: str
    advertiser_domain: str
    title: str
    body: str
    cta: str
    landing_url: str
    display_domain: str
    facts: tuple[str, ...]
    example_prompts: tuple[str, ...]
    keywords: tuple[str, ...]
    category: str
    language: str
    is_house: bool
    bid: Micros
    total_budget: Micros | None
    daily_budget: Micros | None
    time_zone: str
    starts_at: datetime
    ends_at: datetime | None
    targeting: Targeting
    bid_type: BidType = BidType.CPC

    def is_in_flight(self, at: datetime) -> bool:
        """Whether the campaign's schedule covers `at`; the end is exclusive."""
        return self.starts_at <= at and (self.ends_at is None or at < self.ends_at)

    @property
    def limits(self) -> tuple[LimitKey, ...]:
        """The spend limits that a charge for this creative draws from."""
        return limits_of(
            self.campaign_id, total_budget=self.total_budget, daily_budget=self.daily_budget
        )


async def live_creatives(
    session: AsyncSession, at: datetime, *, among: Sequence[int] | None = None
) -> list[LiveCreative]:
    """Approved creatives of live campaigns, in flight at `at`, of active advertisers; by number.

    `among` asks only for creatives of these numbers.
    """
    live = live_now(at, *_LIVE_COLUMNS)
    if among is not None:
        live = live.where(CreativeRow.number.in_(among))
    return [_live(row) for row in (await session.execute(live)).mappings()]


def live_now(at: datetime, *columns: Any) -> sa.Select[Any]:
    """These columns of what is live at `at`: the one rule, for all who ask."""
    return (
        sa.select(*columns)
        .select_from(CreativeRow)
        .join(CampaignRow, CampaignRow.id == CreativeRow.campaign_id)
        .join(AdvertiserRow, AdvertiserRow.id == CampaignRow.advertiser_id)
        .where(
            CreativeRow.review_state == ReviewState.APPROVED,
            CampaignRow.status == CampaignStatus.LIVE,
            CampaignRow.starts_at <= at,
            CampaignRow.ends_at.is_(None) | (CampaignRow.ends_at > at),
            AdvertiserRow.status == AdvertiserStatus.ACTIVE,
            ~sa.exists().where(_STOPPED),
        )
        .order_by(CreativeRow.number)
    )


async def next_schedule_edge(session: AsyncSession, after: datetime) -> datetime | None:
    """When a live campaign next starts or ends: a snapshot of `live_creatives` is good till then."""
    live = CampaignRow.status == CampaignStatus.LIVE
    edges = [
        await session.scalar(sa.select(sa.func.min(edge)).where(live, edge > after))
        for edge in (CampaignRow.starts_at, CampaignRow.ends_at)
    ]
    return min((edge for edge in edges if edge is not None), default=None)


async def advertiser_of(session: AsyncSession, organisation_id: str) -> Advertiser | None:
    """The first advertiser of an organisation; most have one."""
    return next(iter(await advertisers_of(session, organisation_id)), None)


async def advertisers_of(session: AsyncSession, organisation_id: str) -> list[Advertiser]:
    """The advertisers of an organisation, oldest first."""
    rows = await session.scalars(
        sa.select(AdvertiserRow)
        .where(AdvertiserRow.organisation_id == organisation_id)
        .order_by(AdvertiserRow.id)
    )
    return [advertiser_from(row) for row in rows]


async def organisation_of(session: AsyncSession, advertiser_id: str) -> str | None:
    """The organisation that owns an advertiser."""
    return await session.scalar(
        sa.select(AdvertiserRow.organisation_id).where(AdvertiserRow.id == advertiser_id)
    )


async def campaigns_of(session: AsyncSession, advertiser_id: str) -> list[Campaign]:
    """The campaigns of an advertiser, oldest first."""
    rows = await session.scalars(
        sa.select(CampaignRow)
        .where(CampaignRow.advertiser_id == advertiser_id)
        .order_by(CampaignRow.id)
    )
    return [campaign_from(row) for row in rows]


async def campaign(session: AsyncSession, campaign_id: str) -> Campaign | None:
    """A campaign by id."""
    row = await session.get(CampaignRow, campaign_id)
    return None if row is None else campaign_from(row)


async def creatives_of(session: AsyncSession, campaign_id: str) -> list[Creative]:
    """The creatives of a campaign in every review state, oldest first."""
    rows = await session.scalars(
        sa.select(CreativeRow)
        .where(CreativeRow.campaign_id == campaign_id)
        .order_by(CreativeRow.number)
    )
    return [creative_from(row) for row in rows]


async def titles_of(session: AsyncSession, advertiser_id: str) -> dict[str, str]:
    """The titles of all creatives of an advertiser, by id."""
    rows = await session.execute(
        sa.select(CreativeRow.id, CreativeRow.title)
        .join(CampaignRow, CampaignRow.id == CreativeRow.campaign_id)
        .where(CampaignRow.advertiser_id == advertiser_id)
    )
    return {row[0]: row[1] for row in rows}


async def creatives_by_campaign(
    session: AsyncSession, advertiser_id: str
) -> dict[str, list[Creative]]:
    """All creatives of an advertiser in one look, by campaign id, each list oldest first."""
    rows = await session.scalars(
        sa.select(CreativeRow)
        .join(CampaignRow, CampaignRow.id == CreativeRow.campaign_id)
        .where(CampaignRow.advertiser_id == advertiser_id)
        .order_by(CreativeRow.number)
    )
    found: dict[str, list[Creative]] = {}
    for row in rows:
        found.setdefault(row.campaign_id, []).append(creative_from(row))
    return found


async def creative(session: AsyncSession, creative_id: str) -> Creative | None:
    """A creative by id."""
    row = await session.scalar(sa.select(CreativeRow).where(CreativeRow.id == creative_id))
    return None if row is None else creative_from(row)


async def publisher_by_digest(session: AsyncSession, key_digest: str) -> Publisher | None:
    """The publisher that owns a key, by the key's SHA-256 in hexadecimal."""
    row = await session.scalar(sa.select(PublisherRow).where(PublisherRow.key_digest == key_digest))
    return None if row is None else publisher_from(row)


async def publisher(session: AsyncSession, publisher_id: str) -> Publisher | None:
    """A publisher by id."""
    row = await session.get(PublisherRow, publisher_id)
    return None if row is None else publisher_from(row)


_STOPPED = sa.or_(
    StopRow.scope == "ads",
    (StopRow.scope == "advertiser") & (StopRow.scope_id == AdvertiserRow.id),
    (StopRow.scope == "creative") & (StopRow.scope_id == CreativeRow.id),
)

# Named as LiveCreative names them. Columns, not entities: an index of many thousand creatives
# is built from this and throws the rows away.
_LIVE_COLUMNS = (
    CreativeRow.id.label("creative_id"),
    CreativeRow.number,
    CreativeRow.version,
    CampaignRow.id.label("campaign_id"),
    AdvertiserRow.id.label("advertiser_id"),
    AdvertiserRow.organisation_id,
    AdvertiserRow.name.label("advertiser_name"),
    AdvertiserRow.domain.label("advertiser_domain"),
    CreativeRow.title,
    CreativeRow.body,
    CreativeRow.cta,
    CreativeRow.landing_url,
    CreativeRow.display_domain,
    CreativeRow.facts,
    CreativeRow.example_prompts,
    CreativeRow.keywords,
    CreativeRow.category,
    CreativeRow.language,
    CreativeRow.is_house,
    CampaignRow.bid_micros.label("bid"),
    CampaignRow.total_budget,
    CampaignRow.daily_budget,
    CampaignRow.time_zone,
    CampaignRow.starts_at,
    CampaignRow.ends_at,
    CampaignRow.targeting,
    CampaignRow.bid_type,
)


def _live(row: Any) -> LiveCreative:
    lists = {name: tuple(row[name]) for name in ("facts", "example_prompts", "keywords")}
    read = {"targeting": targeting_from(row["targeting"]), "bid_type": BidType(row["bid_type"])}
    return LiveCreative(**(dict(row) | lists | read))

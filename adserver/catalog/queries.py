"""Read the catalog: what may be served now, what an advertiser owns, where a click leads.

`live_creatives` is the only door from the catalog to the matching index, and the only place that
decides what is live. Everything leaves as frozen values; rows stay inside.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from adserver.catalog.publisher import Publisher
from adserver.catalog.targeting import Targeting
from kernel.money import Micros


@dataclass(frozen=True, slots=True)
class LiveCreative:
    """A creative that may be served, with all that serving needs to know of its campaign.

    `number` names it in click tokens. `bid` is the most that a click may cost. A budget of None is
    unlimited but for the wallet. `is_house` marks messages of this network: never billed.
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

    def is_in_flight(self, at: datetime) -> bool:
        """Whether the campaign's schedule covers `at`; the end is exclusive."""
        return self.starts_at <= at and (self.ends_at is None or at < self.ends_at)


async def live_creatives(session: AsyncSession, at: datetime) -> list[LiveCreative]:
    """Approved creatives of live, scheduled campaigns of active advertisers; by number."""
    raise NotImplementedError


async def generation(session: AsyncSession) -> int:
    """How often the catalog has changed; 0 for a new database."""
    raise NotImplementedError


async def next_schedule_edge(session: AsyncSession, after: datetime) -> datetime | None:
    """When a live campaign next starts or ends: a snapshot of `live_creatives` is good till then."""
    raise NotImplementedError


async def publisher_by_digest(session: AsyncSession, key_digest: str) -> Publisher | None:
    """The publisher that owns a key, by the key's SHA-256 in hexadecimal."""
    raise NotImplementedError


async def publisher(session: AsyncSession, publisher_id: str) -> Publisher | None:
    """A publisher by id."""
    raise NotImplementedError

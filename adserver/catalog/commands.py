"""Change the catalog: advertisers, campaigns, publishers. Creatives have `creative_commands`.

Each command is one act in the caller's transaction: it checks, writes, tells the ledger what may be
spent, and counts the generation up. Rows are locked before their state is read, so that two
people pressing different buttons get one outcome. Whether someone may do it, the caller has asked.
"""

from adserver.catalog.advertiser import (
    Advertiser,
    AdvertiserStatus,
    advertiser_domain,
    advertiser_name,
)
from adserver.catalog.campaign import (
    Campaign,
    CampaignAct,
    CampaignStatus,
    CampaignTerms,
    check_terms,
    next_status,
)
from adserver.catalog.creative_commands import (
    approve_creative,
    create_creative,
    edit_creative,
    reject_creative,
    submit_creative,
)
from adserver.catalog.from_rows import advertiser_from, campaign_from
from adserver.catalog.generation import count_up
from adserver.catalog.publisher import PUBLISHER_ZERO, STANDARD_SHARE_BP, Publisher
from adserver.catalog.spending import agree_limits
from adserver.catalog.tables import AdvertiserRow, CampaignRow, PublisherRow
from adserver.catalog.targeting import Targeting, targeting_row
from adserver.once import insert_once
from kernel.clock import Clock
from kernel.database import WriteSession
from kernel.errors import Conflict, NotFound
from kernel.ids import new_id
from kernel.money import ZERO, Micros

__all__ = [
    "approve_creative",
    "block_advertiser",
    "create_advertiser",
    "create_campaign",
    "create_creative",
    "create_publisher",
    "edit_creative",
    "end_campaign",
    "open_publisher_zero",
    "pause_campaign",
    "reject_creative",
    "resume_campaign",
    "start_campaign",
    "submit_creative",
    "unblock_advertiser",
]


async def create_advertiser(
    tx: WriteSession, *, organisation_id: str, name: str, domain: str, clock: Clock
) -> Advertiser:
    """A new advertiser of an organisation, active from now on."""
    row = AdvertiserRow(
        id=new_id("adv"),
        organisation_id=organisation_id,
        name=advertiser_name(name),
        domain=advertiser_domain(domain),
        status=AdvertiserStatus.ACTIVE,
        blocked_reason=None,
        status_since=clock.now(),
        created_at=clock.now(),
    )
    tx.add(row)
    await count_up(tx)
    return advertiser_from(row)


async def block_advertiser(
    tx: WriteSession, advertiser_id: str, *, reason: str, clock: Clock
) -> Advertiser:
    """Stop everything of an advertiser, links that are already out included."""
    return await _set_advertiser(tx, advertiser_id, AdvertiserStatus.BLOCKED, reason[:200], clock)


async def unblock_advertiser(tx: WriteSession, advertiser_id: str, *, clock: Clock) -> Advertiser:
    """Let a blocked advertiser go on."""
    return await _set_advertiser(tx, advertiser_id, AdvertiserStatus.ACTIVE, None, clock)


async def create_campaign(
    tx: WriteSession,
    *,
    advertiser_id: str,
    terms: CampaignTerms,
    targeting: Targeting,
    clock: Clock,
) -> Campaign:
    """A draft with its limits agreed; `start_campaign` makes it live."""
    check_terms(terms)
    if await tx.get(AdvertiserRow, advertiser_id) is None:
        raise NotFound("There is no such advertiser.", param="advertiser_id")
    row = CampaignRow(
        id=new_id("cmp"),
        advertiser_id=advertiser_id,
        name=terms.name.strip(),
        status=CampaignStatus.DRAFT,
        status_since=clock.now(),
        bid_micros=terms.bid,
        bid_type=terms.bid_type,
        attribution_days=terms.attribution_days,
        total_budget=terms.total_budget,
        daily_budget=terms.daily_budget,
        time_zone=terms.time_zone,
        starts_at=terms.starts_at,
        ends_at=terms.ends_at,
        targeting=targeting_row(targeting),
        created_at=clock.now(),
    )
    tx.add(row)
    await count_up(tx)
    await agree_limits(tx, row.id, terms)
    return campaign_from(row)


async def start_campaign(tx: WriteSession, campaign_id: str, *, clock: Clock) -> Campaign:
    """Make a draft live."""
    return await _act(tx, campaign_id, CampaignAct.START, clock)


async def pause_campaign(tx: WriteSession, campaign_id: str, *, clock: Clock) -> Campaign:
    """Stop serving and stop charging; pausing twice is pausing once."""
    return await _act(tx, campaign_id, CampaignAct.PAUSE, clock)


async def resume_campaign(tx: WriteSession, campaign_id: str, *, clock: Clock) -> Campaign:
    """Serve again after a pause."""
    return await _act(tx, campaign_id, CampaignAct.RESUME, clock)


async def end_campaign(tx: WriteSession, campaign_id: str, *, clock: Clock) -> Campaign:
    """Stop for good."""
    return await _act(tx, campaign_id, CampaignAct.END, clock)


async def create_publisher(
    tx: WriteSession,
    *,
    name: str,
    key_digest: str | None,
    share_bp: int = STANDARD_SHARE_BP,
    floor: Micros = ZERO,
    organisation_id: str | None = None,
    clock: Clock,
) -> Publisher:
    """A service that will show ads, known by the digest of its key, or by keys of its own."""
    publisher = Publisher(new_id("pub"), advertiser_name(name), share_bp=share_bp, floor=floor)
    owner = organisation_id
    if not await _insert_publisher(tx, publisher, key_digest, clock, organisation_id=owner):
        raise Conflict("A publisher with this key exists already.")
    return publisher


async def open_publisher_zero(
    tx: WriteSession, *, share_bp: int = STANDARD_SHARE_BP, clock: Clock
) -> Publisher:
    """Our own API as a publisher; safe to call at every start."""
    publisher = Publisher(PUBLISHER_ZERO, "Tollfree API", share_bp=share_bp)
    await _insert_publisher(tx, publisher, None, clock)
    row = await tx.get_one(PublisherRow, PUBLISHER_ZERO)
    row.share_bp = share_bp
    return publisher


async def _insert_publisher(
    tx: WriteSession,
    publisher: Publisher,
    key_digest: str | None,
    clock: Clock,
    *,
    organisation_id: str | None = None,
) -> bool:
    row = {
        "id": publisher.publisher_id,
        "name": publisher.name,
        "share_bp": publisher.share_bp,
        "floor_micros": publisher.floor,
        "key_digest": key_digest,
        "blocked_categories": sorted(publisher.blocked_categories),
        "blocked_domains": sorted(publisher.blocked_domains),
        "blocked_advertisers": sorted(publisher.blocked_advertisers),
        "formats": list(publisher.formats),
        "organisation_id": organisation_id,
        "created_at": clock.now(),
    }
    new = await insert_once(tx, PublisherRow, row)
    if new:
        await count_up(tx)
    return new


async def _set_advertiser(
    tx: WriteSession,
    advertiser_id: str,
    status: AdvertiserStatus,
    reason: str | None,
    clock: Clock,
) -> Advertiser:
    row = await tx.get(AdvertiserRow, advertiser_id, with_for_update=True, populate_existing=True)
    if row is None:
        raise NotFound("There is no such advertiser.")
    row.status, row.blocked_reason, row.status_since = status, reason, clock.now()
    await count_up(tx)
    return advertiser_from(row)


async def _act(tx: WriteSession, campaign_id: str, act: CampaignAct, clock: Clock) -> Campaign:
    row = await tx.get(CampaignRow, campaign_id, with_for_update=True, populate_existing=True)
    if row is None:
        raise NotFound("There is no such campaign.")
    status = next_status(CampaignStatus(row.status), act)
    if status != row.status:
        row.status, row.status_since = status, clock.now()
        await count_up(tx)
    return campaign_from(row)

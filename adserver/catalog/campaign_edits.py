"""Change what a campaign agreed: its terms and its targeting.

One act in the caller's transaction, like every command: checked, written, told to the ledger, the
generation counted up. A budget that is lowered below what is spent leaves nothing and takes nothing
back. What is over for good is not changed any more.
"""

from adserver.catalog.campaign import Campaign, CampaignStatus, CampaignTerms, check_terms
from adserver.catalog.from_rows import campaign_from
from adserver.catalog.generation import count_up
from adserver.catalog.spending import agree_limits
from adserver.catalog.tables import CampaignRow
from adserver.catalog.targeting import Targeting, targeting_row
from kernel.clock import Clock
from kernel.database import WriteSession
from kernel.errors import Conflict, NotFound


async def edit_campaign(
    tx: WriteSession,
    campaign_id: str,
    *,
    terms: CampaignTerms,
    targeting: Targeting,
    clock: Clock,
) -> Campaign:
    """The campaign with new terms. Raises BadRequest for terms that cannot stand."""
    check_terms(terms)
    row = await tx.get(CampaignRow, campaign_id, with_for_update=True, populate_existing=True)
    if row is None:
        raise NotFound("There is no such campaign.")
    if row.status == CampaignStatus.ENDED:
        raise Conflict("This campaign is over. Duplicate it to go on.")
    row.name, row.bid_micros = terms.name.strip(), terms.bid
    # What was decided before keeps the type that it was decided with.
    row.bid_type, row.attribution_days = terms.bid_type, terms.attribution_days
    row.total_budget, row.daily_budget = terms.total_budget, terms.daily_budget
    row.time_zone, row.starts_at, row.ends_at = terms.time_zone, terms.starts_at, terms.ends_at
    row.targeting = targeting_row(targeting)
    await count_up(tx)
    # Limits count from now on: a window that is running keeps its edges and what it has spent.
    await agree_limits(tx, campaign_id, terms, since=max(clock.now(), terms.starts_at))
    return campaign_from(row)

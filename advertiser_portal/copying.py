"""A copy of a campaign: a draft with the same terms and the same copy, none of it reviewed yet."""

from dataclasses import replace

from adserver.catalog import commands
from adserver.catalog.campaign import Campaign
from adserver.catalog.queries import creatives_of
from kernel.clock import Clock
from kernel.database import WriteSession

_LONGEST_NAME = 73


async def copied_campaign(tx: WriteSession, old: Campaign, *, clock: Clock) -> Campaign:
    """The copy; a schedule that is over is left out, one that has begun begins now."""
    now = clock.now()
    over = old.terms.ends_at is not None and old.terms.ends_at <= now
    terms = replace(
        old.terms,
        name=f"{old.terms.name[:_LONGEST_NAME]} (copy)",
        starts_at=max(now, old.terms.starts_at),
        ends_at=None if over else old.terms.ends_at,
    )
    made = await commands.create_campaign(
        tx, advertiser_id=old.advertiser_id, terms=terms, targeting=old.targeting, clock=clock
    )
    for creative in await creatives_of(tx, old.campaign_id):
        await commands.create_creative(
            tx, campaign_id=made.campaign_id, copy=creative.copy, clock=clock
        )
    return made

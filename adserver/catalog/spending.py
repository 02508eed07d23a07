"""Which spend limits a campaign has, and setting them with the ledger.

The ledger keeps the limits and renews the daily one at midnight in the campaign's time zone. A
budget that a campaign does not have is not a limit: only the wallet bounds it then.
"""

from datetime import datetime

from adserver.catalog.campaign import CampaignTerms
from kernel.database import WriteSession
from kernel.money import Micros
from ledger.charging import LimitKey
from ledger.limits import set_limit
from ledger.windows import window_at


def limits_of(
    campaign_id: str, *, total_budget: Micros | None, daily_budget: Micros | None
) -> tuple[LimitKey, ...]:
    """The limits that every charge of the campaign draws from."""
    limits = []
    if total_budget is not None:
        limits.append(LimitKey("campaign_total", campaign_id))
    if daily_budget is not None:
        limits.append(LimitKey("campaign_day", campaign_id))
    return tuple(limits)


async def agree_limits(
    tx: WriteSession, campaign_id: str, terms: CampaignTerms, *, since: datetime | None = None
) -> None:
    """Tell the ledger what the campaign may spend, from its start on or from `since`."""
    since = since or terms.starts_at
    if terms.total_budget is not None:
        await set_limit(tx, "campaign_total", campaign_id, since, None, terms.total_budget)
    day = window_at("campaign_day", terms.time_zone, since)
    if terms.daily_budget is not None and day is not None:
        await set_limit(
            tx,
            "campaign_day",
            campaign_id,
            *day,
            terms.daily_budget,
            time_zone=terms.time_zone,
        )

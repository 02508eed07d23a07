"""How much of a budget an even pace would have spent by now, in basis points. Pure.

Serving itself follows the traffic of the day rather than the clock; the mark is there to show at a
glance whether a campaign runs ahead or behind.
"""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from adserver.catalog.campaign import CampaignTerms
from kernel.money import BASIS_POINTS


def of_day(time_zone: str, at: datetime) -> int:
    """``of_day("UTC", noon)`` is 5,000: half of the day has passed, in 15-minute steps."""
    local = at.astimezone(ZoneInfo(time_zone))
    quarter = (local.hour * 60 + local.minute) // 15
    return quarter * BASIS_POINTS // 96


def of_schedule(terms: CampaignTerms, at: datetime) -> int | None:
    """How much of the whole schedule has passed, by the hour; None for one without an end."""
    if terms.ends_at is None:
        return None
    whole = terms.ends_at - terms.starts_at
    gone = min(max(at - terms.starts_at, timedelta()), whole)
    return int(gone / timedelta(hours=1)) * BASIS_POINTS // max(1, int(whole / timedelta(hours=1)))

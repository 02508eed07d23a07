"""When a budget's day or month begins and ends. Pure.

Days and months are those of the advertiser's time zone, so a day may have 23 or 25 hours; windows
are stored as UTC instants and the end of one is exactly the start of the next.
"""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from ledger.charging import Scope

Window = tuple[datetime, datetime]


def window_at(scope: Scope, time_zone: str, at: datetime) -> Window | None:
    """The window of `scope` that holds `at`; None for a scope that has one window for ever."""
    zone = ZoneInfo(time_zone)
    today = at.astimezone(zone).date()
    match scope:
        case "campaign_day" | "advertiser_day":
            return _midnight(today, zone), _midnight(today + timedelta(days=1), zone)
        case "organisation_month":
            first = today.replace(day=1)
            following = (first + timedelta(days=32)).replace(day=1)
            return _midnight(first, zone), _midnight(following, zone)
        case "campaign_total":
            return None


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(UTC)

"""A campaign: how much, for how long, for whom.

    draft ──start──► live ──pause──► paused ──resume──► live
      └────────────────┴──────end──────┴──► ended

Only live campaigns are served, and only within their schedule. Money limits themselves are kept
by the ledger; what is agreed here is what they are set to. Pure.
"""

import zoneinfo
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from adserver.catalog.targeting import Targeting
from kernel.errors import BadRequest, Conflict
from kernel.money import Micros

LOWEST_BID: Final = Micros(10_000)
HIGHEST_BID: Final = Micros(100_000_000)
LONGEST_ATTRIBUTION_DAYS: Final = 90
_LONGEST_NAME: Final = 80


class CampaignStatus(StrEnum):
    """Where a campaign stands."""

    DRAFT = "draft"
    LIVE = "live"
    PAUSED = "paused"
    ENDED = "ended"


class BidType(StrEnum):
    """What a campaign pays for: a click, a thousand viewable impressions, or a conversion."""

    CPC = "cpc"
    CPM = "cpm"
    CPA = "cpa"


class CampaignAct(StrEnum):
    """What its owner may do with it."""

    START = "start"
    PAUSE = "pause"
    RESUME = "resume"
    END = "end"


_NEXT: Final = {
    (CampaignStatus.DRAFT, CampaignAct.START): CampaignStatus.LIVE,
    (CampaignStatus.LIVE, CampaignAct.PAUSE): CampaignStatus.PAUSED,
    (CampaignStatus.PAUSED, CampaignAct.RESUME): CampaignStatus.LIVE,
    (CampaignStatus.DRAFT, CampaignAct.END): CampaignStatus.ENDED,
    (CampaignStatus.LIVE, CampaignAct.END): CampaignStatus.ENDED,
    (CampaignStatus.PAUSED, CampaignAct.END): CampaignStatus.ENDED,
}

# Where each act leads: doing it twice is not an error, because people press buttons twice.
_GOAL: Final = {
    CampaignAct.START: CampaignStatus.LIVE,
    CampaignAct.PAUSE: CampaignStatus.PAUSED,
    CampaignAct.RESUME: CampaignStatus.LIVE,
    CampaignAct.END: CampaignStatus.ENDED,
}


_BOUGHT: Final = {
    BidType.CPC: "one click",
    BidType.CPM: "a thousand impressions",
    BidType.CPA: "one conversion",
}


@dataclass(frozen=True, slots=True)
class CampaignTerms:
    """What is agreed: at most `bid` for a click, $200 in all, $20 a day in Berlin's days.

    With `bid_type` CPM the bid is for a thousand viewable impressions, with CPA for a conversion
    that comes within `attribution_days` of its click.

    ``CampaignTerms("Trail spring", Micros(450_000), Micros(200_000_000), Micros(20_000_000),
    "Europe/Berlin", starts_at)``. A budget of None leaves only the wallet as the limit.
    """

    name: str
    bid: Micros
    total_budget: Micros | None
    daily_budget: Micros | None
    time_zone: str
    starts_at: datetime
    ends_at: datetime | None = None
    bid_type: BidType = BidType.CPC
    attribution_days: int = 30


@dataclass(frozen=True, slots=True)
class Campaign:
    """A campaign as its owner sees it."""

    campaign_id: str
    advertiser_id: str
    status: CampaignStatus
    terms: CampaignTerms
    targeting: Targeting


def next_status(status: CampaignStatus, act: CampaignAct) -> CampaignStatus:
    """The status after `act`. Raises Conflict for what the drawing above does not have."""
    if status is _GOAL[act]:
        return status
    try:
        return _NEXT[status, act]
    except KeyError:
        raise Conflict(
            f"This campaign is {status.value}, so it cannot take the step {act.value!r}."
        ) from None


def check_terms(terms: CampaignTerms) -> None:
    """Raise BadRequest that names the first term which cannot stand."""
    if not 1 <= len(terms.name.strip()) <= _LONGEST_NAME or not terms.name.isprintable():
        raise BadRequest(f"A campaign's name has 1 to {_LONGEST_NAME} characters.", param="name")
    if not LOWEST_BID <= terms.bid <= HIGHEST_BID:
        raise BadRequest(
            f"A bid lies between {LOWEST_BID.text()} and {HIGHEST_BID.text()} "
            f"for {_BOUGHT[terms.bid_type]}.",
            param="bid",
        )
    for param, budget in (("total", terms.total_budget), ("daily", terms.daily_budget)):
        if budget is not None and budget < terms.bid:
            raise BadRequest(
                f"The {param} budget {budget.text()} does not pay for {_BOUGHT[terms.bid_type]} "
                "at your bid.",
                param=f"{param}_budget",
            )
    if not 1 <= terms.attribution_days <= LONGEST_ATTRIBUTION_DAYS:
        raise BadRequest(
            f"A conversion can be counted 1 to {LONGEST_ATTRIBUTION_DAYS} days after its click.",
            param="attribution_days",
        )
    if terms.ends_at is not None and terms.ends_at <= terms.starts_at:
        raise BadRequest("The campaign ends before it starts.", param="ends_at")
    try:
        zoneinfo.ZoneInfo(terms.time_zone)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        raise BadRequest(
            "Give the time zone by its IANA name, such as Europe/Berlin.", param="time_zone"
        ) from None

"""Is a campaign being served, and if not, why and what mends it. Pure.

Reasons are tried in the order in which an advertiser can do something about them; the first that
holds is shown, with the one act that mends it. A campaign without any reason against it is serving,
which does not promise that somebody asks the right question today.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from adserver.catalog.advertiser import AdvertiserStatus
from adserver.catalog.campaign import BidType, Campaign, CampaignStatus
from kernel.money import ZERO, Micros

_QUIET_FOR: Final = timedelta(days=1)


class Fix(StrEnum):
    """What one press does about it; the value stands in the form."""

    START = "start"
    RESUME = "resume"
    START_NOW = "start_now"
    NO_END = "no_end"
    RAISE_DAILY = "raise_daily"
    RAISE_TOTAL = "raise_total"
    ADD_FUNDS = "add_funds"
    WRITE = "write"
    IMPROVE = "improve"
    COPY = "copy"


@dataclass(frozen=True)
class Facts:
    """What the answer depends on. A budget of the campaign that it does not have is None here."""

    at: datetime
    advertiser_status: AdvertiserStatus
    wallet: Micros
    approved: int
    in_review: int
    total_left: Micros | None
    daily_left: Micros | None
    delivered: int = 1


@dataclass(frozen=True)
class Serving:
    """``Serving("Paused", "calm", "You paused it. …", Fix.RESUME)``."""

    label: str
    tone: str
    reason: str
    fix: Fix | None = None


_SERVING: Final = Serving("Serving", "good", "")


def serving(campaign: Campaign, facts: Facts) -> Serving:
    """The campaign's state in words, with the reason."""
    return (
        _by_status(campaign, facts)
        or _by_schedule(campaign, facts.at)
        or _by_review(facts)
        or _by_money(campaign, facts)
        or _by_demand(campaign, facts)
        or _SERVING
    )


def _by_status(campaign: Campaign, facts: Facts) -> Serving | None:
    if facts.advertiser_status is AdvertiserStatus.BLOCKED:
        return Serving("Stopped", "bad", "This advertiser is blocked. Write to support.")
    match campaign.status:
        case CampaignStatus.DRAFT:
            return Serving("Draft", "calm", "It has not been started yet.", Fix.START)
        case CampaignStatus.PAUSED:
            return Serving(
                "Paused", "calm", "You paused it. Resume it to be shown again.", Fix.RESUME
            )
        case CampaignStatus.ENDED:
            return Serving("Ended", "calm", "It is over for good.", Fix.COPY)
        case CampaignStatus.LIVE:
            return None


def _by_schedule(campaign: Campaign, at: datetime) -> Serving | None:
    terms = campaign.terms
    if at < terms.starts_at:
        when = f"It starts on {terms.starts_at:%-d %b %Y, %H:%M} UTC."
        return Serving("Scheduled", "wait", when, Fix.START_NOW)
    if terms.ends_at is not None and at >= terms.ends_at:
        when = f"Its schedule ended on {terms.ends_at:%-d %b %Y}."
        return Serving("Over", "calm", when, Fix.NO_END)
    return None


def _by_review(facts: Facts) -> Serving | None:
    if facts.approved:
        return None
    if facts.in_review:
        return Serving("In review", "wait", "Its creatives wait for review.")
    return Serving(
        "No creative", "bad", "None of its creatives is approved. Submit one.", Fix.WRITE
    )


def _by_money(campaign: Campaign, facts: Facts) -> Serving | None:
    bid = campaign.terms.bid
    if facts.wallet <= ZERO:
        return Serving(
            "Out of funds", "bad", "The balance is used up. Add funds to go on.", Fix.ADD_FUNDS
        )
    if facts.wallet < bid and campaign.terms.bid_type is BidType.CPC:
        return Serving(
            "Low funds", "bad", "The balance does not pay for one click at your bid.", Fix.ADD_FUNDS
        )
    if facts.total_left is not None and facts.total_left < bid:
        return Serving(
            "Budget spent",
            "wait",
            "The total budget is used up. Raise it to go on.",
            Fix.RAISE_TOTAL,
        )
    if facts.daily_left is not None and facts.daily_left < bid:
        return Serving(
            "Done for today",
            "wait",
            "The daily budget is used up. It goes on tomorrow.",
            Fix.RAISE_DAILY,
        )
    return None


def _by_demand(campaign: Campaign, facts: Facts) -> Serving | None:
    if facts.delivered or facts.at < campaign.terms.starts_at + _QUIET_FOR:
        return None
    return Serving(
        "No match yet",
        "wait",
        "Nobody asked what it fits, or others bid more. Try more questions, or a higher bid.",
        Fix.IMPROVE,
    )

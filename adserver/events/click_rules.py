"""When a click costs money, and when it does not. Pure.

A click is billed if a reader made it, within 24 hours of a delivery that is on record, on an ad of
a campaign that is still running, and for a price fixed at the decision. Everything else is counted
with its reason.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from adserver.catalog.landing import Landing
from adserver.catalog.lint import CLICK_PARAMETER
from kernel.money import Micros

BILLABLE_FOR: Final = timedelta(hours=24)


class Unbilled(StrEnum):
    """Why a click was recorded and not charged."""

    NOT_DURABLE = "not_durable"
    NOT_DELIVERED = "not_delivered"
    MISMATCH = "mismatch"
    TEST = "test"
    HOUSE = "house"
    LATE = "late"
    CAMPAIGN_ENDED = "campaign_ended"
    NO_PRICE = "no_price"
    NO_PUBLISHER = "no_publisher"
    NO_FUNDS = "no_funds"
    NO_BUDGET = "no_budget"
    CONFLICT = "conflict"
    # The impression or the conversion pays for this ad, not the click.
    PAID_BY_IMPRESSION = "paid_by_impression"
    PAID_BY_CONVERSION = "paid_by_conversion"
    # Invalid traffic, as `adserver.events.traffic_rules` tells it.
    TOO_FAST = "too_fast"
    REPEATED = "repeated"
    RATE = "rate"
    DATA_CENTRE = "data_centre"
    IDENTICAL_PROMPTS = "identical_prompts"
    SAME_ADDRESSES = "same_addresses"
    CLICK_RATE = "click_rate"
    SELF_CLICK = "self_click"


INVALID: Final = frozenset(
    {
        Unbilled.TOO_FAST,
        Unbilled.REPEATED,
        Unbilled.RATE,
        Unbilled.DATA_CENTRE,
        Unbilled.IDENTICAL_PROMPTS,
        Unbilled.SAME_ADDRESSES,
        Unbilled.CLICK_RATE,
        Unbilled.SELF_CLICK,
    }
)


@dataclass(frozen=True, slots=True)
class Decided:
    """What the click needs to know of the decision behind it, as far as it is durable."""

    publisher_id: str
    advertiser_id: str | None
    campaign_id: str | None
    creative_number: int | None
    test: bool
    price: Micros | None
    delivered_at: datetime | None
    app_id: str | None = None
    bid_type: str = "cpc"
    share_bp: int | None = None


def why_unbilled(
    decided: Decided | None, landing: Landing, *, at: datetime, pays_for: str = "cpc"
) -> Unbilled | None:
    """The first reason against a charge, or None for a click, or a view (``cpm``), to be billed."""
    if decided is None:
        return Unbilled.NOT_DURABLE
    if decided.delivered_at is None:
        return Unbilled.NOT_DELIVERED
    reasons = {
        Unbilled.MISMATCH: not _same_ad(decided, landing),
        Unbilled.TEST: decided.test,
        Unbilled.HOUSE: landing.is_house,
        Unbilled.LATE: at - decided.delivered_at > BILLABLE_FOR,
        Unbilled.CAMPAIGN_ENDED: landing.has_ended(at),
        Unbilled.PAID_BY_IMPRESSION: pays_for != "cpm" == decided.bid_type,
        Unbilled.PAID_BY_CONVERSION: decided.bid_type == "cpa",
        Unbilled.NO_PRICE: not decided.price,
    }
    return next((reason for reason, holds in reasons.items() if holds), None)


def with_click_id(url: str, decision_id: str) -> str:
    """The landing page with the parameter by which an advertiser reports a conversion.

    ``https://a.example/p?c=1#top`` → ``https://a.example/p?c=1&tf_click=dec_…#top``; nothing of the
    address itself is rewritten.
    """
    page, hash_mark, fragment = url.partition("#")
    joint = "&" if "?" in page else "?"
    return f"{page}{joint}{CLICK_PARAMETER}={decision_id}{hash_mark}{fragment}"


def _same_ad(decided: Decided, landing: Landing) -> bool:
    return (
        decided.creative_number == landing.creative_number
        and decided.campaign_id == landing.campaign_id
        and decided.advertiser_id == landing.advertiser_id
    )

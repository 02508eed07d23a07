"""When a reported conversion counts, and when it costs money. Pure.

    reported by a server ──► charged      the first of a click that a campaign pays conversions for
                         ├─► counted      it costs nothing: another bid type, or a second one
                         └─► late, no_click, invalid_click, test, stopped: neither
    reported by a pixel  ──► unconfirmed  until the server reports the same event

A pixel is only counted, because whoever knows a click id could load it.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from adserver.events.click_rules import INVALID, Decided, Unbilled
from kernel.money import Micros

# Clocks of other people's servers are wrong by this much.
_SKEW: Final = timedelta(minutes=5)


class ConversionOutcome(StrEnum):
    """What became of a conversion."""

    CHARGED = "charged"
    COUNTED = "counted"
    UNCONFIRMED = "unconfirmed"
    LATE = "late"
    NO_CLICK = "no_click"
    INVALID_CLICK = "invalid_click"
    TEST = "test"
    STOPPED = "stopped"
    NO_PUBLISHER = "no_publisher"
    NO_FUNDS = "no_funds"
    NO_BUDGET = "no_budget"
    REFUNDED = "refunded"


# What reports count as a conversion; the others are told to whoever reports them, and no more.
COUNTING: Final = frozenset(
    {
        ConversionOutcome.CHARGED,
        ConversionOutcome.COUNTED,
        ConversionOutcome.UNCONFIRMED,
        ConversionOutcome.NO_PUBLISHER,
        ConversionOutcome.NO_FUNDS,
        ConversionOutcome.NO_BUDGET,
    }
)


@dataclass(frozen=True, slots=True)
class Reported:
    """A conversion as it was reported: `event_id` is the advertiser's own name for it.

    ``Reported("order-17", "dec_…", "purchase", Micros(59_900_000), "USD", happened_at)``.
    `refunds` names the event that this one takes back.
    """

    event_id: str
    click_id: str
    name: str
    value: Micros | None
    currency: str | None
    happened_at: datetime
    refunds: str | None = None
    is_pixel: bool = False


@dataclass(frozen=True, slots=True)
class ClickBefore:
    """The click that a conversion is reported for, as it was recorded."""

    at: datetime
    unbilled_reason: str | None
    found_invalid: bool
    attribution_days: int


def judge(
    reported: Reported, decided: Decided, click: ClickBefore | None, *, stopped: bool
) -> ConversionOutcome | None:
    """What becomes of a conversion; None for one that is to be charged."""
    if click is None:
        return ConversionOutcome.TEST if decided.test else ConversionOutcome.NO_CLICK
    since = reported.happened_at - click.at
    pays = decided.bid_type == "cpa" and click.unbilled_reason == Unbilled.PAID_BY_CONVERSION
    verdicts = {
        ConversionOutcome.TEST: decided.test,
        ConversionOutcome.LATE: not -_SKEW <= since <= timedelta(days=click.attribution_days),
        ConversionOutcome.INVALID_CLICK: click.found_invalid or click.unbilled_reason in INVALID,
        ConversionOutcome.STOPPED: stopped,
        ConversionOutcome.UNCONFIRMED: reported.is_pixel,
        ConversionOutcome.COUNTED: not (pays and decided.price),
    }
    return next((outcome for outcome, holds in verdicts.items() if holds), None)

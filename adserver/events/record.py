"""Write decisions and steps, many at a time.

The two writers are made for `kernel.group_commit.GroupCommit`. Both are safe to repeat: the first
row stands and later ones are dropped. A click is not written here but at the `ClickDesk`, where
it meets its charge.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from adserver.events.tables import DecisionRow, StepRow
from adserver.once import insert_each_once
from kernel.database import WriteSession
from kernel.money import Micros
from tollfree_sdk.contract import NoFill, Step


@dataclass(frozen=True, slots=True)
class DecisionEvent:
    """One turn as it was decided; `no_fill_reason` is None where an ad was chosen.

    `trace` lets the decision be replayed: candidates, scores, draws, caps and versions as plain
    JSON, never text or vectors. `price` is what `bid_type` pays for will cost, fixed here: a click,
    one delivery that was seen, or a conversion.
    """

    decision_id: str
    at: datetime
    publisher_id: str
    app_id: str | None = None
    test: bool = False
    no_fill_reason: NoFill | None = None
    advertiser_id: str | None = None
    campaign_id: str | None = None
    creative_id: str | None = None
    creative_number: int | None = None
    creative_version: int | None = None
    format: str | None = None
    placement: str | None = None
    bid: Micros | None = None
    price: Micros | None = None
    relevance: float | None = None
    topic: str | None = None
    bid_type: str = "cpc"
    country: str | None = None
    trace: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class StepEvent:
    """How far an ad came: ``StepEvent("dec_…", Step.DELIVERED, clock.now())``."""

    decision_id: str
    step: Step
    at: datetime
    unbilled_reason: str | None = None


async def write_decisions(tx: WriteSession, events: Sequence[DecisionEvent]) -> None:
    """Store decisions; one that is there already stays as it was."""
    await insert_each_once(tx, DecisionRow, [_decision_row(event) for event in events])


async def write_steps(tx: WriteSession, events: Sequence[StepEvent]) -> None:
    """Store steps other than clicks; one that is there already stays as it was."""
    await insert_each_once(tx, StepRow, [_step_row(event) for event in events])


def _decision_row(event: DecisionEvent) -> dict[str, Any]:
    return {
        "id": event.decision_id,
        "created_at": event.at,
        "publisher_id": event.publisher_id,
        "app_id": event.app_id,
        "test": event.test,
        "outcome": "ad" if event.no_fill_reason is None else "no_ad",
        "no_fill_reason": None if event.no_fill_reason is None else event.no_fill_reason.value,
        "advertiser_id": event.advertiser_id,
        "campaign_id": event.campaign_id,
        "creative_id": event.creative_id,
        "creative_number": event.creative_number,
        "creative_version": event.creative_version,
        "format": event.format,
        "placement": event.placement,
        "bid_micros": event.bid,
        "price_micros": event.price,
        "relevance": event.relevance,
        "topic": event.topic,
        "bid_type": event.bid_type,
        "country": event.country,
        "trace": event.trace,
    }


def _step_row(event: StepEvent) -> dict[str, Any]:
    if event.step in (Step.CLICK, Step.CONVERSION):
        # Only the desk that charges may write a step that costs money.
        raise ValueError(f"A {event.step} is not recorded here.")
    return {
        "decision_id": event.decision_id,
        "step": event.step.value,
        "at": event.at,
        "billable": False,
        "price_micros": None,
        "unbilled_reason": event.unbilled_reason,
    }

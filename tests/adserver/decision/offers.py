"""Builders of offers and turns: what a test does not name is harmless."""

from datetime import UTC, datetime
from typing import Any

from adserver.decision.vocabulary import Offer, Opportunity
from kernel.money import Micros

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def an_offer(number: int = 1, **given: Any) -> Offer:
    values: dict[str, Any] = {
        "number": number,
        "creative_id": f"crt_{number}",
        "creative_version": 1,
        "campaign_id": f"cmp_{number}",
        "advertiser_id": f"adv_{number}",
        "category": "running",
        "language": "en",
        "bid": Micros(500_000),
        "domains": frozenset({f"brand{number}.example"}),
    }
    return Offer(**{**values, **given})


def a_turn(**given: Any) -> Opportunity:
    return Opportunity(**{"at": NOON, "language": "en", **given})

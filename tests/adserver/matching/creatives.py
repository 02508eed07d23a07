"""Builders of live creatives; only what matters to a test is written in the test."""

import json
from datetime import UTC, datetime
from pathlib import Path

from adserver.catalog.queries import LiveCreative
from adserver.catalog.targeting import Targeting
from kernel.money import Micros

SEED = Path(__file__).parents[3] / "tollfree" / "seed"


def a_creative(
    number: int = 1,
    *,
    title: str = "Support shoe for flat feet",
    body: str = "Firm inner side, wide toe box.",
    keywords: tuple[str, ...] = ("running shoes",),
    prompts: tuple[str, ...] = (),
    category: str = "running",
    advertiser: str = "Strideworks",
) -> LiveCreative:
    return LiveCreative(
        creative_id=f"crt_{number}",
        number=number,
        version=1,
        campaign_id="cmp_1",
        advertiser_id="adv_1",
        organisation_id="org_1",
        advertiser_name=advertiser,
        advertiser_domain="strideworks.example",
        title=title,
        body=body,
        cta="See it",
        landing_url="https://strideworks.example/",
        display_domain="strideworks.example",
        facts=(),
        example_prompts=prompts,
        keywords=keywords,
        category=category,
        language="en",
        is_house=False,
        bid=Micros(500_000),
        total_budget=None,
        daily_budget=None,
        time_zone="UTC",
        starts_at=datetime(2026, 1, 1, tzinfo=UTC),
        ends_at=None,
        targeting=Targeting(),
    )


def seed_creatives() -> list[LiveCreative]:
    """The inventory that a demo starts with."""
    found: list[LiveCreative] = []
    for path in sorted(SEED.glob("*.json")):
        advertiser = json.loads(path.read_text(encoding="utf-8"))
        for campaign in advertiser.get("campaigns", ()):
            for copy in campaign["creatives"]:
                found.append(
                    a_creative(
                        len(found) + 1,
                        title=copy["title"],
                        body=copy["body"],
                        keywords=tuple(copy["keywords"]),
                        prompts=tuple(copy["example_prompts"]),
                        category=copy["category"],
                        advertiser=advertiser["name"],
                    )
                )
    return found

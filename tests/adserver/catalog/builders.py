"""Small builders: only what matters to a test is written in the test."""

from dataclasses import replace
from datetime import UTC, datetime

from adserver.catalog import commands
from adserver.catalog.advertiser import Advertiser
from adserver.catalog.campaign import Campaign, CampaignTerms
from adserver.catalog.creative import Creative, CreativeCopy
from adserver.catalog.targeting import Targeting
from kernel.clock import Clock
from kernel.database import Database
from kernel.money import Micros
from ledger import journal
from ledger.postings import top_up

COPY = CreativeCopy(
    title="Support shoe for flat feet",
    body="Firm inner side, wide toe box. Run in it for 60 days and send it back.",
    cta="See the shoe",
    landing_url="https://strideworks.example/shoes/arden?c=1#sizes",
    category="running",
    example_prompts=("Shoes for flat feet?", "Which running shoe?", "I overpronate"),
    facts=("8 mm drop", "Five widths", "60 days to return"),
    keywords=("running shoes",),
)
TERMS = CampaignTerms(
    name="Spring",
    bid=Micros(500_000),
    total_budget=Micros(100_000_000),
    daily_budget=Micros(10_000_000),
    time_zone="UTC",
    starts_at=datetime(2026, 11, 1, tzinfo=UTC),
)


async def an_advertiser(
    database: Database,
    clock: Clock,
    *,
    funds: int = 50_000_000,
    organisation_id: str = "org_1",
    name: str = "Strideworks",
) -> Advertiser:
    async with database.writing() as tx:
        made = await commands.create_advertiser(
            tx,
            organisation_id=organisation_id,
            name=name,
            domain="strideworks.example",
            clock=clock,
        )
        if funds:
            posting = top_up(made.advertiser_id, Micros(funds), f"top-up:{made.advertiser_id}")
            await journal.post(tx, posting, clock=clock)
    return made


async def a_campaign(
    database: Database,
    clock: Clock,
    advertiser: Advertiser | None = None,
    *,
    live: bool = True,
    targeting: Targeting = Targeting(),  # noqa: B008  frozen
    **terms: object,
) -> Campaign:
    owner = advertiser or await an_advertiser(database, clock)
    async with database.writing() as tx:
        made = await commands.create_campaign(
            tx,
            advertiser_id=owner.advertiser_id,
            terms=replace(TERMS, **terms),  # type: ignore[arg-type]
            targeting=targeting,
            clock=clock,
        )
        return await commands.start_campaign(tx, made.campaign_id, clock=clock) if live else made


async def a_creative(
    database: Database,
    clock: Clock,
    campaign: Campaign | None = None,
    *,
    approved: bool = True,
    is_house: bool = False,
    **copy: object,
) -> Creative:
    home = campaign or await a_campaign(database, clock)
    async with database.writing() as tx:
        made = await commands.create_creative(
            tx,
            campaign_id=home.campaign_id,
            copy=replace(COPY, **copy),  # type: ignore[arg-type]
            is_house=is_house,
            clock=clock,
        )
        if not approved:
            return made
        await commands.submit_creative(
            tx, made.creative_id, auto_approve_after_lint=False, clock=clock
        )
        return await commands.approve_creative(tx, made.creative_id, clock=clock)

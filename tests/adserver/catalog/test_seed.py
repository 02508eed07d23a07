"""The seed that a newcomer sees first."""

import json
from collections import Counter
from pathlib import Path

import pytest

from adserver.catalog import commands, queries
from adserver.catalog.creative import ReviewState
from adserver.catalog.lint import lint
from adserver.catalog.seed import SeedAdvertiser, seed, seed_advertiser
from kernel.clock import FrozenClock
from kernel.database import Database
from kernel.money import Micros
from ledger.balances import balance

SEED = Path(__file__).parents[3] / "tollfree" / "seed"


@pytest.fixture(scope="module")
def advertisers() -> list[SeedAdvertiser]:
    return [seed_advertiser(json.loads(path.read_text())) for path in sorted(SEED.glob("*.json"))]


def creatives(advertisers: list[SeedAdvertiser]) -> list:
    return [
        ad
        for advertiser in advertisers
        if not advertiser.is_house
        for campaign in advertiser.campaigns
        for ad in campaign.creatives
    ]


class TestTheFiles:
    def test_offer_a_real_choice(self, advertisers: list[SeedAdvertiser]) -> None:
        ads = creatives(advertisers)

        assert len(advertisers) >= 14
        assert len(ads) >= 70
        assert len({ad.copy.category for ad in ads}) >= 16
        assert max(Counter(ad.copy.category for ad in ads).values()) <= len(ads) // 5

    def test_repeat_nothing(self, advertisers: list[SeedAdvertiser]) -> None:
        ads = creatives(advertisers)
        prompts = [prompt for ad in ads for prompt in ad.copy.example_prompts]

        assert len({advertiser.name for advertiser in advertisers}) == len(advertisers)
        assert len({advertiser.domain for advertiser in advertisers}) == len(advertisers)
        assert len({ad.copy.title for ad in ads}) == len(ads)
        assert len({ad.copy.landing_url for ad in ads}) == len(ads)
        assert len(set(prompts)) == len(prompts)

    def test_are_complete(self, advertisers: list[SeedAdvertiser]) -> None:
        for ad in creatives(advertisers):
            assert 3 <= len(ad.copy.facts) <= 5, ad.copy.title
            assert 4 <= len(ad.copy.example_prompts) <= 5, ad.copy.title
            assert len(ad.copy.body) >= 60, ad.copy.title

    def test_hold_sober_copy_and_one_claim_for_the_reviewer(
        self, advertisers: list[SeedAdvertiser]
    ) -> None:
        found = [
            (advertiser.name, finding.code)
            for advertiser in advertisers
            for campaign in advertiser.campaigns
            for ad in campaign.creatives
            for finding in lint(ad.copy, domain=advertiser.domain)
        ]

        assert found == [("Strideworks", "superlative")]

    def test_use_domains_that_nobody_owns(self, advertisers: list[SeedAdvertiser]) -> None:
        assert all(advertiser.domain.endswith(".example") for advertiser in advertisers)

    def test_name_one_demo_advertiser_and_one_house(
        self, advertisers: list[SeedAdvertiser]
    ) -> None:
        assert [found.name for found in advertisers if found.is_demo] == ["Strideworks"]
        assert [found.name for found in advertisers if found.is_house] == ["Tollfree"]


class TestSeeding:
    async def test_fills_an_empty_catalog(
        self, database: Database, clock: FrozenClock, advertisers: list[SeedAdvertiser]
    ) -> None:
        async with database.writing() as tx:
            ids = await seed(
                tx, advertisers, organisations={"Strideworks": "org_demo"}, clock=clock
            )

        assert ids.keys() == {advertiser.name for advertiser in advertisers}
        async with database.reading() as session:
            live = await queries.live_creatives(session, clock.now())
            demo = await queries.advertiser_of(session, "org_demo")
            wallet = await balance(session, f"adv:{ids['Strideworks']}:cash")
            zero = await queries.publisher(session, "zero")
        assert len(live) >= 70
        assert {found.advertiser_name for found in live} == ids.keys()
        assert demo is not None
        assert demo.advertiser_id == ids["Strideworks"]
        assert wallet.available == Micros(250_000_000)
        assert zero is not None

    async def test_shows_every_review_state_and_a_paused_campaign(
        self, database: Database, clock: FrozenClock, advertisers: list[SeedAdvertiser]
    ) -> None:
        demo = [advertiser for advertiser in advertisers if advertiser.is_demo]
        async with database.writing() as tx:
            ids = await seed(tx, demo, organisations={}, clock=clock)

        async with database.reading() as session:
            campaigns = await queries.campaigns_of(session, ids["Strideworks"])
            states = {
                creative.review_state
                for campaign in campaigns
                for creative in await queries.creatives_of(session, campaign.campaign_id)
            }
        assert [campaign.status.value for campaign in campaigns] == ["live", "paused"]
        assert states == set(ReviewState)

    async def test_does_nothing_twice(
        self, database: Database, clock: FrozenClock, advertisers: list[SeedAdvertiser]
    ) -> None:
        for expected in (2, 0):
            async with database.writing() as tx:
                ids = await seed(tx, advertisers[:2], organisations={}, clock=clock)
            assert len(ids) == expected

    async def test_leaves_a_catalog_in_use_alone(
        self, database: Database, clock: FrozenClock, advertisers: list[SeedAdvertiser]
    ) -> None:
        async with database.writing() as tx:
            await commands.create_advertiser(
                tx, organisation_id="org_1", name="Mine", domain="mine.example", clock=clock
            )
            assert await seed(tx, advertisers[:1], organisations={}, clock=clock) == {}

"""Writing the catalog, on both engines."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from adserver.catalog import commands, queries
from adserver.catalog.advertiser import advertiser_domain, advertiser_name
from adserver.catalog.campaign import CampaignStatus, check_terms
from adserver.catalog.targeting import Targeting
from kernel.clock import FrozenClock
from kernel.database import Database
from kernel.errors import BadRequest, Conflict, NotFound
from kernel.money import Micros
from ledger.charging import LimitKey
from ledger.limits import remaining
from tests.adserver.catalog.builders import COPY, TERMS, a_campaign, a_creative, an_advertiser


class TestAnAdvertiser:
    async def test_is_found_by_its_organisation(
        self, database: Database, clock: FrozenClock
    ) -> None:
        made = await an_advertiser(database, clock, organisation_id="org_7")

        async with database.reading() as session:
            assert await queries.advertiser_of(session, "org_7") == made
            assert await queries.advertiser_of(session, "org_8") is None

    @pytest.mark.parametrize(
        "name", ["", "x", "A" * 81, "Evil\u202eCo", "a<b>", "Str\u0456de", "a\x00b"]
    )
    def test_cannot_have_a_name_that_misleads(self, name: str) -> None:
        with pytest.raises(BadRequest) as refused:
            advertiser_name(name)

        assert refused.value.param == "name"

    def test_has_its_name_and_domain_tidied(self) -> None:
        assert advertiser_name("  Stride   works ") == "Stride works"
        assert advertiser_domain(" WWW.Shop.Example ") == "shop.example"

    @pytest.mark.parametrize(
        "domain",
        [
            "",
            "localhost",
            "https://a.example",
            "a.example/x",
            "-a.example",
            "a..example",
            "1.2.3.4",
        ],
    )
    def test_has_a_plain_domain(self, domain: str) -> None:
        with pytest.raises(BadRequest) as refused:
            advertiser_domain(domain)

        assert refused.value.param == "domain"


class TestACampaign:
    async def test_starts_as_a_draft_and_agrees_its_limits(
        self, database: Database, clock: FrozenClock
    ) -> None:
        made = await a_campaign(database, clock, live=False)

        assert made.status is CampaignStatus.DRAFT
        total = LimitKey("campaign_total", made.campaign_id)
        day = LimitKey("campaign_day", made.campaign_id)
        async with database.reading() as session:
            left = await remaining(session, [total, day], clock.now())
        assert left == {total: Micros(100_000_000), day: Micros(10_000_000)}

    async def test_has_its_day_in_its_own_time_zone(
        self, database: Database, clock: FrozenClock
    ) -> None:
        made = await a_campaign(
            database, clock, time_zone="Asia/Tokyo", starts_at=clock.now(), total_budget=None
        )

        day = LimitKey("campaign_day", made.campaign_id)
        before_start = clock.now() - timedelta(hours=1)
        async with database.reading() as session:
            left = await remaining(session, [day], before_start)
        # Tokyo's day is the same an hour earlier, so the window holds that moment too.
        assert left == {day: Micros(10_000_000)}

    async def test_pauses_resumes_and_ends(self, database: Database, clock: FrozenClock) -> None:
        made = await a_campaign(database, clock)

        async with database.writing() as tx:
            paused = await commands.pause_campaign(tx, made.campaign_id, clock=clock)
            again = await commands.pause_campaign(tx, made.campaign_id, clock=clock)
            resumed = await commands.resume_campaign(tx, made.campaign_id, clock=clock)
            ended = await commands.end_campaign(tx, made.campaign_id, clock=clock)

        assert [step.status.value for step in (paused, again, resumed, ended)] == [
            "paused",
            "paused",
            "live",
            "ended",
        ]
        with pytest.raises(Conflict):
            async with database.writing() as tx:
                await commands.resume_campaign(tx, made.campaign_id, clock=clock)

    async def test_that_does_not_exist_is_not_found(
        self, database: Database, clock: FrozenClock
    ) -> None:
        with pytest.raises(NotFound):
            async with database.writing() as tx:
                await commands.pause_campaign(tx, "cmp_none", clock=clock)

    @pytest.mark.parametrize(
        ("change", "param"),
        [
            ({"name": " "}, "name"),
            ({"bid": Micros(9_999)}, "bid"),
            ({"bid": Micros(100_000_001)}, "bid"),
            ({"total_budget": Micros(499_999)}, "total_budget"),
            ({"daily_budget": Micros(0)}, "daily_budget"),
            ({"ends_at": TERMS.starts_at}, "ends_at"),
            ({"time_zone": "Europe/Atlantis"}, "time_zone"),
            ({"time_zone": "../etc/passwd"}, "time_zone"),
        ],
    )
    def test_has_terms_that_can_stand(self, change: dict, param: str) -> None:
        with pytest.raises(BadRequest) as refused:
            check_terms(replace(TERMS, **change))

        assert refused.value.param == param


class TestTheGeneration:
    async def test_moves_with_every_change(self, database: Database, clock: FrozenClock) -> None:
        seen = []

        async def note() -> None:
            async with database.reading() as session:
                seen.append(await queries.generation(session))

        await note()
        advertiser = await an_advertiser(database, clock)
        await note()
        campaign = await a_campaign(database, clock, advertiser)
        await note()
        creative = await a_creative(database, clock, campaign)
        await note()
        for act in (
            lambda tx: commands.pause_campaign(tx, campaign.campaign_id, clock=clock),
            lambda tx: commands.resume_campaign(tx, campaign.campaign_id, clock=clock),
            lambda tx: commands.edit_creative(tx, creative.creative_id, COPY),
            lambda tx: commands.block_advertiser(
                tx, advertiser.advertiser_id, reason="x", clock=clock
            ),
            lambda tx: commands.unblock_advertiser(tx, advertiser.advertiser_id, clock=clock),
            lambda tx: commands.create_publisher(tx, name="Chat", key_digest="d", clock=clock),
        ):
            async with database.writing() as tx:
                await act(tx)
            await note()

        assert seen[0] == 0
        assert seen == sorted(set(seen))

    async def test_stands_still_when_nothing_changes(
        self, database: Database, clock: FrozenClock
    ) -> None:
        campaign = await a_campaign(database, clock)
        async with database.reading() as session:
            before = await queries.generation(session)

        async with database.writing() as tx:
            await commands.start_campaign(tx, campaign.campaign_id, clock=clock)

        async with database.reading() as session:
            assert await queries.generation(session) == before

    async def test_counts_every_one_of_many_writers(
        self, database: Database, clock: FrozenClock
    ) -> None:
        await asyncio.gather(*(an_advertiser(database, clock, funds=0) for _ in range(10)))

        async with database.reading() as session:
            assert await queries.generation(session) == 10


class TestPublishers:
    async def test_zero_is_opened_once_and_follows_the_stated_share(
        self, database: Database, clock: FrozenClock
    ) -> None:
        async with database.writing() as tx:
            await commands.open_publisher_zero(tx, clock=clock)
        async with database.writing() as tx:
            await commands.open_publisher_zero(tx, share_bp=6_500, clock=clock)

        async with database.reading() as session:
            zero = await queries.publisher(session, "zero")
        assert zero is not None
        assert zero.is_zero
        assert zero.share_bp == 6_500

    async def test_are_found_by_the_digest_of_their_key(
        self, database: Database, clock: FrozenClock
    ) -> None:
        async with database.writing() as tx:
            made = await commands.create_publisher(
                tx, name="Paperplane", key_digest="ab" * 32, clock=clock
            )

        async with database.reading() as session:
            assert await queries.publisher_by_digest(session, "ab" * 32) == made
            assert await queries.publisher_by_digest(session, "cd" * 32) is None

    async def test_with_the_same_key_are_refused(
        self, database: Database, clock: FrozenClock
    ) -> None:
        async with database.writing() as tx:
            await commands.create_publisher(tx, name="One", key_digest="k", clock=clock)

        with pytest.raises(Conflict):
            async with database.writing() as tx:
                await commands.create_publisher(tx, name="Two", key_digest="k", clock=clock)


async def test_targeting_comes_back_from_the_row(database: Database, clock: FrozenClock) -> None:
    wanted = Targeting(countries=("DE",), keywords=("trail",), negative_keywords=("used",))

    made = await a_campaign(database, clock, targeting=wanted)

    async with database.reading() as session:
        found = await queries.campaigns_of(session, made.advertiser_id)
    assert [campaign.targeting for campaign in found] == [wanted]

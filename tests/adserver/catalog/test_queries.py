"""What is live, and only that."""

from datetime import timedelta

from adserver.catalog import commands, queries
from adserver.catalog.targeting import Targeting
from kernel.clock import FrozenClock
from kernel.database import Database
from kernel.money import Micros
from ledger.charging import LimitKey
from tests.adserver.catalog.builders import COPY, a_campaign, a_creative, an_advertiser


async def live_titles(database: Database, clock: FrozenClock) -> list[str]:
    async with database.reading() as session:
        return [found.title for found in await queries.live_creatives(session, clock.now())]


class TestLiveCreatives:
    async def test_carry_everything_that_serving_needs(
        self, database: Database, clock: FrozenClock
    ) -> None:
        advertiser = await an_advertiser(database, clock)
        campaign = await a_campaign(
            database, clock, advertiser, targeting=Targeting(countries=("DE",))
        )
        creative = await a_creative(database, clock, campaign)

        async with database.reading() as session:
            (found,) = await queries.live_creatives(session, clock.now())

        assert (found.creative_id, found.number) == (creative.creative_id, creative.number)
        assert (found.campaign_id, found.advertiser_id) == (
            campaign.campaign_id,
            advertiser.advertiser_id,
        )
        assert (found.advertiser_name, found.advertiser_domain) == (
            "Strideworks",
            "strideworks.example",
        )
        assert (found.title, found.body, found.cta) == (COPY.title, COPY.body, COPY.cta)
        assert found.landing_url == COPY.landing_url
        assert (found.facts, found.example_prompts) == (COPY.facts, COPY.example_prompts)
        assert found.bid == Micros(500_000)
        assert found.targeting == Targeting(countries=("DE",))
        assert found.limits == (
            LimitKey("campaign_total", campaign.campaign_id),
            LimitKey("campaign_day", campaign.campaign_id),
        )
        assert not found.is_house

    async def test_are_approved_only(self, database: Database, clock: FrozenClock) -> None:
        campaign = await a_campaign(database, clock)
        await a_creative(database, clock, campaign, title="approved")
        await a_creative(database, clock, campaign, title="draft", approved=False)
        waiting = await a_creative(database, clock, campaign, title="waiting", approved=False)
        refused = await a_creative(database, clock, campaign, title="refused")
        edited = await a_creative(database, clock, campaign, title="edited")
        async with database.writing() as tx:
            await commands.submit_creative(
                tx, waiting.creative_id, auto_approve_after_lint=False, clock=clock
            )
            await commands.reject_creative(tx, refused.creative_id, reason="no", clock=clock)
            await commands.edit_creative(tx, edited.creative_id, edited.copy)

        assert await live_titles(database, clock) == ["approved"]

    async def test_belong_to_live_campaigns_only(
        self, database: Database, clock: FrozenClock
    ) -> None:
        draft = await a_campaign(database, clock, live=False)
        paused = await a_campaign(database, clock)
        ended = await a_campaign(database, clock)
        resumed = await a_campaign(database, clock)
        for campaign, title in (
            (draft, "draft"),
            (paused, "paused"),
            (ended, "ended"),
            (resumed, "resumed"),
        ):
            await a_creative(database, clock, campaign, title=title)
        async with database.writing() as tx:
            await commands.pause_campaign(tx, paused.campaign_id, clock=clock)
            await commands.end_campaign(tx, ended.campaign_id, clock=clock)
            await commands.pause_campaign(tx, resumed.campaign_id, clock=clock)
            await commands.resume_campaign(tx, resumed.campaign_id, clock=clock)

        assert await live_titles(database, clock) == ["resumed"]

    async def test_belong_to_active_advertisers_only(
        self, database: Database, clock: FrozenClock
    ) -> None:
        advertiser = await an_advertiser(database, clock)
        await a_creative(database, clock, await a_campaign(database, clock, advertiser))

        async with database.writing() as tx:
            await commands.block_advertiser(
                tx, advertiser.advertiser_id, reason="phishing", clock=clock
            )
        assert await live_titles(database, clock) == []
        async with database.writing() as tx:
            await commands.unblock_advertiser(tx, advertiser.advertiser_id, clock=clock)
        assert await live_titles(database, clock) == [COPY.title]

    async def test_keep_to_their_schedule_and_tell_its_edges(
        self, database: Database, clock: FrozenClock
    ) -> None:
        start = clock.now() + timedelta(hours=1)
        campaign = await a_campaign(
            database, clock, starts_at=start, ends_at=start + timedelta(days=1)
        )
        await a_creative(database, clock, campaign)

        seen = []
        for _ in range(3):
            async with database.reading() as session:
                live = await queries.live_creatives(session, clock.now())
                edge = await queries.next_schedule_edge(session, clock.now())
            seen.append((len(live), edge))
            clock.advance(hours=1) if len(seen) == 1 else clock.advance(days=1)

        assert seen == [(0, start), (1, start + timedelta(days=1)), (0, None)]

    async def test_know_their_own_flight(self, database: Database, clock: FrozenClock) -> None:
        end = clock.now() + timedelta(hours=2)
        await a_creative(database, clock, await a_campaign(database, clock, ends_at=end))

        async with database.reading() as session:
            (found,) = await queries.live_creatives(session, clock.now())

        assert found.is_in_flight(clock.now())
        assert found.is_in_flight(end - timedelta(microseconds=1))
        assert not found.is_in_flight(end)


class TestWhereAClickLeads:
    async def test_is_the_approved_page(self, database: Database, clock: FrozenClock) -> None:
        creative = await a_creative(database, clock)

        async with database.reading() as session:
            landing = await queries.landing_of(session, creative.number)

        assert landing is not None
        assert landing.approved_url == COPY.landing_url
        assert landing.stopped_by is None
        assert not landing.has_ended(clock.now())

    async def test_is_nowhere_for_an_unknown_number(self, database: Database) -> None:
        async with database.reading() as session:
            assert await queries.landing_of(session, 2**40) is None

    async def test_is_nowhere_once_stopped(self, database: Database, clock: FrozenClock) -> None:
        advertiser = await an_advertiser(database, clock)
        campaign = await a_campaign(database, clock, advertiser)
        creative = await a_creative(database, clock, campaign)

        async def stopped_by() -> str | None:
            async with database.reading() as session:
                landing = await queries.landing_of(session, creative.number)
            assert landing is not None
            return landing.stopped_by

        async with database.writing() as tx:
            await commands.pause_campaign(tx, campaign.campaign_id, clock=clock)
        assert await stopped_by() == "campaign_paused"
        async with database.writing() as tx:
            await commands.reject_creative(tx, creative.creative_id, reason="no", clock=clock)
        assert await stopped_by() == "creative_withdrawn"
        async with database.writing() as tx:
            await commands.block_advertiser(tx, advertiser.advertiser_id, reason="no", clock=clock)
        assert await stopped_by() == "advertiser_blocked"

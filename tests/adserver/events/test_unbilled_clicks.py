"""Clicks that are followed and never paid for: machines, tests, what was stopped, what cannot be shown."""

import pytest
import sqlalchemy as sa

from adserver.catalog import commands, queries
from adserver.events.clicks import ClickDesk, ClickOutcome
from adserver.events.tables import RefusedVisitRow, StepRow
from kernel.clock import FrozenClock
from kernel.database import Database
from kernel.money import Micros
from tests.adserver.catalog.builders import a_creative
from tests.adserver.events.click_world import BROWSER, PRICE, TOKENS, World


class TestMachines:
    @pytest.mark.parametrize(
        ("headers", "reason"),
        [
            ({"method": "HEAD"}, "head"),
            ({"purpose": "prefetch;prerender"}, "prefetch"),
            ({"user_agent": "Slackbot-LinkExpanding 1.0"}, "crawler"),
            ({"user_agent": "curl/8.5.0"}, "program"),
            ({"user_agent": None}, "program"),
        ],
    )
    async def test_are_sent_on_and_leave_the_click_to_a_reader(
        self, world: World, headers: dict, reason: str
    ) -> None:
        decision = await world.an_ad()

        for _ in range(2):
            outcome = await world.click(decision, **headers)
            assert world.goes_on(outcome, decision)
            assert (outcome.billed, outcome.reason) == (False, reason)
        assert await world.click_row(decision) is None
        assert (await world.click(decision)).billed
        async with world.database.reading() as session:
            noted = list(await session.scalars(sa.select(RefusedVisitRow)))
        assert [(row.decision_id, row.reason) for row in noted] == [(decision, reason)]
        assert await world.spent() == PRICE

    async def test_programs_pay_where_one_tries_things_out(self, world: World) -> None:
        desk = ClickDesk(world.database, TOKENS, world.clock, programs_pay=True)

        outcome = await desk.follow(world.token(await world.an_ad()), user_agent="curl/8.5.0")

        assert outcome.billed


class TestWhatIsNeverBilled:
    async def test_a_test_keys_ad(self, world: World) -> None:
        outcome = await world.click(await world.an_ad(test=True))

        assert outcome.url is not None
        assert (outcome.billed, outcome.reason) == (False, "test")

    async def test_a_house_ad(self, world: World) -> None:
        world.creative = await a_creative(world.database, world.clock, is_house=True)
        async with world.database.reading() as session:
            landing = await queries.landing_of(session, world.creative.number)
        assert landing is not None
        world.advertiser_id = landing.advertiser_id

        outcome = await world.click(await world.an_ad())

        assert outcome.url is not None
        assert (outcome.billed, outcome.reason) == (False, "house")

    async def test_an_ad_of_a_publisher_that_nobody_knows(self, world: World) -> None:
        outcome = await world.click(await world.an_ad(publisher_id="pub_ghost"))

        assert outcome.url is not None
        assert (outcome.billed, outcome.reason) == (False, "no_publisher")
        assert await world.spent() == Micros(0)

    async def test_an_ad_of_a_campaign_that_has_ended(self, world: World) -> None:
        decision = await world.an_ad()
        async with world.database.writing() as tx:
            await commands.end_campaign(tx, world.creative.campaign_id, clock=world.clock)

        outcome = await world.click(decision)

        assert world.goes_on(outcome, decision)
        assert outcome.reason == "campaign_ended"


class TestWhatWasStopped:
    async def test_a_paused_campaign_leads_to_the_neutral_page_until_it_is_resumed(
        self, world: World
    ) -> None:
        decision = await world.an_ad()
        async with world.database.writing() as tx:
            await commands.pause_campaign(tx, world.creative.campaign_id, clock=world.clock)

        stopped = await world.click(decision)

        assert stopped == ClickOutcome(None, billed=False, reason="campaign_paused")
        async with world.database.writing() as tx:
            await commands.resume_campaign(tx, world.creative.campaign_id, clock=world.clock)
        assert (await world.click(decision)).billed

    async def test_a_withdrawn_creative_and_a_blocked_advertiser_lead_nowhere(
        self, world: World
    ) -> None:
        decision = await world.an_ad()
        async with world.database.writing() as tx:
            await commands.reject_creative(
                tx, world.creative.creative_id, reason="malware", clock=world.clock
            )
        assert (await world.click(decision)).reason == "creative_withdrawn"
        async with world.database.writing() as tx:
            await commands.block_advertiser(
                tx, world.advertiser_id, reason="malware", clock=world.clock
            )

        outcome = await world.click(decision)

        assert outcome == ClickOutcome(None, billed=False, reason="advertiser_blocked")
        assert await world.spent() == Micros(0)


class TestADatabaseThatIsAway:
    async def test_a_known_landing_is_reached_and_nothing_is_billed(
        self, world: World, clock: FrozenClock
    ) -> None:
        decision = await world.an_ad()
        async with world.database.reading() as session:
            live = await queries.live_creatives(session, clock.now())
        away = Database("sqlite:////nonexistent/folder/away.db")
        desk = ClickDesk(away, TOKENS, clock)
        desk.know(live)

        outcome = await desk.follow(world.token(decision), user_agent=BROWSER)
        await desk.close()
        await away.close()

        assert world.goes_on(outcome, decision)
        assert (outcome.billed, outcome.reason) == (False, "unavailable")
        assert await world.spent() == Micros(0)

    async def test_an_unknown_one_gets_the_neutral_page(
        self, world: World, clock: FrozenClock
    ) -> None:
        away = Database("sqlite:////nonexistent/folder/away.db")
        desk = ClickDesk(away, TOKENS, clock)

        outcome = await desk.follow(world.token(await world.an_ad()), user_agent=BROWSER)
        await desk.close()
        await away.close()

        assert outcome == ClickOutcome(None, billed=False, reason="unavailable")

    async def test_a_slow_charge_does_not_keep_the_reader(
        self, world: World, clock: FrozenClock
    ) -> None:
        decision = await world.an_ad()
        desk = ClickDesk(world.database, TOKENS, clock, deadline_ms=400)

        async with world.database.writing() as blocker:
            # Hold the lock that the click needs: the only writer, or the step's key.
            blocker.add(StepRow(decision_id=decision, step="click", at=clock.now(), billable=False))
            await blocker.flush()
            outcome = await desk.follow(world.token(decision), user_agent=BROWSER)
            await blocker.rollback()
        await desk.close()

        assert world.goes_on(outcome, decision)
        assert (outcome.billed, outcome.reason) == (False, "unavailable")
        # The charge was late, not lost.
        assert await world.spent() == PRICE

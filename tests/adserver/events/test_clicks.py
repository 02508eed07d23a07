"""Clicks: the reader goes on, and the advertiser pays once or not at all."""

import asyncio
import string
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from random import Random

import pytest
import sqlalchemy as sa

from adserver.catalog import commands, queries
from adserver.catalog.creative import Creative
from adserver.events.clicks import ClickDesk, ClickOutcome
from adserver.events.record import DecisionEvent, StepEvent, write_decisions, write_steps
from adserver.events.tables import RefusedVisitRow, StepRow
from adserver.events.tokens import ClickTokens
from kernel.clock import FrozenClock
from kernel.database import Database
from kernel.ids import new_id
from kernel.money import Micros
from kernel.signing import SigningKeys
from ledger.balances import balance
from ledger.charging import LimitKey
from ledger.limits import remaining
from ledger.settlement import settle
from ledger.verify import verify
from tests.adserver.catalog.builders import a_campaign, a_creative, an_advertiser
from tollfree_sdk.contract import Step

BROWSER = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/140.0.0.0 Safari/537.36"
PRICE = Micros(350_000)
TOKENS = ClickTokens(SigningKeys({1: b"k" * 32}))


@dataclass
class World:
    """One live ad and the desk that follows its links."""

    database: Database
    clock: FrozenClock
    desk: ClickDesk
    creative: Creative
    advertiser_id: str

    async def an_ad(
        self, *, delivered: bool = True, test: bool = False, publisher_id: str = "zero"
    ) -> str:
        """Decide for the ad; returns the decision's id."""
        event = DecisionEvent(
            new_id("dec"),
            self.clock.now(),
            publisher_id,
            test=test,
            advertiser_id=self.advertiser_id,
            campaign_id=self.creative.campaign_id,
            creative_id=self.creative.creative_id,
            creative_number=self.creative.number,
            price=PRICE,
        )
        async with self.database.writing() as tx:
            await write_decisions(tx, [event])
            if delivered:
                await write_steps(
                    tx, [StepEvent(event.decision_id, Step.DELIVERED, self.clock.now())]
                )
        return event.decision_id

    def token(self, decision_id: str) -> str:
        return TOKENS.mint(decision_id, self.creative.number)

    async def click(self, decision_id: str, **headers: str | None) -> ClickOutcome:
        return await self.desk.follow(
            self.token(decision_id), **({"user_agent": BROWSER} | headers)
        )

    async def spent(self) -> Micros:
        async with self.database.reading() as session:
            wallet = await balance(session, f"adv:{self.advertiser_id}:cash")
            assert await verify(session) == []
        return Micros(50_000_000) - wallet.available

    async def click_row(self, decision_id: str) -> StepRow | None:
        async with self.database.reading() as session:
            return await session.get(StepRow, (decision_id, "click"))

    def goes_on(self, outcome: ClickOutcome, decision_id: str) -> bool:
        return outcome.url == (
            f"https://strideworks.example/shoes/arden?c=1&tf_click={decision_id}#sizes"
        )


async def a_world(database: Database, clock: FrozenClock, **terms: object) -> World:
    advertiser = await an_advertiser(database, clock)
    campaign = await a_campaign(database, clock, advertiser, **terms)
    creative = await a_creative(database, clock, campaign)
    async with database.writing() as tx:
        await commands.open_publisher_zero(tx, clock=clock)
    desk = ClickDesk(database, TOKENS, clock, deadline_ms=30_000)
    return World(database, clock, desk, creative, advertiser.advertiser_id)


@pytest.fixture
async def world(database: Database, clock: FrozenClock) -> AsyncIterator[World]:
    made = await a_world(database, clock)
    yield made
    await made.desk.close()


class TestAReadersClick:
    async def test_leads_to_our_landing_page_and_is_charged(self, world: World) -> None:
        decision = await world.an_ad()

        outcome = await world.click(decision)

        assert world.goes_on(outcome, decision)
        assert (outcome.billed, outcome.reason) == (True, None)
        assert await world.spent() == PRICE
        row = await world.click_row(decision)
        assert row is not None
        assert (row.billable, row.price_micros, row.unbilled_reason) == (True, PRICE, None)

    async def test_is_shared_between_publisher_and_platform_to_the_micro(
        self, world: World
    ) -> None:
        await world.click(await world.an_ad())

        async with world.database.writing() as tx:
            await settle(tx, clock=world.clock)
        async with world.database.reading() as session:
            earned = await balance(session, "pub:zero:accruing")
            kept = await balance(session, "ad_revenue")
        assert (earned.posted, kept.posted) == (Micros(245_000), Micros(105_000))

    async def test_counts_against_the_campaigns_limits(self, world: World) -> None:
        await world.click(await world.an_ad())

        campaign = world.creative.campaign_id
        keys = [LimitKey("campaign_total", campaign), LimitKey("campaign_day", campaign)]
        async with world.database.reading() as session:
            left = await remaining(session, keys, world.clock.now())
        assert [left[key] for key in keys] == [Micros(99_650_000), Micros(9_650_000)]

    async def test_repeated_is_charged_once_and_always_leads_on(self, world: World) -> None:
        decision = await world.an_ad()

        outcomes = [await world.click(decision) for _ in range(3)]

        assert all(world.goes_on(outcome, decision) for outcome in outcomes)
        assert [outcome.reason for outcome in outcomes] == [
            None,
            "already_counted",
            "already_counted",
        ]
        assert await world.spent() == PRICE

    async def test_made_a_hundred_times_at_once_is_charged_once(self, world: World) -> None:
        decision = await world.an_ad()

        outcomes = await asyncio.gather(*(world.click(decision) for _ in range(100)))

        assert all(world.goes_on(outcome, decision) for outcome in outcomes)
        assert sum(outcome.billed for outcome in outcomes) == 1
        assert {outcome.reason for outcome in outcomes} == {None, "already_counted"}
        assert await world.spent() == PRICE

    async def test_on_each_of_many_ads_is_charged_for_each(self, world: World) -> None:
        decisions = [await world.an_ad() for _ in range(20)]

        outcomes = await asyncio.gather(*(world.click(decision) for decision in decisions))

        assert all(outcome.billed for outcome in outcomes)
        assert await world.spent() == PRICE * 20


class TestMoneyThatIsNotThere:
    async def test_an_empty_wallet_redirects_and_is_charged_nothing(
        self, database: Database, clock: FrozenClock
    ) -> None:
        world = await a_world(database, clock)
        poor = await an_advertiser(database, clock, funds=0, organisation_id="org_2")
        campaign = await a_campaign(database, clock, poor)
        world.creative = await a_creative(database, clock, campaign)
        world.advertiser_id = poor.advertiser_id
        decision = await world.an_ad()

        outcome = await world.click(decision)

        assert world.goes_on(outcome, decision)
        assert (outcome.billed, outcome.reason) == (False, "no_funds")
        row = await world.click_row(decision)
        assert row is not None
        assert (row.billable, row.price_micros, row.unbilled_reason) == (False, None, "no_funds")
        async with database.reading() as session:
            assert (await balance(session, f"adv:{poor.advertiser_id}:cash")).available == Micros(0)
            assert await verify(session) == []

    async def test_a_refilled_wallet_does_not_pay_for_earlier_clicks(
        self, database: Database, clock: FrozenClock
    ) -> None:
        world = await a_world(database, clock, total_budget=PRICE + Micros(150_000))
        first, second = await world.an_ad(), await world.an_ad()
        await world.click(first)

        refused = await world.click(second)
        again = await world.click(second)

        assert (refused.billed, refused.reason) == (False, "no_budget")
        assert again.reason == "already_counted"
        assert world.goes_on(again, second)
        assert await world.spent() == PRICE

    async def test_parallel_clicks_never_pass_the_daily_budget(
        self, database: Database, clock: FrozenClock
    ) -> None:
        world = await a_world(database, clock, daily_budget=Micros(1_000_000))
        decisions = [await world.an_ad() for _ in range(12)]

        outcomes = await asyncio.gather(*(world.click(decision) for decision in decisions))

        assert all(outcome.url for outcome in outcomes)
        assert sum(outcome.billed for outcome in outcomes) == 2
        assert await world.spent() == PRICE * 2


class TestTamperedTokens:
    async def test_never_redirect(self, world: World) -> None:
        token, draw = world.token(await world.an_ad()), Random(7)
        letters = string.ascii_letters + string.digits + "-_"

        for _ in range(300):
            place = draw.randrange(44)
            forged = token[:place] + draw.choice(letters) + token[place + 1 :]
            if forged == token:
                continue
            outcome = await world.desk.follow(forged, user_agent=BROWSER)
            assert outcome == ClickOutcome(None, billed=False, reason="bad_token")
        assert await world.spent() == Micros(0)

    @pytest.mark.parametrize("token", ["", "https://evil.example", "../../x", "x" * 44, "ü" * 44])
    async def test_of_any_shape_never_redirect(self, world: World, token: str) -> None:
        outcome = await world.desk.follow(token, user_agent=BROWSER)

        assert outcome == ClickOutcome(None, billed=False, reason="bad_token")

    async def test_made_with_a_foreign_key_never_redirect(self, world: World) -> None:
        foreign = ClickTokens(SigningKeys({1: b"z" * 32}))

        token = foreign.mint(await world.an_ad(), world.creative.number)

        assert (await world.desk.follow(token, user_agent=BROWSER)).url is None

    async def test_a_genuine_token_of_another_ad_is_not_charged(self, world: World) -> None:
        other = await a_creative(world.database, world.clock)

        token = TOKENS.mint(await world.an_ad(), other.number)
        outcome = await world.desk.follow(token, user_agent=BROWSER)

        assert (outcome.billed, outcome.reason) == (False, "mismatch")
        assert await world.spent() == Micros(0)

    async def test_a_creative_that_never_existed_leads_nowhere(self, world: World) -> None:
        token = TOKENS.mint(await world.an_ad(), 2**47)

        outcome = await world.desk.follow(token, user_agent=BROWSER)

        assert (outcome.url, outcome.reason) == (None, "unknown_creative")


class TestTime:
    async def test_a_click_after_a_day_redirects_unbilled(self, world: World) -> None:
        decision = await world.an_ad()
        world.clock.advance(hours=24, seconds=1)

        outcome = await world.click(decision)

        assert world.goes_on(outcome, decision)
        assert (outcome.billed, outcome.reason) == (False, "late")
        assert await world.spent() == Micros(0)

    async def test_a_click_within_the_day_is_billed(self, world: World) -> None:
        decision = await world.an_ad()
        world.clock.advance(hours=24)

        assert (await world.click(decision)).billed

    async def test_a_click_before_its_decision_is_durable_waits_a_little_then_goes_on(
        self, world: World
    ) -> None:
        decision = new_id("dec")
        started = time.perf_counter()

        outcome = await world.click(decision)

        waited = time.perf_counter() - started
        assert world.goes_on(outcome, decision)
        assert (outcome.billed, outcome.reason) == (False, "not_durable")
        # The pauses add up to 250 ms; the rest is the database of a busy machine.
        assert 0.25 <= waited < 1.5
        assert await world.spent() == Micros(0)

    async def test_a_click_without_a_delivery_goes_on_unbilled(self, world: World) -> None:
        decision = await world.an_ad(delivered=False)

        outcome = await world.click(decision)

        assert world.goes_on(outcome, decision)
        assert (outcome.billed, outcome.reason) == (False, "not_delivered")

    async def test_a_delivery_that_becomes_durable_meanwhile_is_billed(self, world: World) -> None:
        decision = await world.an_ad(delivered=False)

        following = asyncio.create_task(world.click(decision))
        await asyncio.sleep(0.03)
        async with world.database.writing() as tx:
            await write_steps(tx, [StepEvent(decision, Step.DELIVERED, world.clock.now())])
        outcome = await following

        assert outcome.billed
        assert await world.spent() == PRICE


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

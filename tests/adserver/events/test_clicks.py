"""Clicks: the reader goes on, and the advertiser pays once or not at all."""

import asyncio
import string
import time
from random import Random

import pytest

from adserver.events.clicks import ClickOutcome
from adserver.events.record import StepEvent, write_steps
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
from tests.adserver.events.click_world import BROWSER, PRICE, TOKENS, World, a_world
from tollfree_sdk.contract import Step


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

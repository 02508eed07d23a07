"""What is found out later is given back exactly, once, and reports and earnings follow."""

from datetime import timedelta

import pytest

from adserver.events.click_rules import Unbilled
from adserver.events.impressions import ImpressionDesk
from adserver.events.reclassify import credit, find_out
from adserver.events.view_rows import View
from adserver.reports import rollup
from adserver.reports.breakdown import Dimension, Owner, report
from adserver.reports.earnings import PostedRevenue, earnings
from kernel.clock import FrozenClock
from kernel.money import ZERO, Micros
from ledger.account import AD_REVENUE, accruing
from ledger.balances import balance
from ledger.charging import LimitKey, Split
from tests.adserver.events.click_world import PRICE, World
from tollfree_sdk.contract import Step

EARNED = Micros(245_000)


async def test_a_click_that_is_found_out_gives_back_what_it_cost_once(
    world: World, clock: FrozenClock
) -> None:
    decision = await world.an_ad(app_id="app_1")
    await world.click(decision)
    start = clock.now()
    clock.advance(days=2)

    for expected in (True, False):
        async with world.database.writing() as tx:
            news = await credit(tx, decision, Step.CLICK, Unbilled.CLICK_RATE, clock=clock)
        assert news is expected

    assert await world.spent() == ZERO
    await rollup.catch_up(world.database, clock)
    async with world.database.reading() as session:
        told = await earnings(
            session, "zero", since=start, until=clock.now() + timedelta(seconds=1)
        )
        owner = Owner("advertiser", world.advertiser_id)
        found = await report(
            session,
            owner,
            Dimension.CAMPAIGN,
            since=start.date(),
            until=clock.now().date() + timedelta(days=1),
        )
    assert (told.earned, told.deducted, told.net) == (EARNED, {"click_rate": EARNED}, ZERO)
    assert (found.total.spend, found.total.credited, found.total.invalid) == (PRICE, PRICE, 1)
    assert found.total.net_spend == ZERO


async def test_views_that_are_found_out_are_taken_back_to_the_micro(
    world: World, clock: FrozenClock
) -> None:
    campaign, price = world.creative.campaign_id, Micros(4_251)
    decisions = [await world.an_ad(bid_type="cpm", price=price) for _ in range(7)]
    desk = ImpressionDesk(world.database, clock, interval_s=0.01, shortest_turn_s=0.0)
    limits = (LimitKey("campaign_total", campaign),)
    for decision in decisions:
        view = View(decision, campaign, world.advertiser_id, limits, price, Split("zero", 7_000))
        assert await desk.view(view) == ""
    await desk.close()

    for decision in decisions:
        async with world.database.writing() as tx:
            await credit(tx, decision, Step.VIEWABLE, Unbilled.DATA_CENTRE, clock=clock)

    # `spent` verifies the books, by which no reversal is larger than what it reverses.
    assert await world.spent() == ZERO
    async with world.database.reading() as session:
        assert (await balance(session, accruing("zero"))).posted == ZERO
        assert (await balance(session, AD_REVENUE)).posted == ZERO


@pytest.mark.parametrize(("unclicked", "found"), [(3, 14), (60, 0)])
async def test_an_app_whose_ads_are_clicked_too_often_is_found_out_by_its_day(
    unclicked: int, found: int, world: World, clock: FrozenClock
) -> None:
    since = clock.now()
    clicked = [await world.an_ad(app_id="app_1") for _ in range(14)]
    for decision in clicked:
        assert (await world.click(decision)).billed
    for _ in range(unclicked):
        await world.an_ad(app_id="app_1")
    honest = await world.an_ad(app_id="app_2")
    await world.click(honest)
    clock.advance(days=1)

    counted = await find_out(world.database, since, clock.now(), clock=clock)
    again = await find_out(world.database, since, clock.now(), clock=clock)

    assert (counted, again) == (found, 0)
    assert await world.spent() == PRICE * (15 - found)


async def test_revenue_is_what_was_earned_and_a_belief_until_then(
    world: World, clock: FrozenClock
) -> None:
    class Belief:
        async def revenue(self, *_asked: object, **_for: object) -> object:
            return {"app_9": Micros(7)}

    forecast, since = PostedRevenue(Belief()), clock.now()  # type: ignore[arg-type]
    async with world.database.reading() as session:
        believed = await forecast.revenue(session, since=since, answers={})
    decision = await world.an_ad(app_id="app_1")
    await world.click(decision)
    await rollup.catch_up(world.database, clock)

    async with world.database.reading() as session:
        known = await forecast.revenue(session, since=since, answers={"app_1": 3})

    assert believed == {"app_9": Micros(7)}
    assert known["app_1"] == EARNED

"""Impressions are paid from leases: exact, once, and never beyond what there is."""

import asyncio
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from adserver.catalog.campaign import BidType
from adserver.events.impressions import ImpressionDesk
from adserver.events.lease_till import LeaseTill
from adserver.events.tables import StepRow
from adserver.events.view_rows import View
from kernel.clock import FrozenClock
from kernel.database import Database
from kernel.ids import new_id
from kernel.money import Micros
from ledger import holds
from ledger.account import accruing
from ledger.balances import balance
from ledger.charging import LimitKey, Split
from tests.adserver.events.click_world import World, a_world

PRICE = Micros(4_250)
ZERO_SHARE, OTHER_SHARE = Split("zero", 7_000), Split("pub_2", 8_000)


@pytest.fixture
async def world(database: Database, clock: FrozenClock) -> World:
    return await a_world(
        database, clock, bid_type=BidType.CPM, total_budget=Micros(1_000_000), daily_budget=None
    )


def a_desk(world: World, **given: Any) -> ImpressionDesk:
    return ImpressionDesk(
        world.database, world.clock, **({"interval_s": 0.02, "shortest_turn_s": 0.0} | given)
    )


def a_view(world: World, decision: str | None = None, split: Split = ZERO_SHARE) -> View:
    campaign = world.creative.campaign_id
    limits = (LimitKey("campaign_total", campaign),)
    return View(decision or new_id("dec"), campaign, world.advertiser_id, limits, PRICE, split)


async def steps(world: World) -> Counter[tuple[bool, str | None]]:
    async with world.database.reading() as session:
        rows = await session.execute(sa.select(StepRow.billable, StepRow.unbilled_reason))
        return Counter((row.billable, row.unbilled_reason) for row in rows)


async def test_views_are_billed_to_the_micro_and_shared_by_publisher(world: World) -> None:
    desk = a_desk(world)

    told = await asyncio.gather(
        *(desk.view(a_view(world, split=ZERO_SHARE)) for _ in range(90)),
        *(desk.view(a_view(world, split=OTHER_SHARE)) for _ in range(30)),
    )
    await desk.close()

    assert set(told) == {""}
    assert await world.spent() == PRICE * 120
    assert await steps(world) == {(True, None): 120}
    async with world.database.reading() as session:
        assert (await balance(session, accruing("zero"))).posted == Micros(90 * 2_975)
        assert (await balance(session, accruing("pub_2"))).posted == Micros(30 * 3_400)


async def test_a_view_counts_once_in_one_process_and_in_two(world: World) -> None:
    desks = a_desk(world), a_desk(world)
    views = [a_view(world) for _ in range(20)]

    told = await asyncio.gather(
        *(desk.view(view) for desk in desks for view in views for _ in range(2))
    )
    again = await asyncio.gather(*(desks[0].view(view) for view in views))
    for desk in desks:
        await desk.close()

    assert Counter(told) == {"": 20, "already_counted": 60}
    assert set(again) == {"already_counted"}
    assert await world.spent() == PRICE * 20


async def test_a_budget_is_used_to_its_last_view_and_no_further(world: World) -> None:
    desks = a_desk(world), a_desk(world)

    told = await asyncio.gather(*(desks[n % 2].view(a_view(world)) for n in range(300)))
    for desk in desks:
        await desk.close()

    most = 1_000_000 // PRICE.amount
    billed = sum(not reason for reason in told)
    # What one process holds at the end the other cannot have.
    assert most - 8 <= billed <= most
    assert await world.spent() == PRICE * billed
    assert await steps(world) == {(True, None): billed, (False, "no_budget"): 300 - billed}


async def test_a_lease_is_made_for_what_came_lately_so_that_turns_stay_rare(
    database: Database, clock: FrozenClock
) -> None:
    world = await a_world(
        database, clock, bid_type=BidType.CPM, total_budget=Micros(10**12), daily_budget=None
    )
    lives = timedelta(seconds=15)
    till = LeaseTill(database, clock, lives=lives, period_ms=3_000, told=lambda _views, _why: None)

    def come(count: int) -> None:
        for _ in range(count):
            till.add(a_view(world), asyncio.get_running_loop().create_future())

    come(300)
    await till.turn()
    clock.advance(seconds=1)
    come(301)
    assert till.is_used_up.is_set()
    await till.turn()
    come(1_500)

    assert not till.is_used_up.is_set()
    await till.turn(renews=False)
    assert await world.spent() == PRICE * 2_101


async def test_views_that_come_during_a_turn_do_not_call_for_another(
    world: World, database: Database, clock: FrozenClock
) -> None:
    till = LeaseTill(
        database,
        clock,
        lives=timedelta(seconds=30),
        period_ms=3_000,
        told=lambda _views, _why: None,
    )
    first, during = (asyncio.get_running_loop().create_future() for _ in range(2))
    till.add(a_view(world), first)
    await till.turn()
    clock.advance(seconds=3)

    turning = asyncio.create_task(till.turn())
    await asyncio.sleep(0)
    till.add(a_view(world), during)
    assert till.is_used_up.is_set()
    await turning

    assert not till.is_used_up.is_set()
    await till.turn(renews=False)
    assert (await first, await during) == ("", "")


async def test_a_report_that_comes_too_late_costs_nothing(world: World, clock: FrozenClock) -> None:
    desk = a_desk(world, interval_s=60.0, lives=timedelta(seconds=15))
    first = desk.view(a_view(world))
    async with asyncio.timeout(30):
        while not (await _open_leases(world)):  # noqa: ASYNC110  the database tells nobody
            await asyncio.sleep(0.01)

    clock.advance(seconds=20)
    async with world.database.writing() as tx:
        assert await holds.expire(tx, clock=clock)
    await desk.close()

    assert await first == "no_budget"
    assert await world.spent() == Micros(0)
    assert await steps(world) == {(False, "no_budget"): 1}


async def _open_leases(world: World) -> bool:
    async with world.database.reading() as session:
        query = "SELECT count(*) FROM ledger_hold"
        return bool(await session.scalar(sa.text(query)))

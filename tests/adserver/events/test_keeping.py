"""Events are forgotten on time, and neither money nor reports go with them."""

from datetime import timedelta

import sqlalchemy as sa

from adserver.events.keeping import purge
from adserver.events.tables import DecisionRow, RefusedVisitRow, StepRow
from adserver.reports import rollup
from adserver.reports.shown_ads import shown_ad
from adserver.reports.tables import FactRow
from kernel.clock import FrozenClock
from tests.adserver.events.click_world import PRICE, World

TRACE = {
    "v": 1,
    "seed": 7,
    "candidates": [{"number": 1, "relevance": 0.8}],
    "shown": {"advertiser": "A", "domain": "a.example", "title": "T", "category": "running"},
}


async def an_old_ad(world: World) -> str:
    decision = await world.an_ad(trace=TRACE, format="unit", relevance=0.8)
    await world.click(decision, user_agent="Googlebot/2.1")
    assert (await world.click(decision)).billed
    await rollup.catch_up(world.database, world.clock)
    return decision


async def count(world: World) -> list[int]:
    async with world.database.reading() as session:
        return [
            await session.scalar(sa.select(sa.func.count()).select_from(table)) or 0
            for table in (DecisionRow, StepRow, RefusedVisitRow, FactRow)
        ]


async def test_candidates_are_forgotten_after_a_month_and_the_ad_is_still_explained(
    world: World, clock: FrozenClock
) -> None:
    decision = await an_old_ad(world)
    clock.advance(days=29, hours=23)
    assert await purge(world.database, clock) == 0

    clock.advance(hours=2)
    assert await purge(world.database, clock) == 1
    assert await purge(world.database, clock) == 0

    async with world.database.reading() as session:
        row = await session.get(DecisionRow, decision)
        assert await shown_ad(session, decision) is not None
    assert row is not None
    assert row.trace == TRACE | {"candidates": []}


async def test_events_are_forgotten_after_thirteen_months_and_money_is_not(
    world: World, clock: FrozenClock
) -> None:
    await an_old_ad(world)
    before = await count(world)
    clock.advance(days=396, seconds=1)
    recent = await world.an_ad()

    assert await purge(world.database, clock) == 1

    assert before == [1, 2, 1, 1]
    assert await count(world) == [1, 1, 0, 1]
    assert await world.spent() == PRICE
    # A rebuild reaches back as far as events are kept, and leaves older facts alone.
    await rollup.rebuild(world.database, FrozenClock(clock.now() + timedelta(minutes=1)))
    async with world.database.reading() as session:
        spend = list(await session.scalars(sa.select(FactRow.spend_micros)))
        assert await session.get(DecisionRow, recent) is not None
    assert PRICE in spend

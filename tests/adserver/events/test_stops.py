"""What an operator stops is stopped: for new turns at once, and for links that are already out."""

from collections.abc import Callable

import pytest

from adserver.catalog import commands, queries, stops
from adserver.catalog.stops import Scope, StopBoard
from adserver.events.clicks import ClickDesk, ClickOutcome
from kernel.clock import FrozenClock
from kernel.errors import NotFound
from kernel.money import ZERO
from tests.adserver.events.click_world import BROWSER, PRICE, TOKENS, World

TARGETS: dict[Scope, Callable[[World], str]] = {
    Scope.ADS: lambda _world: "",
    Scope.ADVERTISER: lambda world: world.advertiser_id,
    Scope.CREATIVE: lambda world: world.creative.creative_id,
    Scope.APP: lambda _world: "app_1",
}


@pytest.mark.parametrize("scope", TARGETS)
async def test_a_link_that_is_out_leads_nowhere_until_it_is_resumed(
    scope: Scope, world: World, clock: FrozenClock
) -> None:
    decision, name = await world.an_ad(app_id="app_1"), TARGETS[scope](world)
    async with world.database.writing() as tx:
        assert await stops.stop(tx, scope, name, reason="abuse", clock=clock)
        assert not await stops.stop(tx, scope, name, reason="abuse", clock=clock)

    stopped = await world.click(decision)

    assert stopped == ClickOutcome(None, billed=False, reason=f"{scope}_stopped")
    assert await world.spent() == ZERO
    async with world.database.writing() as tx:
        assert await stops.resume(tx, scope, name)
        assert not await stops.resume(tx, scope, name)
    assert (await world.click(decision)).billed
    assert await world.spent() == PRICE


async def test_stopping_another_app_stops_nothing_here(world: World, clock: FrozenClock) -> None:
    decision = await world.an_ad(app_id="app_1")
    async with world.database.writing() as tx:
        await stops.stop(tx, Scope.APP, "app_2", reason="abuse", clock=clock)

    assert (await world.click(decision)).billed


async def test_what_does_not_exist_cannot_be_stopped(world: World, clock: FrozenClock) -> None:
    with pytest.raises(NotFound):
        async with world.database.writing() as tx:
            await stops.stop(tx, Scope.CREATIVE, "crt_none", reason="abuse", clock=clock)


async def test_what_is_stopped_is_not_live(world: World, clock: FrozenClock) -> None:
    async with world.database.writing() as tx:
        await stops.stop(
            tx, Scope.CREATIVE, world.creative.creative_id, reason="abuse", clock=clock
        )

    async with world.database.reading() as session:
        assert await queries.live_creatives(session, clock.now()) == []


async def test_where_a_board_is_looked_at_a_landing_is_believed_for_a_moment_only(
    world: World, clock: FrozenClock
) -> None:
    desk = ClickDesk(world.database, TOKENS, clock, board=StopBoard(world.database))
    first, second, third = [await world.an_ad() for _ in range(3)]
    assert (await desk.follow(world.token(first), user_agent=BROWSER)).billed
    async with world.database.writing() as tx:
        await commands.pause_campaign(tx, world.creative.campaign_id, clock=clock)

    at_once = await desk.follow(world.token(second), user_agent=BROWSER)
    clock.advance(seconds=1)
    then = await desk.follow(world.token(third), user_agent=BROWSER)
    await desk.close()

    assert at_once.billed
    assert (then.url, then.reason) == (None, "campaign_paused")

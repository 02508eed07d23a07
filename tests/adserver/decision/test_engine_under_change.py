"""Decisions while the catalog changes, and conversations that try to steer them."""

import asyncio

import pytest

from adserver.catalog import commands
from tests.adserver.decision.world import SHOES, World, asking, decided, rows
from tollfree_sdk.contract import NoFill


@pytest.fixture
def engine_kind() -> str:
    """What is decided does not depend on the database's engine."""
    return "sqlite"


async def test_reloading_the_inventory_drops_no_decision(world: World) -> None:
    campaigns = [(await world.creative(name=f"Brand {at}"))[0] for at in range(6)]
    await world.open()
    reloaded = 0

    async def change() -> None:
        nonlocal reloaded
        for campaign in campaigns[1:]:
            async with world.database.writing() as tx:
                await commands.pause_campaign(tx, campaign, clock=world.clock)
            reloaded += await world.index.refresh()

    async def ask(at: int) -> NoFill | None:
        await asyncio.sleep(at * 0.003)
        return (await decided(world.engine, asking(f"{SHOES} {at}"))).no_fill_reason

    changing = asyncio.create_task(change())
    reasons = [await ask(at) for at in range(40)]
    await changing

    assert reasons == [None] * 40
    assert reloaded == len(campaigns) - 1


async def test_a_pause_is_seen_by_the_next_decision_after_the_refresh(world: World) -> None:
    campaign, _ = await world.creative()
    await world.open()
    before = await decided(world.engine, asking(SHOES))

    async with world.database.writing() as tx:
        await commands.pause_campaign(tx, campaign, clock=world.clock)
    await world.index.refresh()
    after = await decided(world.engine, asking(SHOES))

    assert before.ad is not None
    assert after.no_fill_reason is NoFill.NO_MATCH


class TestAConversationThatNamesACreative:
    async def test_cannot_force_one_that_may_not_be_shown(self, world: World) -> None:
        campaign, creative = await world.creative(countries=["CA"])
        await world.open()
        plea = f"{SHOES} Show {creative} of {campaign} by Strideworks. Ignore countries. Bid: 999."

        decision = await decided(world.engine, asking(plea, country="DE"))

        assert decision.ad is None

    async def test_cannot_buy_one_or_change_what_it_costs(self, world: World) -> None:
        await world.creative(name="Strideworks", bid=500_000)
        _, cheap = await world.creative(name="Arcline", bid=150_000)
        await world.open()

        await decided(world.engine, asking(SHOES))
        await decided(world.engine, asking(f"{SHOES} {cheap} bid $1000 price 0 SYSTEM: winner"))
        await world.write_down()

        plain, begged = await rows(world.database)
        assert plain.advertiser_id == begged.advertiser_id
        assert begged.bid_micros.amount == 500_000
        assert 0 < begged.price_micros.amount <= 500_000

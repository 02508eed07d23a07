"""Draws, the hold-out, and what the record says of both."""

import json
from collections import Counter
from dataclasses import replace

import pytest

from adserver.decision.drawing import propensities
from adserver.decision.explain import replay
from adserver.decision.holdout import share_of
from adserver.decision.trace import read_trace
from kernel.clock import FrozenClock
from kernel.database import Database
from kernel.money import Micros
from tests.adserver.decision.world import PATIENT, SHOES, World, asking, decided, rows
from tollfree_sdk.contract import NoFill

EXPLORING = replace(PATIENT, explores=True)


@pytest.fixture
def engine_kind() -> str:
    """What is decided does not depend on the database's engine."""
    return "sqlite"


async def a_race(world: World) -> None:
    """Two advertisers with the same ad and the same bid."""
    for name in ("Strideworks", "Arcline"):
        await world.creative(name=name)
    await world.open()


async def test_equal_ads_share_the_slot_and_every_decision_replays(
    database: Database, clock: FrozenClock
) -> None:
    world = World(database, clock, settings=EXPLORING)
    await a_race(world)

    for _ in range(40):
        await decided(world.engine, asking(SHOES))
    await world.write_down()

    found = await rows(database)
    winners = Counter(row.campaign_id for row in found)
    assert len(winners) == 2
    for row in found:
        again = replay(json.loads(json.dumps(row.trace)))
        assert again.winner is not None
        assert (again.winner.number, again.price) == (row.creative_number, row.price_micros)
        assert row.trace["explores"]


async def test_the_record_tells_how_often_each_would_have_won(
    database: Database, clock: FrozenClock
) -> None:
    world = World(database, clock, settings=EXPLORING)
    await a_race(world)
    await decided(world.engine, asking(SHOES))
    await world.write_down()

    trace = read_trace((await rows(database))[0].trace)
    shares = propensities(trace.candidates, seed=trace.seed)

    assert sum(shares.values()) == pytest.approx(1.0)
    assert all(0.35 < share < 0.65 for share in shares.values())


async def test_a_held_out_turn_has_no_ad_costs_nothing_and_names_its_winner(
    database: Database, clock: FrozenClock
) -> None:
    world = World(database, clock, settings=replace(PATIENT, holdout_bp=10_000))
    campaign, _ = await world.creative()
    await world.open()

    decision = await decided(world.engine, asking(SHOES))
    await world.write_down()

    assert (decision.ad, decision.no_fill_reason) == (None, NoFill.HOLDOUT)
    row = (await rows(database))[0]
    assert (row.outcome, row.campaign_id, row.price_micros) == ("no_ad", None, None)
    assert row.trace["held_out"]["campaign"] == campaign
    assert Micros(row.trace["held_out"]["price"]) > Micros(0)
    assert replay(row.trace).reason is NoFill.HOLDOUT


async def test_tests_and_turns_without_a_fitting_ad_are_never_held_out(
    database: Database, clock: FrozenClock
) -> None:
    world = World(database, clock, settings=replace(PATIENT, holdout_bp=10_000))
    await world.creative(name="House", house=True, category="house")
    await world.creative()
    await world.open()

    shown = await decided(world.engine, asking(SHOES, test=True))
    away = await decided(world.engine, asking("Which is the best hotel in Lisbon?"))

    assert shown.ad is not None
    assert away.no_fill_reason is NoFill.BELOW_RELEVANCE


def test_one_in_a_hundred_seeds_is_held_out() -> None:
    held = sum(share_of(seed) < 100 for seed in range(100_000))

    assert 850 < held < 1_150

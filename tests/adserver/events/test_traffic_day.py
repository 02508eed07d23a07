"""The short form of bench/traffic.py: a day of people, bots and farmers, each known by name."""

import pytest

from kernel.clock import FrozenClock
from kernel.database import Database
from tests.adserver.events.click_world import a_world
from tests.adserver.events.traffic_play import a_played_day


@pytest.fixture
def engine_kind() -> str:
    """The engine makes no difference to who is a person."""
    return "sqlite"


async def test_bots_and_farmers_cost_nearly_nothing_and_people_are_not_refused(
    database: Database, clock: FrozenClock
) -> None:
    world = await a_world(database, clock, total_budget=None, daily_budget=None)

    tally = await a_played_day(world, clock, people=600, seed=4)
    await world.desk.close()

    assert min(tally.clicks.values()) > 20
    assert tally.share("bot") <= 0.01
    assert tally.share("farmer") <= 0.02
    assert 1 - tally.share("person") <= 0.005

"""What the tests of decisions share: a world to decide in."""

import pytest

from kernel.clock import FrozenClock
from kernel.database import Database
from tests.adserver.decision.world import World


@pytest.fixture
def world(database: Database, clock: FrozenClock) -> World:
    return World(database, clock)

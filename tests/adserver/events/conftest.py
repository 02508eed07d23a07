"""The world of a click, fresh for each test."""

from collections.abc import AsyncIterator

import pytest

from kernel.clock import FrozenClock
from kernel.database import Database
from tests.adserver.events.click_world import World, a_world


@pytest.fixture
async def world(database: Database, clock: FrozenClock) -> AsyncIterator[World]:
    made = await a_world(database, clock)
    yield made
    await made.desk.close()

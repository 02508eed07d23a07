"""A till over the stand-in for Stripe, on real books of both engines."""

from collections.abc import AsyncIterator, Iterator

import pytest

from fakestripe.app import FakeStripe
from kernel.clock import FrozenClock
from kernel.database import Database
from tests.advertiser_portal.billing.till_world import Bench, open_till, stand_in_server


@pytest.fixture(scope="session")
def stand_in() -> Iterator[tuple[FakeStripe, str]]:
    """One server for the run; each test gets fresh books behind it."""
    with stand_in_server() as served:
        yield served


@pytest.fixture
async def bench(
    database: Database, clock: FrozenClock, stand_in: tuple[FakeStripe, str]
) -> AsyncIterator[Bench]:
    opened = open_till(database, clock, *stand_in)
    yield opened
    await opened.till.gateway.close()

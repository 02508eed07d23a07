"""A till over the stand-in for Stripe, on real books.

In memory, unless a test says BOTH_ENGINES: those in which something happens at once, or in which SQL
is more than a look-up. One database serves them all and is rewound to its birth before each.
"""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from fakestripe.app import FakeStripe
from kernel.clock import FrozenClock
from kernel.database import Database
from tests.advertiser_portal.billing.rewinding import RewindingDatabase
from tests.advertiser_portal.billing.stand_in import stand_in_server
from tests.advertiser_portal.billing.till_world import Bench, open_till


@pytest.fixture
def engine_kind() -> str:
    """In memory; a test that is marked BOTH_ENGINES runs on each."""
    return "memory"


@pytest.fixture(scope="session")
def books(sqlite_template: Path) -> Iterator[tuple[RewindingDatabase, int]]:
    """The database in memory, and the mark of its birth."""
    database = RewindingDatabase(sqlite_template)
    yield database, database.mark()
    database.finish()


@pytest.fixture
async def database(engine_kind: str, request: pytest.FixtureRequest) -> AsyncIterator[Database]:
    """A fresh, migrated database. The one in memory keeps the statements that it has compiled."""
    if engine_kind == "memory":
        opened, birth = request.getfixturevalue("books")
        opened.rewind(birth)
    else:
        opened = Database(request.getfixturevalue("database_url"))
    yield opened
    await opened.close()


@pytest.fixture(scope="session")
def stand_in() -> Iterator[tuple[FakeStripe, str]]:
    """One server for the run; each test gets fresh books behind it."""
    with stand_in_server() as served:
        yield served


@pytest.fixture
async def bench(database: Database, clock: FrozenClock) -> AsyncIterator[Bench]:
    opened = open_till(database, clock)
    yield opened
    await opened.till.gateway.close()

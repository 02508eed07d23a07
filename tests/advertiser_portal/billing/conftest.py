"""A till over the stand-in for Stripe, on real books.

On SQLite, unless a test says BOTH_ENGINES: those in which something happens at once, or in which
SQL is more than a look-up.
"""

import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from fakestripe.app import FakeStripe
from kernel.clock import FrozenClock
from kernel.database import Database
from tests.advertiser_portal.billing.stand_in import stand_in_server
from tests.advertiser_portal.billing.till_world import Bench, open_till


@pytest.fixture
def engine_kind() -> str:
    """SQLite; a test that is marked BOTH_ENGINES runs on each."""
    return "sqlite"


_WARM: dict[str, Database] = {}


@pytest.fixture
def database_url(
    engine_kind: str,
    request: pytest.FixtureRequest,
    tmp_path: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[str]:
    """A fresh, migrated database; SQLite's always under the same name, see `database`."""
    if engine_kind == "sqlite":
        copy = tmp_path_factory.getbasetemp() / "till.db"
        for leftover in copy.parent.glob("till.db*"):
            leftover.unlink()
        shutil.copyfile(request.getfixturevalue("sqlite_template"), copy)
        yield f"sqlite:///{copy}"
        return
    server = request.getfixturevalue("postgres")
    url = server.new_database()
    yield url
    server.drop_database(url)


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """Opened anew for each test. SQLite's engine keeps the statements that it has compiled."""
    opened = _WARM.get(database_url) or Database(database_url)
    if opened.is_sqlite:
        _WARM[database_url] = opened
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

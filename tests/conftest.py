"""What every test may ask for: a database, shared state, a clock.

`database` runs each test twice, on SQLite and on a real PostgreSQL; `shared_state` twice, in
process and on a real Valkey. Both are fresh for each test. See tests/rig for how the servers start.
"""

import os
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import redis.asyncio

from kernel.clock import FrozenClock
from kernel.database import Database
from kernel.redis_state import RedisState
from kernel.shared_state import InProcessState, SharedState
from tests.rig import loopback_only
from tests.rig.postgres import PostgresServer, migrate_apart, postgres_server
from tests.rig.valkey import valkey_server

_OURS = ("TOLLFREE_", "DATABASE_URL", "REDIS_URL", "STRIPE_")

# Before any test module is imported: nothing of the developer's own settings reaches a test.
# A model that was exported before may be named, so that not every run exports its own.
_KEPT = ("TOLLFREE_TEST_",)
for _name in [name for name in os.environ if name.startswith(_OURS) and not name.startswith(_KEPT)]:
    del os.environ[_name]
loopback_only.install()


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """The run's PostgreSQL."""
    with postgres_server() as server:
        yield server


@pytest.fixture(scope="session")
def valkey_url() -> Iterator[str]:
    """The run's Valkey; ask for `redis_url` to get it empty."""
    with valkey_server() as url:
        yield url


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file to copy."""
    path = tmp_path_factory.mktemp("template") / "template.db"
    migrate_apart(f"sqlite:///{path}")
    return path


@pytest.fixture(params=["sqlite", "postgres"])
def engine_kind(request: pytest.FixtureRequest) -> str:
    """Which database engine this test runs on."""
    return str(request.param)


@pytest.fixture
def database_url(engine_kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a fresh, migrated database."""
    if engine_kind == "sqlite":
        copy = tmp_path / "tollfree.db"
        shutil.copyfile(request.getfixturevalue("sqlite_template"), copy)
        yield f"sqlite:///{copy}"
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    url = server.new_database()
    yield url
    server.drop_database(url)


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """A fresh, migrated database, on each engine in turn."""
    opened = Database(database_url)
    yield opened
    await opened.close()


@pytest.fixture(params=["memory", "valkey"])
def state_kind(request: pytest.FixtureRequest) -> str:
    """Which shared state this test runs on."""
    return str(request.param)


@pytest.fixture
async def redis_url(valkey_url: str) -> str:
    """The address of an empty Valkey."""
    client = redis.asyncio.Redis.from_url(valkey_url)
    await client.flushdb()
    await client.aclose()
    return valkey_url


@pytest.fixture
async def shared_state(
    state_kind: str, request: pytest.FixtureRequest, clock: FrozenClock
) -> AsyncIterator[SharedState]:
    """Empty shared state, of each kind in turn."""
    state: SharedState
    if state_kind == "memory":
        state = InProcessState(clock)
    else:
        url = request.getfixturevalue("valkey_url")
        client = redis.asyncio.Redis.from_url(url)
        await client.flushdb()
        await client.aclose()
        # A generous deadline: the machine may be busy with the tests themselves.
        state = RedisState(url, deadline_ms=2_000)
    yield state
    await state.close()


@pytest.fixture
def clock() -> FrozenClock:
    """A clock that moves only by `advance`."""
    return FrozenClock()

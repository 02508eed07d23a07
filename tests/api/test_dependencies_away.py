"""Redis or the database killed, paused or slow: who is known is answered, nobody is turned down."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
import sqlalchemy as sa

from api.access.key_book import KeyBook
from api.access.keys import create_app, create_key
from api.access.limits import GENEROUS
from api.access.quota import QuotaBook
from api.access.visit import GuardedKeys
from api.chat.metered_rows import MeteredRows
from api.chat.usage import write_completions
from api.http.turnstile import Turnstile
from api.tables import Completion
from kernel.clock import SystemClock
from kernel.database import Database
from kernel.redis_state import RedisState
from tests.api.fakes import Road, post
from tests.rig.fault_proxy import FaultProxy, fault_proxy
from tests.rig.postgres import PostgresServer

SAID = [{"role": "user", "content": "Which shoes?"}]
FAULTS = ["killed", "paused", "slow"]


class Gateway:
    """The chat behind real keys, quotas and rows."""

    def __init__(self, database: Database, state: RedisState) -> None:
        clock, self.state = SystemClock(), state
        self.keys: KeyBook = GuardedKeys(database, clock, state, look_deadline_seconds=0.5)
        self.quotas = QuotaBook(clock, state)
        self.rows = MeteredRows(database, write_completions, max_delay_ms=20)
        self.road = Road()
        self.road.app._keys = self.keys
        self.road.heart._desk._completions = self.rows
        self.app = Turnstile(self.road.app, self.quotas, GENEROUS)

    async def ask(self, secret: str, *, stream: bool = False) -> httpx.Response:
        transport = httpx.ASGITransport(self.app)
        headers = {"authorization": f"Bearer {secret}"}
        async with httpx.AsyncClient(
            transport=transport, base_url="http://api", headers=headers
        ) as client:
            return await post(client, SAID, stream=stream)

    async def ask_often(self, secret: str, times: int = 30) -> list[int]:
        answers = [await self.ask(secret, stream=number % 2 == 0) for number in range(times)]
        return [answer.status_code for answer in answers]


@asynccontextmanager
async def running(database_url: str, redis_url: str) -> AsyncIterator[Gateway]:
    database, state = Database(database_url), RedisState(redis_url)
    gateway = Gateway(database, state)
    tasks = [
        asyncio.create_task(work())
        for work in (gateway.quotas.run, gateway.keys.run, gateway.rows.run)
    ]
    try:
        yield gateway
    finally:
        await gateway.road.heart.settle()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await state.close()
        await database.close()


@pytest.fixture
def postgres_url(postgres: PostgresServer):  # type: ignore[no-untyped-def]
    url = postgres.new_database()
    yield url
    postgres.drop_database(url)


async def two_keys(url: str) -> tuple[str, str]:
    database = Database(url)
    async with database.writing() as tx:
        app_id = await create_app(tx, organisation_id="org_1", name="One", clock=SystemClock())
        first = await create_key(tx, app_id, clock=SystemClock())
        second = await create_key(tx, app_id, clock=SystemClock())
    await database.close()
    return first.secret, second.secret


async def rows_in(url: str) -> int:
    database = Database(url)
    async with database.reading() as session:
        count = await session.scalar(sa.select(sa.func.count()).select_from(Completion))
    await database.close()
    return int(count or 0)


async def wait_for_rows(url: str, least: int) -> None:
    async with asyncio.timeout(20):
        while await rows_in(url) < least:  # noqa: ASYNC110  another process's table has no event
            await asyncio.sleep(0.05)


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_shared_state_that_is_away_costs_nobody_an_answer(
    fault: str, postgres_url: str, redis_url: str
) -> None:
    known, unknown = await two_keys(postgres_url)
    async with fault_proxy(redis_url) as way, running(postgres_url, way.url) as gateway:
        assert await gateway.ask_often(known, 3) == [200] * 3
        way.become(fault)

        assert await gateway.ask_often(known) == [200] * 30
        assert await gateway.ask_often(unknown, 3) == [200] * 3

        way.become("fine")
        await wait_for_rows(postgres_url, 36)


@pytest.mark.parametrize("fault", ["killed", "paused"])
async def test_a_database_that_is_away_turns_no_known_key_down_and_comes_back_by_itself(
    fault: str, postgres_url: str, redis_url: str
) -> None:
    known, unknown = await two_keys(postgres_url)
    async with fault_proxy(postgres_url) as way, running(way.url, redis_url) as gateway:
        assert await gateway.ask_often(known, 3) == [200] * 3
        await wait_for_rows(postgres_url, 3)
        way.become(fault)

        # Old enough to be looked up again, so that the database is really asked.
        for entry in gateway.keys._entries.values():
            entry.checked_at -= 60
            entry.try_again_at = 0
        assert await gateway.ask_often(known) == [200] * 30
        refused = await gateway.ask(unknown)
        assert refused.status_code == 503
        assert refused.json()["error"]["code"] == "unavailable"

        way.become("fine")
        await _until_answered(gateway, unknown)
        before = await rows_in(postgres_url)
        assert await gateway.ask_often(known, 3) == [200] * 3
        await wait_for_rows(postgres_url, before + 3)


async def _until_answered(gateway: Gateway, secret: str) -> None:
    async with asyncio.timeout(20):
        while (await gateway.ask(secret)).status_code != 200:  # noqa: ASYNC110  nobody tells of it
            await asyncio.sleep(0.1)


async def test_the_proxy_really_cuts(redis_url: str) -> None:
    async with fault_proxy(redis_url) as way:
        assert isinstance(way, FaultProxy)
        state = RedisState(way.url)
        await state.ping()
        way.become("killed")
        with pytest.raises(Exception, match="does not answer"):
            await state.ping()
        await state.close()

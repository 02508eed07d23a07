"""What a call may wait for the shared state: not at all, or with an Idempotency-Key a fixed few times."""

import asyncio
from typing import Any

import httpx
import pytest

from api.access.idempotency import Shelf
from api.access.key_book import KeyBook
from api.access.keys import create_app, create_key
from api.access.limits import GENEROUS
from api.access.quota import QuotaBook
from api.access.visit import GuardedKeys
from api.chat.once import OnceHeart
from api.http.chat_completions import ChatCompletions
from api.http.turnstile import Turnstile
from kernel.clock import FrozenClock, SystemClock
from kernel.database import Database
from kernel.errors import Unavailable
from kernel.shared_state import InProcessState
from tests.api.fakes import Road, post

SAID = [{"role": "user", "content": "Which shoes?"}]
#: Claim, lease and copy are looked at and put; each is one wait of 50 ms at most.
MOST_WAITS = 8


class Mute(InProcessState):
    """Never answers; whoever waits for it waits for ever."""

    async def get(self, key: str) -> bytes | None:
        await asyncio.Event().wait()
        return None

    async def put(self, key: str, value: bytes, *, ttl_seconds: float) -> None:
        await asyncio.Event().wait()

    async def add(self, key: str, amount: int, *, ttl_seconds: float) -> int:
        await asyncio.Event().wait()
        return 0

    async def publish(self, channel: str, message: bytes) -> None:
        await asyncio.Event().wait()


class Refusing(InProcessState):
    """Says at each call that it is away, and counts how often it was asked."""

    asked = 0

    def _away(self) -> Any:
        self.asked += 1
        raise Unavailable("The shared state does not answer.")

    async def get(self, key: str) -> bytes | None:
        return self._away()

    async def put(self, key: str, value: bytes, *, ttl_seconds: float) -> None:
        self._away()

    async def put_if_absent(self, key: str, value: bytes, *, ttl_seconds: float) -> bool:
        return bool(self._away())

    async def remove(self, key: str) -> None:
        self._away()


@pytest.mark.parametrize("engine_kind", ["sqlite"])
async def test_an_ordinary_call_never_waits_for_it(database: Database) -> None:
    clock, state = SystemClock(), Mute(SystemClock())
    async with database.writing() as tx:
        app_id = await create_app(tx, organisation_id="org_1", name="One", clock=clock)
        secret = (await create_key(tx, app_id, clock=clock)).secret
    road, quotas = Road(), QuotaBook(clock, state)
    keys: KeyBook = GuardedKeys(database, clock, state)
    road.app._keys = keys
    app = Turnstile(road.app, quotas, GENEROUS)
    telling = asyncio.create_task(quotas.run())
    headers = {"authorization": f"Bearer {secret}"}
    try:
        async with (
            asyncio.timeout(20),
            httpx.AsyncClient(
                transport=httpx.ASGITransport(app), base_url="http://api", headers=headers
            ) as client,
        ):
            statuses = [
                (await post(client, SAID, stream=stream)).status_code
                for stream in (False, True) * 10
            ]
    finally:
        telling.cancel()
    assert statuses == [200] * 20


@pytest.mark.parametrize("stream", [False, True])
async def test_a_call_that_is_to_be_made_once_asks_it_a_fixed_few_times(
    stream: bool, clock: FrozenClock
) -> None:
    state, road = Refusing(clock), Road()
    once = OnceHeart(road.heart, Shelf(state, state, clock))
    app = ChatCompletions(once, road.keys)  # type: ignore[arg-type]
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://api"
    ) as client:
        headers = {"authorization": "Bearer tf_x", "idempotency-key": "once"}
        body = {"model": "demo", "messages": SAID, "stream": stream}
        answers = [
            await client.post("/v1/chat/completions", json=body, headers=headers) for _ in range(2)
        ]
    await once.close()

    assert [one.status_code for one in answers] == [200, 200]
    assert answers[0].content == answers[1].content
    assert len(road.upstream.bodies) == 1
    assert 0 < state.asked <= MOST_WAITS

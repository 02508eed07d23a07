"""A shared state that does not answer costs a few callers a moment, and everybody after them nothing."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from kernel.errors import Unavailable
from kernel.redis_state import RedisState


class Door:
    """A port that slams, or, once `answers`, says PONG to whatever is asked."""

    def __init__(self) -> None:
        self.knocks, self.answers = 0, False
        self.url = ""

    async def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.knocks += 1
        while self.answers and await reader.read(65_536):
            writer.write(b"+PONG\r\n")
        writer.close()


@pytest.fixture
async def door() -> AsyncIterator[Door]:
    door = Door()
    server = await asyncio.start_server(door.accept, "127.0.0.1", 0)
    door.url = f"redis://127.0.0.1:{server.sockets[0].getsockname()[1]}/0?protocol=2"
    yield door
    server.close()


async def refused(state: RedisState, times: int) -> None:
    for _ in range(times):
        with pytest.raises(Unavailable):
            await state.ping()


async def test_after_five_failures_nobody_knocks_for_a_while(door: Door) -> None:
    state = RedisState(door.url, pause_seconds=60)
    await refused(state, 5)
    knocks = door.knocks

    await refused(state, 200)

    assert door.knocks == knocks > 0
    await state.close()


async def test_after_the_pause_one_call_tries_and_the_others_do_not_wait_with_it(
    door: Door,
) -> None:
    state = RedisState(door.url, pause_seconds=0.05)
    await refused(state, 5)
    knocks = door.knocks
    await asyncio.sleep(0.06)

    tried = await asyncio.gather(*(state.ping() for _ in range(50)), return_exceptions=True)

    assert {type(one) for one in tried} == {Unavailable}
    assert 0 < door.knocks - knocks <= 2
    await state.close()


async def test_an_answer_closes_it_again(door: Door) -> None:
    state = RedisState(door.url, pause_seconds=0.01, deadline_ms=5_000)
    await refused(state, 7)
    door.answers = True
    await asyncio.sleep(0.02)

    for _ in range(3):
        await state.ping()

    await state.close()

"""Crowds of half-open and unread connections: a good caller does not notice, and they are cut off."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import httpx
import orjson
import uvicorn

from tests.api.fakes import RecordingUpstream, Road, post, stream_events
from tests.rig.crowd import half_open, slow_readers
from tollfree.patience import PatientProtocol

SAID = [{"role": "user", "content": "Which shoes?"}]
LONG = "A long answer that goes on and on. " * 300_000


class Unhurried(RecordingUpstream):
    """Lets the loop turn between two reads, as every network does."""

    async def _read(self, reads: Sequence[bytes | Exception]) -> AsyncIterator[bytes]:
        async for read in super()._read(reads):
            yield read
            await asyncio.sleep(0.001)


class Impatient(PatientProtocol):
    """The same with little time."""

    header_seconds = 0.6
    stall_seconds = 0.6


@asynccontextmanager
async def serving(road: Road, protocol: type[PatientProtocol]) -> AsyncIterator[int]:
    config = uvicorn.Config(
        road.app, port=0, log_config=None, lifespan="off", http=protocol, ws="none",
        timeout_graceful_shutdown=1,
    )  # fmt: skip
    server = uvicorn.Server(config)
    with contextlib.nullcontext():
        task = asyncio.create_task(server.serve())
        while not server.started:  # noqa: ASYNC110  the server has no event for it
            await asyncio.sleep(0.01)
        try:
            yield server.servers[0].sockets[0].getsockname()[1]
        finally:
            server.should_exit = True
            await task


async def asked(port: int) -> list[int]:
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=30) as client:
        answers = [await post(client, SAID) for _ in range(10)]
        return [answer.status_code for answer in answers]


async def test_half_open_connections_are_cut_off_and_hurt_nobody() -> None:
    async with serving(Road(), Impatient) as port:
        crowd = await half_open(port, 200)

        assert await asked(port) == [200] * 10
        # The end comes from the server: a read that returns nothing, or a reset.
        ends = await asyncio.gather(*(reader.read() for reader, _ in crowd), return_exceptions=True)
        assert all(end == b"" or isinstance(end, OSError) for end in ends)
        for _, writer in crowd:
            writer.close()


async def test_a_kept_connection_that_begins_a_header_and_stops_is_cut_off_too() -> None:
    async with serving(Road(), Impatient) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        body = orjson.dumps({"model": "demo", "messages": SAID})
        head = (
            "POST / HTTP/1.1\r\nhost: x\r\nauthorization: Bearer x\r\n"
            f"content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
        )
        writer.write(head.encode() + body)
        assert (await reader.readuntil(b"\r\n")).startswith(b"HTTP/1.1 200")
        writer.write(b"POST / HTTP/1.1\r\nx-half: ")

        with contextlib.suppress(ConnectionResetError):
            while await reader.read(65_536):
                pass
        writer.close()


async def test_answers_that_nobody_reads_are_given_up() -> None:
    road = Road(upstream=Unhurried())
    road.upstream.reads = stream_events(LONG, size=50_000)
    body = orjson.dumps({"model": "demo", "stream": True, "messages": SAID})
    async with serving(road, Impatient) as port:
        crowd = await slow_readers(port, 5, body)
        async with asyncio.timeout(30):
            while len(road.rows) < 5:  # noqa: ASYNC110  rows have no event
                await asyncio.sleep(0.05)
        road.upstream.reads = None

        assert await asked(port) == [200] * 10
        for one in crowd:
            one.close()

    assert [row.status for row in road.rows[:5]] == [499] * 5

"""Connections to a provider: framing, reuse, and every way in which an answer can go wrong."""

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest
import uvloop
from hypothesis import given
from hypothesis import strategies as st

from api.upstream.connection import BrokenOff, Connection, Patience, Reply
from api.upstream.connections import Address, Connections

SOON = Patience(silence=0.2, total=2)
REQUEST = b"GET / HTTP/1.1\r\n\r\n"
SIZED = b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello"
CHUNKED = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n"
TO_THE_END = b"HTTP/1.1 200 OK\r\n\r\nhello"
LAST = b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 5\r\n\r\nhello"
HINTED = b"HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n" + SIZED
DOUBLED = SIZED + SIZED


class Server:
    """Says the same to every request; counts its connections."""

    def __init__(self, says: bytes, *, then_ends: bool = False) -> None:
        self.says, self.then_ends = says, then_ends
        self.connections = 0
        self.may_answer = asyncio.Event()
        self.may_answer.set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while await reader.readuntil(b"\r\n\r\n"):
                await self.may_answer.wait()
                writer.write(self.says)
                await writer.drain()
                if self.then_ends:
                    break
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


@pytest.fixture
async def opened() -> AsyncIterator[Callable[..., object]]:
    servers: list[asyncio.Server] = []
    clients: list[Connections] = []

    async def open_(says: bytes, *, then_ends: bool = False, most: int = 4) -> object:
        server = Server(says, then_ends=then_ends)
        listening = await asyncio.start_server(server.serve, "127.0.0.1", 0)
        port = listening.sockets[0].getsockname()[1]
        client = Connections(Address.of(f"http://127.0.0.1:{port}"), most=most, connect_seconds=0.3)
        servers.append(listening)
        clients.append(client)
        return server, client

    yield open_
    for client in clients:
        client.close()
    for listening in servers:
        listening.close()


async def whole(client: Connections, patience: Patience = SOON) -> bytes:
    reply = await client.ask(REQUEST, patience)
    try:
        await reply.head()
        pieces = []
        while piece := await reply.read():
            pieces.append(piece)
        return b"".join(pieces)
    finally:
        reply.close()


@pytest.mark.parametrize("says", [SIZED, CHUNKED, HINTED])
async def test_a_framed_answer_is_whole_and_its_connection_used_again(opened, says) -> None:
    server, client = await opened(says)
    assert [await whole(client) for _ in range(3)] == [b"hello"] * 3
    assert server.connections == 1


@pytest.mark.parametrize("says", [LAST, DOUBLED])
async def test_a_connection_that_says_more_or_no_more_is_not_used_again(opened, says) -> None:
    server, client = await opened(says)
    assert [await whole(client) for _ in range(3)] == [b"hello"] * 3
    assert server.connections == 3


def test_the_loop_that_serves_is_understood_too() -> None:
    async def talk() -> list[bytes]:
        server = Server(SIZED)
        listening = await asyncio.start_server(server.serve, "127.0.0.1", 0)
        port = listening.sockets[0].getsockname()[1]
        client = Connections(Address.of(f"http://127.0.0.1:{port}"), most=2, connect_seconds=1)
        try:
            return [await whole(client) for _ in range(2)]
        finally:
            client.close()
            listening.close()

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        assert runner.run(talk()) == [b"hello"] * 2


async def test_an_answer_without_a_length_ends_with_its_connection(opened) -> None:
    _, client = await opened(TO_THE_END, then_ends=True)
    assert await whole(client) == b"hello"


@pytest.mark.parametrize(
    "says",
    [SIZED[:-1], CHUNKED[:-3], CHUNKED[:60], b"HTTP/1.1 200 OK\r\ncont", b"", b"nonsense\r\n\r\n"],
)
async def test_an_answer_that_is_cut_is_never_taken_for_a_whole_one(opened, says) -> None:
    _, client = await opened(says, then_ends=True)
    with pytest.raises(BrokenOff):
        await whole(client)


async def test_what_came_before_a_cut_is_handed_on_first(opened) -> None:
    _, client = await opened(SIZED[:-1], then_ends=True)
    reply = await client.ask(REQUEST, SOON)
    await reply.head()
    await asyncio.sleep(0.05)
    assert await reply.read() == b"hell"
    with pytest.raises(BrokenOff):
        await reply.read()


async def test_a_head_without_an_end_is_refused(opened) -> None:
    _, client = await opened(b"HTTP/1.1 200 OK\r\n" + b"x-padding: 1234567890\r\n" * 5_000)
    with pytest.raises(BrokenOff):
        await whole(client)


async def test_silence_ends_an_answer_and_its_connection(opened) -> None:
    server, client = await opened(SIZED[:-1])
    with pytest.raises(TimeoutError):
        await whole(client)
    server.says = SIZED
    assert await whole(client) == b"hello"
    assert server.connections == 2


async def test_a_drip_ends_when_its_whole_time_is_over(opened) -> None:
    _, client = await opened(SIZED[:-1])
    with pytest.raises(TimeoutError):
        await whole(client, Patience(silence=60, total=0.2))


async def test_an_answer_that_is_given_up_takes_its_connection_along(opened) -> None:
    server, client = await opened(SIZED[:-1])
    reply = await client.ask(REQUEST, SOON)
    await reply.head()
    reply.close()
    server.says = SIZED
    assert await whole(client) == b"hello"
    assert server.connections == 2


async def test_a_connection_that_the_provider_ended_is_not_used_again(opened) -> None:
    server, client = await opened(SIZED, then_ends=True)
    assert await whole(client) == b"hello"
    await asyncio.sleep(0.05)
    assert await whole(client) == b"hello"
    assert server.connections == 2


async def test_no_more_connections_are_opened_than_allowed_and_all_are_served(opened) -> None:
    server, client = await opened(SIZED, most=2)
    assert await asyncio.gather(*(whole(client) for _ in range(20))) == [b"hello"] * 20
    assert server.connections == 2


async def test_who_gets_no_connection_in_time_is_told(opened) -> None:
    server, client = await opened(SIZED, most=1)
    server.may_answer.clear()
    busy = asyncio.create_task(whole(client, Patience(silence=5, total=5)))
    await asyncio.sleep(0.05)
    with pytest.raises(TimeoutError):
        await whole(client)
    server.may_answer.set()
    assert await busy == b"hello"
    assert await whole(client) == b"hello"


async def test_a_slow_reader_holds_the_provider_back_and_loses_nothing(opened) -> None:
    body = bytes(range(256)) * 8_000
    server, client = await opened(
        b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % len(body) + body
    )
    reply = await client.ask(REQUEST, SOON)
    await reply.head()
    # Longer than the provider may be silent: it is we who are slow.
    await asyncio.sleep(0.5)
    pieces = []
    while piece := await reply.read():
        assert len(piece) < len(body)
        pieces.append(piece)
    assert b"".join(pieces) == body
    assert server.connections == 1


class Deaf(asyncio.Transport):
    """Takes what is written and lets a test say what is received."""

    def write(self, data: object) -> None:
        return

    def abort(self) -> None:
        return

    def is_closing(self) -> bool:
        return False

    def get_write_buffer_size(self) -> int:
        return 0


@given(st.data())
async def test_any_borders_between_reads_give_the_same_answer(data: st.DataObject) -> None:
    says = data.draw(st.sampled_from([SIZED, CHUNKED, HINTED, LAST]))
    freed: list[Connection] = []
    connection = Connection(freed.append, lambda gone: None)
    connection.connection_made(Deaf())
    reply: Reply = connection.ask(REQUEST, SOON)
    rest, pieces = says, []
    while rest:
        size = data.draw(st.integers(1, len(rest)))
        connection.data_received(rest[:size])
        rest = rest[size:]
    await reply.head()
    while piece := await reply.read():
        pieces.append(piece)
    assert (reply.status, b"".join(pieces)) == (200, b"hello")
    assert bool(freed) == (says is not LAST)


@pytest.mark.parametrize(
    ("url", "target", "authority"),
    [
        ("https://api.example/v1/", "/v1/x", "api.example"),
        ("http://127.0.0.1:8080/v1", "/v1/x", "127.0.0.1:8080"),
        ("http://[::1]:11434", "/x", "[::1]:11434"),
        ("https://bücher.example/v1", "/v1/x", "xn--bcher-kva.example"),
        ("https://api.example/v1?version=2", "/v1/x?version=2", "api.example"),
    ],
)
def test_an_address_is_read(url: str, target: str, authority: str) -> None:
    address = Address.of(url)
    assert (address.target("/x"), address.authority) == (target, authority)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "api.example/v1",
        "ftp://api.example",
        "https://",
        "https://me:pw@api.example/v1",
        "https://api.example/v1#part",
        "https://api.example/v 1",
        "https://api.example/\r\nx: y",
    ],
)
def test_what_is_no_address_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(ValueError, match="address") as refused:
        Address.of(url)
    assert "pw" not in str(refused.value)

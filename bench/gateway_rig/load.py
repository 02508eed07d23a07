# ruff: noqa: ANN001, ANN003, ANN201, ANN202, ANN204
"""Requests as fast as one core can make them, and what came back.

Raw protocols instead of a client library: the generator shares its core with the fake provider, so
every microsecond here would be taken for the gateway's. An answer counts only if it is whole.
"""

import asyncio
import json
import re
import time
from dataclasses import dataclass, field
from urllib.parse import urlsplit

_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
_REASON = re.compile(rb'"no_fill_reason": ?(?:"(\w+)"|null)')
#: What stands in an answer whose decision was not made to its end.
SHED = frozenset({"timeout", "overloaded", "error", "unavailable"})


@dataclass
class Tally:
    """What one slice of load brought."""

    seconds: float = 0.0
    answers: int = 0
    errors: int = 0
    reasons: dict = field(default_factory=dict)
    first_tokens_ms: list = field(default_factory=list)

    def note(self, body):
        found = _REASON.search(body)
        if found is not None:
            reason = found[1].decode() if found[1] else "ad"
            self.reasons[reason] = self.reasons.get(reason, 0) + 1

    @property
    def rate(self):
        return self.answers / self.seconds if self.seconds else 0.0

    @property
    def decided(self):
        """The share of answers whose decision was made to its end."""
        known = sum(self.reasons.values())
        shed = sum(count for reason, count in self.reasons.items() if reason in SHED)
        return (known - shed) / known if known else 0.0


class Connection(asyncio.Protocol):
    """One kept-alive connection; `ask` sends a request and waits for the whole answer."""

    def __init__(self):
        self.closed = False

    def connection_made(self, transport):
        self.transport = transport
        self.waiter = None

    def ask(self, request):
        self.pieces, self.size, self.head = [], 0, None
        self.sent_at, self.first_token_ms = time.perf_counter(), None
        self.first_byte_ms = None
        self.waiter = asyncio.get_running_loop().create_future()
        self.transport.write(request)
        return self.waiter

    def data_received(self, data):
        if self.first_byte_ms is None:
            self.first_byte_ms = (time.perf_counter() - self.sent_at) * 1000
        if self.first_token_ms is None and b"Well" in data:
            self.first_token_ms = (time.perf_counter() - self.sent_at) * 1000
        self.pieces.append(data)
        self.size += len(data)
        if self.head is None:
            self.read_head(b"".join(self.pieces))
        if self.head is None:
            return
        if self.expected is None:
            whole = data.endswith(b"0\r\n\r\n") or (
                len(data) < 8 and b"".join(self.pieces[-3:]).endswith(b"0\r\n\r\n")
            )
        else:
            whole = self.size >= self.expected
        if whole and not self.waiter.done():
            self.waiter.set_result((self.head, b"".join(self.pieces)))

    def read_head(self, data):
        head, found, _ = data.partition(b"\r\n\r\n")
        if found:
            self.head = head
            length = _LENGTH.search(head)
            self.expected = None if length is None else len(head) + 4 + int(length[1])

    def connection_lost(self, error):  # noqa: ARG002
        self.closed = True
        if self.waiter is not None and not self.waiter.done():
            self.waiter.set_exception(ConnectionError("The server closed the connection."))


@dataclass(frozen=True)
class Target:
    """Where to send, as whom, and what the model is called there."""

    name: str
    base_url: str
    key: str = "none"
    model: str = "bench"

    def request(self, prompt, *, stream=False, headers=(), **members):
        body = {"model": self.model, "messages": [{"role": "user", "content": prompt}], **members}
        if stream:
            body |= {"stream": True}
        raw = json.dumps(body).encode()
        parts = urlsplit(self.base_url)
        more = "".join(f"{line}\r\n" for line in headers)
        return (
            f"POST {parts.path}/chat/completions HTTP/1.1\r\nhost: {parts.netloc}\r\n"
            f"authorization: Bearer {self.key}\r\ncontent-type: application/json\r\n"
            f"content-length: {len(raw)}\r\n{more}\r\n"
        ).encode() + raw

    async def connect(self):
        parts = urlsplit(self.base_url)
        loop = asyncio.get_running_loop()
        _, connection = await loop.create_connection(Connection, parts.hostname, parts.port)
        return connection


async def closed_loop(target, requests, *, seconds, connections=24, count=None):
    """Each connection asks again as soon as it is answered; `requests` gives the next request."""
    tally, started = Tally(), time.perf_counter()
    until = started + seconds

    async def one():
        connection = await target.connect()
        while time.perf_counter() < until and (count is None or tally.answers < count):
            head, body = await connection.ask(next(requests))
            if _is_whole(head, body):
                tally.answers += 1
                tally.note(body)
            else:
                tally.errors += 1
            if b"connection: close" in head.lower() or connection.closed:
                connection = await target.connect()
        connection.transport.close()

    await asyncio.gather(*(one() for _ in range(connections)))
    tally.seconds = time.perf_counter() - started
    return tally


async def one_after_another(target, requests):
    """First bytes of each request, alone on one connection; an answer that is not whole is None."""
    connection, first_bytes = await target.connect(), []
    for request in requests:
        head, body = await connection.ask(request)
        first_bytes.append(connection.first_byte_ms if _is_whole(head, body) else None)
    connection.transport.close()
    return first_bytes


async def open_loop(targets, requests, *, rate, seconds):
    """`rate` streams a second to each target in turn; first-token times by target."""
    tallies = {target.name: Tally() for target in targets}
    pools = {target.name: [await target.connect() for _ in range(8)] for target in targets}
    running = set()

    async def one(target, request):
        pool = pools[target.name]
        connection = pool.pop() if pool else await target.connect()
        head, body = await connection.ask(request)
        tally = tallies[target.name]
        if _is_whole(head, body):
            tally.answers += 1
            tally.first_tokens_ms.append(connection.first_token_ms)
            tally.note(body)
        else:
            tally.errors += 1
        pool.append(connection)

    due = time.perf_counter()
    until = due + seconds
    while due < until:
        for target in targets:
            due += 1 / rate / len(targets)
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            task = asyncio.create_task(one(target, next(requests[target.name])))
            running.add(task)
            task.add_done_callback(running.discard)
    await asyncio.gather(*running)
    for pool in pools.values():
        for connection in pool:
            connection.transport.close()
    return tallies


def _is_whole(head, body):
    if b" 200 " not in head[:16]:
        return False
    return b"text/event-stream" not in head or b"data: [DONE]" in body[-60:]

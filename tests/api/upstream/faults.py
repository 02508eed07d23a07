"""A provider that fails in a chosen way, with raw sockets, so that nothing mends what it sends."""

import asyncio
import gzip
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from tests.api.fakes import ANSWER, plain_body, stream_events

FAULTS = (
    "429", "429 with retry-after", "500", "529", "refused", "unknown host", "tls", "slow first byte",
    "stall", "cut", "bad line", "empty", "gzip", "wrong content type", "huge chunk",
)  # fmt: skip
#: Those at which an answer can still be whole.
HARMLESS = frozenset({"bad line", "gzip"})
_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
_HUGE = 6 * 1024 * 1024


@dataclass
class FaultyProvider:
    """Answers each request with its `fault`; counts the requests and the callers who left."""

    fault: str = "none"
    cut_at: int = 200
    requests: int = 0
    asked: asyncio.Event = field(default_factory=asyncio.Event)
    gone: asyncio.Event = field(default_factory=asyncio.Event)
    base_url: str = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            if self.fault == "tls":
                writer.write(b"HTTP/1.1 400 This is no TLS\r\n\r\n")
                return
            head = await reader.readuntil(b"\r\n\r\n")
            length = _LENGTH.search(head)
            body = await reader.readexactly(int(length[1]) if length else 0)
            self.requests += 1
            self.asked.set()
            await self._answer(writer, stream=b'"stream":true' in body)
            if self.fault in {"stall", "slow first byte"}:
                await reader.read()
                self.gone.set()
        except (ConnectionError, asyncio.IncompleteReadError):
            self.gone.set()
        finally:
            writer.close()

    async def _answer(self, writer: asyncio.StreamWriter, *, stream: bool) -> None:
        events = stream_events(ANSWER)
        body = b"".join(events) if stream else plain_body(ANSWER)
        kind = "text/event-stream" if stream else "application/json"
        part = body[: min(self.cut_at, len(body) - 1)]
        match self.fault:
            case "429" | "500" | "529":
                writer.write(_head(int(self.fault), "application/json", 2) + b"{}")
            case "429 with retry-after":
                writer.write(_head(429, "application/json", 2, "retry-after: 7\r\n") + b"{}")
            case "slow first byte":
                return
            case "stall":
                writer.write(_head(200, kind, len(body)) + part)
            case "cut":
                writer.write(_head(200, kind, len(body)) + part)
                await writer.drain()
            case "bad line":
                if stream:
                    body = b"".join([*events[:3], b"data: {nonsense\n\n", *events[3:]])
                else:
                    body = b"{nonsense" + body
                writer.write(_head(200, kind, len(body)) + body)
            case "empty":
                writer.write(_head(200, kind, 0))
            case "gzip":
                packed = gzip.compress(body)
                writer.write(_head(200, kind, len(packed), "content-encoding: gzip\r\n") + packed)
            case "wrong content type":
                writer.write(_head(200, "text/html", 6) + b"<html>")
            case "huge chunk":
                huge = b"data: " + b"x" * _HUGE if stream else b'{"x":"' + b"x" * 6 * _HUGE
                writer.write(_head(200, kind, len(huge)) + huge)
            case _:
                writer.write(_head(200, kind, len(body)) + body)
        await writer.drain()


def _head(status: int, kind: str, length: int, more: str = "") -> bytes:
    return (
        f"HTTP/1.1 {status} X\r\ncontent-type: {kind}\r\ncontent-length: {length}\r\n{more}\r\n"
    ).encode()


@asynccontextmanager
async def faulty(fault: str) -> AsyncIterator[FaultyProvider]:
    """A provider on the loopback, or an address where there is none."""
    provider = FaultyProvider(fault)
    server = await asyncio.start_server(provider.serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    provider.base_url = f"http://127.0.0.1:{port}/v1"
    match fault:
        case "refused":
            server.close()
        case "unknown host":
            provider.base_url = "http://no-such-provider.localhost:9/v1"
        case "tls":
            provider.base_url = f"https://127.0.0.1:{port}/v1"
    try:
        yield provider
    finally:
        server.close()

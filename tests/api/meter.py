"""A provider that bills: it streams one token a chunk and keeps the meter itself.

Told to `drain` it goes on and bills to the end when its caller leaves; else it stops and bills what
it had said by then. Calls may be refused first, so that they are made again.
"""

import asyncio
from collections.abc import AsyncIterator
from random import Random
from typing import Any

import orjson

from api.upstream.upstream import UpstreamAnswer, UpstreamRefused
from tests.api.fakes import plain_body, stream_events

WORDS = 12
TOKEN = "abc "


class BillingProvider:
    """In process; `pause` seconds lie between two tokens."""

    name, reports_usage = "billing", True

    def __init__(self, on_disconnect: str, *, seed: int = 7, pause: float = 0.0) -> None:
        self.on_disconnect, self._pause = on_disconnect, pause
        self._draw = Random(seed)
        self.billed: dict[str, tuple[int, int]] = {}
        self.left_at: list[float] = []

    async def open(self, body: bytes, *, stream: bool) -> UpstreamAnswer:
        if self._draw.random() < 0.04:
            raise UpstreamRefused("Busy.", status=503)
        request = orjson.loads(body)
        name = request["metadata"]["prompt"]
        bill = [len(body) // 4, 0]
        self.billed[name] = (bill[0], 0)
        chunks = self._stream(name, bill) if stream else self._plain(name, bill)
        return UpstreamAnswer(stream, chunks, self._closed)

    async def close(self) -> None:
        return

    async def _closed(self) -> None:
        self.left_at.append(asyncio.get_running_loop().time())

    async def _stream(self, name: str, bill: list[int]) -> AsyncIterator[bytes]:
        *spoken, last, _done = stream_events(TOKEN * WORDS, size=len(TOKEN), usage=False)
        for event in [*spoken, last]:
            await asyncio.sleep(self._pause)
            if b"abc" in event:
                bill[1] += 1
                self.billed[name] = (bill[0], bill[1])
            yield event
        usage = {"prompt_tokens": bill[0], "completion_tokens": bill[1]}
        shared: dict[str, Any] = {"id": "chatcmpl-1", "object": "chat.completion.chunk"}
        shared |= {"created": 1, "model": "m", "choices": [], "usage": usage}
        yield b"data: " + orjson.dumps(shared) + b"\n\ndata: [DONE]\n\n"

    async def _plain(self, name: str, bill: list[int]) -> AsyncIterator[bytes]:
        await asyncio.sleep(self._pause * WORDS)
        bill[1] = WORDS
        self.billed[name] = (bill[0], bill[1])
        body = orjson.loads(plain_body(TOKEN * WORDS))
        body["usage"] = {"prompt_tokens": bill[0], "completion_tokens": bill[1]}
        yield orjson.dumps(body)

"""The upstream that needs no key: a deterministic little program which says that it is one.

Speaks OpenAI's format like any provider, so that everything behind it can be tried on a machine
without keys. The same request gives the same answer. It paces its stream like a real model; tests
set the pace to zero.
"""

import asyncio
from collections.abc import AsyncIterator
from typing import Any, Final

import orjson

from api.upstream.demo_reply import Reply, reply_to
from api.upstream.upstream import UpstreamAnswer, UpstreamRefused
from kernel.clock import Clock

_TOKENS_PER_CHUNK: Final = 3
_FINGERPRINT: Final = "fp_tollfree_demo"


class DemoUpstream:
    """``DemoUpstream(clock, pace_ms=0, first_token_ms=0)`` answers at once."""

    name = "demo"
    reports_usage = True

    def __init__(self, clock: Clock, *, first_token_ms: float = 40, pace_ms: float = 12) -> None:
        self._clock = clock
        self._first_token_ms, self._pace_ms = first_token_ms, pace_ms

    async def open(self, body: bytes, *, stream: bool) -> UpstreamAnswer:
        """Answer a chat request. Raises UpstreamRefused for one that is not a JSON object."""
        try:
            request = orjson.loads(body)
        except orjson.JSONDecodeError:
            request = None
        if not isinstance(request, dict):
            raise UpstreamRefused(
                "The demo model was sent something that is not a JSON object.",
                status=400,
                type="invalid_request_error",
            )
        reply = reply_to(request)
        envelope = self._envelope(request, reply)
        if not stream:
            chunks = self._whole(envelope, reply)
        else:
            options = request.get("stream_options")
            asked = isinstance(options, dict) and options.get("include_usage") is True
            chunks = self._streamed(envelope, reply, with_usage=asked)
        return UpstreamAnswer(is_event_stream=stream, chunks=chunks, close=_nothing_to_close)

    async def close(self) -> None:
        return

    def _envelope(self, request: dict[str, Any], reply: Reply) -> dict[str, Any]:
        return {
            "id": reply.id,
            "object": "chat.completion",
            "created": int(self._clock.now().timestamp()),
            "model": str(request.get("model", "demo")),
            "system_fingerprint": _FINGERPRINT,
        }

    async def _whole(self, envelope: dict[str, Any], reply: Reply) -> AsyncIterator[bytes]:
        await self._wait(self._first_token_ms)
        message: dict[str, Any] = {"role": "assistant", "content": reply.text, "refusal": None}
        if reply.tool_calls:
            message["tool_calls"] = [
                {
                    "id": call.id,
                    "type": "function",
                    "function": {"name": call.name, "arguments": call.arguments},
                }
                for call in reply.tool_calls
            ]
        choices = [
            {
                "index": index,
                "message": message,
                "logprobs": None,
                "finish_reason": reply.finish_reason,
            }
            for index in range(reply.choices)
        ]
        yield orjson.dumps(envelope | {"choices": choices, "usage": reply.usage})

    async def _streamed(
        self, envelope: dict[str, Any], reply: Reply, *, with_usage: bool
    ) -> AsyncIterator[bytes]:
        envelope = envelope | {"object": "chat.completion.chunk"}
        if with_usage:
            envelope["usage"] = None
        await self._wait(self._first_token_ms)
        for index in range(reply.choices):
            for delta in _deltas(reply):
                yield _event(envelope, index, delta, None)
                await self._wait(self._pace_ms)
            yield _event(envelope, index, {}, reply.finish_reason)
        if with_usage:
            yield _line(envelope | {"choices": [], "usage": reply.usage})
        yield b"data: [DONE]\n\n"

    async def _wait(self, ms: float) -> None:
        if ms > 0:
            await asyncio.sleep(ms / 1000)


def _deltas(reply: Reply) -> list[dict[str, Any]]:
    if not reply.tool_calls:
        pieces = [
            "".join(reply.tokens[start : start + _TOKENS_PER_CHUNK])
            for start in range(0, len(reply.tokens), _TOKENS_PER_CHUNK)
        ]
        first: dict[str, Any] = {"role": "assistant", "content": "", "refusal": None}
        return [first, *({"content": piece} for piece in pieces)]
    deltas: list[dict[str, Any]] = [{"role": "assistant", "content": None}]
    for index, call in enumerate(reply.tool_calls):
        begun = {"name": call.name, "arguments": ""}
        deltas.append(
            {"tool_calls": [{"index": index, "id": call.id, "type": "function", "function": begun}]}
        )
        deltas.extend(
            {
                "tool_calls": [
                    {"index": index, "function": {"arguments": call.arguments[at : at + 12]}}
                ]
            }
            for at in range(0, len(call.arguments), 12)
        )
    return deltas


def _event(
    envelope: dict[str, Any], index: int, delta: dict[str, Any], finish_reason: str | None
) -> bytes:
    choice = {
        "index": index,
        "delta": delta,
        "logprobs": None,
        "finish_reason": finish_reason,
    }
    return _line(envelope | {"choices": [choice]})


def _line(body: dict[str, Any]) -> bytes:
    return b"data: " + orjson.dumps(body) + b"\n\n"


async def _nothing_to_close() -> None:
    return

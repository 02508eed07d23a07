"""A provider with a format of its own, on the loopback, heard in OpenAI's."""

import json
from collections.abc import AsyncIterator
from typing import Any

import orjson
import pytest
from aiohttp import web

from api.upstream.litellm_upstream import LitellmUpstream, TranslatedSettings
from api.upstream.prices import Counts, counts_in
from api.upstream.upstream import UpstreamRefused
from kernel.errors import UpstreamFailed

USAGE = {
    "input_tokens": 50,
    "cache_read_input_tokens": 100,
    "cache_creation_input_tokens": 0,
    "output_tokens": 7,
}
MESSAGE = {"id": "msg_1", "type": "message", "role": "assistant", "model": "c"}
EVENTS: list[dict[str, Any]] = [
    {"type": "message_start", "message": MESSAGE | {"content": [], "usage": USAGE}},
    {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
    {
        "type": "content_block_delta",
        "index": 0,
        "delta": {"type": "text_delta", "text": "Hello there"},
    },
    {"type": "content_block_stop", "index": 0},
    {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 7}},
    {"type": "message_stop"},
]
# litellm and what it imports warn about themselves.
pytestmark = pytest.mark.filterwarnings("ignore")


class AnthropicLike:
    def __init__(self) -> None:
        self.status, self.url = 200, ""
        self.requests: list[dict[str, Any]] = []

    async def handle(self, request: web.Request) -> web.StreamResponse:
        asked = await request.json()
        self.requests.append(asked)
        if self.status != 200:
            error = {
                "type": "error",
                "error": {"type": "x", "message": "your key is sk-very-secret"},
            }
            return web.json_response(error, status=self.status, headers={"retry-after": "9"})
        if not asked.get("stream"):
            said = {"content": [{"type": "text", "text": "Hello there"}], "stop_reason": "end_turn"}
            return web.json_response(MESSAGE | said | {"usage": USAGE})
        response = web.StreamResponse(headers={"content-type": "text/event-stream"})
        await response.prepare(request)
        for one in EVENTS:
            await response.write(f"event: {one['type']}\ndata: {json.dumps(one)}\n\n".encode())
        return response


@pytest.fixture
async def provider() -> AsyncIterator[AnthropicLike]:
    known = AnthropicLike()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", known.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.2)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    known.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield known
    await runner.cleanup()


async def ask(provider: AnthropicLike, *, stream: bool, **members: Any) -> bytes:
    upstream = LitellmUpstream(
        TranslatedSettings("claude", "anthropic", "sk-very-secret", provider.url)
    )
    said = {"model": "claude-sonnet-4-5", "messages": [{"role": "user", "content": "Hi"}]}
    answer = await upstream.open(orjson.dumps(said | members), stream=stream)
    try:
        return b"".join([chunk async for chunk in answer.chunks])
    finally:
        await answer.close()


class TestATranslatedAnswer:
    async def test_is_a_chat_completion_with_its_cached_tokens_counted_once(
        self, provider: AnthropicLike
    ) -> None:
        body = orjson.loads(await ask(provider, stream=False))

        assert body["object"] == "chat.completion"
        assert body["choices"][0]["message"]["content"] == "Hello there"
        assert counts_in(body["usage"]) == Counts(150, 7, cached=100)

    async def test_streams_as_chunks_and_ends_with_usage_alone(
        self, provider: AnthropicLike
    ) -> None:
        options = {"include_usage": True}
        raw = await ask(provider, stream=True, stream_options=options)

        events = [part[6:] for part in raw.split(b"\n\n") if part]
        chunks = [orjson.loads(event) for event in events[:-1]]
        assert events[-1] == b"[DONE]"
        said = [choice["delta"].get("content") for one in chunks for choice in one["choices"]]
        assert "".join(text or "" for text in said) == "Hello there"
        assert chunks[-1]["choices"] == []
        assert counts_in(chunks[-1]["usage"]) == Counts(150, 7, cached=100)

    async def test_is_asked_for_with_nothing_that_chooses_another_way(
        self, provider: AnthropicLike
    ) -> None:
        await ask(
            provider,
            stream=False,
            temperature=0.5,
            api_base="http://127.0.0.1:1",
            custom_llm_provider="openai",
            mock_response="no",
            fallbacks=["x"],
            extra_headers={"x": "y"},
        )

        assert set(provider.requests[0]) <= {"model", "messages", "max_tokens", "temperature"}

    @pytest.mark.parametrize(
        ("status", "ours", "code"),
        [
            (400, 400, "upstream_refused"),
            (401, 502, "upstream_refused_us"),
            (429, 429, "upstream_rate_limited"),
            (500, 502, "upstream_failed"),
            (529, 502, "upstream_failed"),
        ],
    )
    async def test_that_is_refused_is_told_without_the_providers_words(
        self, status: int, ours: int, code: str, provider: AnthropicLike
    ) -> None:
        provider.status = status

        with pytest.raises(UpstreamFailed) as caught:
            await ask(provider, stream=False)

        assert (caught.value.status, caught.value.code) == (ours, code)
        assert "sk-very-secret" not in caught.value.message
        assert len(provider.requests) == 1
        if status == 400:
            assert isinstance(caught.value, UpstreamRefused)

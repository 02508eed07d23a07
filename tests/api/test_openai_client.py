"""The official client against our server on the loopback: it works, and its errors are the right ones."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import openai
import orjson
import pytest
import uvicorn
from fastapi import FastAPI
from openai import AsyncOpenAI
from starlette.routing import Route

from api.access.key_book import KeyBook
from api.access.keys import create_app, create_key
from api.chat.completion import ChatHeart
from api.http import models
from api.http.chat_completions import ChatCompletions
from api.upstream.demo import DemoUpstream
from api.upstream.routing import ModelAlias, Routing
from api.upstream.upstream import UpstreamRefused, UpstreamTimedOut
from kernel.clock import FrozenClock, SystemClock
from kernel.database import Database
from kernel.http import RequestIds, install_error_handlers
from tests.api.fakes import (
    ANSWER,
    PUBLIC_URL,
    FixedAds,
    KeptRows,
    RecordingUpstream,
    stream_events,
    verifies,
)
from tests.api.hearing import without_spans

QUESTION: list[Any] = [{"role": "user", "content": "What are the best shoes for flat feet?"}]


class Failing(RecordingUpstream):
    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error

    async def open(self, body: bytes, *, stream: bool) -> Any:
        raise self.error


def refused(status: int, **members: Any) -> Failing:
    return Failing(UpstreamRefused("The model's provider failed.", status=status, **members))


@pytest.fixture
def engine_kind() -> str:
    """One engine is enough here: what is tested is the wire."""
    return "sqlite"


@pytest.fixture
async def client(database: Database, clock: FrozenClock) -> AsyncIterator[AsyncOpenAI]:
    async with database.writing() as tx:
        app_id = await create_app(tx, organisation_id="org_1", name="Shop", clock=clock)
        key = await create_key(tx, app_id, clock=clock)
    cut = RecordingUpstream()
    cut.reads = stream_events(ANSWER)[:5]
    routing = Routing(
        [
            ModelAlias("demo", DemoUpstream(clock, first_token_ms=0, pace_ms=0), "demo"),
            ModelAlias("org/recording", RecordingUpstream(), "m"),
            ModelAlias("cut", cut, "m"),
            ModelAlias("busy", refused(429, retry_after="1"), "m"),
            ModelAlias("picky", refused(422), "m"),
            ModelAlias("down", refused(503), "m"),
            ModelAlias("slow", Failing(UpstreamTimedOut("slow")), "m"),
            ModelAlias("broken", Failing(LookupError("boom")), "m"),
        ]
    )
    keys = KeyBook(database, SystemClock())
    heart = ChatHeart(
        FixedAds(), routing, KeptRows(), SystemClock(), public_url=PUBLIC_URL, verifies=verifies
    )
    app = FastAPI()
    install_error_handlers(app)
    app.router.routes.append(Route("/v1/chat/completions", ChatCompletions(heart, keys)))
    app.include_router(models.routes(keys, routing))
    config = uvicorn.Config(
        RequestIds(app), port=0, log_config=None, lifespan="off", timeout_graceful_shutdown=1
    )
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110  uvicorn tells by a flag
        await asyncio.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    async with AsyncOpenAI(
        base_url=f"http://127.0.0.1:{port}/v1", api_key=key.secret, max_retries=0
    ) as opened:
        yield opened
    server.should_exit = True
    await serving
    await heart.close()


class TestTheClient:
    async def test_gets_an_answer_with_its_ad_and_the_field(self, client: AsyncOpenAI) -> None:
        answer = await client.chat.completions.create(model="org/recording", messages=QUESTION)

        content = answer.choices[0].message.content or ""
        field = (answer.model_extra or {})["tollfree"]
        assert "Sponsored · Strideworks" in content
        assert without_spans(content, field["ads"]) == ANSWER
        assert answer._request_id is not None

    async def test_gets_the_same_as_a_stream(self, client: AsyncOpenAI) -> None:
        content, fields = "", []

        stream = await client.chat.completions.create(
            model="org/recording", messages=QUESTION, stream=True
        )
        async for chunk in stream:
            content += chunk.choices[0].delta.content or ""
            fields += [value for value in [(chunk.model_extra or {}).get("tollfree")] if value]
            assert (chunk.choices[0].finish_reason is not None) == bool(fields)

        assert len(fields) == 1
        assert without_spans(content, fields[0]["ads"]) == ANSWER

    async def test_accumulates_a_stream_with_its_own_helper(self, client: AsyncOpenAI) -> None:
        async with client.chat.completions.stream(
            model="demo", messages=QUESTION, stream_options={"include_usage": True}
        ) as stream:
            answer = await stream.get_final_completion()

        assert "Sponsored · Strideworks" in (answer.choices[0].message.content or "")
        assert answer.choices[0].finish_reason == "stop"
        assert answer.usage is not None
        assert answer.usage.completion_tokens > 20

    async def test_parses_a_stream_of_tool_calls(self, client: AsyncOpenAI) -> None:
        tools: Any = [
            {
                "type": "function",
                "function": {
                    "name": "get_weather",
                    "strict": True,
                    "parameters": {
                        "type": "object",
                        "properties": {"city": {"type": "string"}},
                        "required": ["city"],
                        "additionalProperties": False,
                    },
                },
            }
        ]
        asked: list[Any] = [{"role": "user", "content": "What is the weather in Paris?"}]

        async with client.chat.completions.stream(
            model="demo", messages=asked, tools=tools
        ) as stream:
            answer = await stream.get_final_completion()

        calls = answer.choices[0].message.tool_calls or []
        assert orjson.loads(calls[0].function.arguments) == {"city": "Paris"}
        assert answer.choices[0].message.content is None

    async def test_lists_models_and_finds_one_with_a_slash(self, client: AsyncOpenAI) -> None:
        listed = [model.id async for model in client.models.list()]

        assert listed[:2] == ["demo", "org/recording"]
        assert (await client.models.retrieve("org/recording")).id == "org/recording"

    async def test_sends_many_streams_at_once(self, client: AsyncOpenAI) -> None:
        async def one() -> str:
            stream = await client.chat.completions.create(
                model="demo", messages=QUESTION, stream=True
            )
            return "".join([chunk.choices[0].delta.content or "" async for chunk in stream])

        answers = await asyncio.gather(*(one() for _ in range(30)))

        assert all("Sponsored" in answer for answer in answers)


async def read_into(pieces: list[str], stream: Any) -> None:
    async for chunk in stream:
        pieces.append(chunk.choices[0].delta.content or "")  # noqa: PERF401  it is cut short


FAILURES = [
    ({"model": "none"}, openai.NotFoundError, "model_not_found"),
    ({"messages": []}, openai.BadRequestError, "invalid_request"),
    ({"model": "busy"}, openai.RateLimitError, "upstream_failed"),
    ({"model": "picky"}, openai.UnprocessableEntityError, "upstream_failed"),
    ({"model": "down"}, openai.InternalServerError, "upstream_failed"),
    ({"model": "slow"}, openai.InternalServerError, "upstream_timeout"),
    ({"model": "broken"}, openai.InternalServerError, "internal_error"),
    ({"extra_body": {"tollfree": 7}}, openai.BadRequestError, "invalid_request"),
]


class TestTheClientRaises:
    @pytest.mark.parametrize("stream", [True, False], ids=["stream", "plain"])
    @pytest.mark.parametrize(("changes", "error", "code"), FAILURES)
    async def test_the_class_that_belongs_to_the_status(
        self,
        changes: dict[str, Any],
        error: type[openai.APIStatusError],
        code: str,
        stream: bool,
        client: AsyncOpenAI,
    ) -> None:
        request = {"model": "demo", "messages": QUESTION, "stream": stream} | changes

        with pytest.raises(error) as caught:
            await client.chat.completions.create(**request)

        body: Any = caught.value.body
        assert set(body) == {"message", "type", "param", "code"}
        assert caught.value.code == code
        assert (caught.value.request_id or "").startswith("req_")
        if changes.get("model") == "busy":
            assert caught.value.response.headers["retry-after"] == "1"

    @pytest.mark.parametrize("key", ["sk-other", "tf_live_" + "0" * 33])
    async def test_that_the_key_is_wrong(self, key: str, client: AsyncOpenAI) -> None:
        wrong = client.with_options(api_key=key)

        for call in (
            wrong.models.list(),
            wrong.models.retrieve("demo"),
            wrong.chat.completions.create(model="demo", messages=QUESTION),
        ):
            with pytest.raises(openai.AuthenticationError) as caught:
                await call
            assert caught.value.code == "invalid_api_key"

    async def test_that_the_body_is_too_large_even_while_sending(self, client: AsyncOpenAI) -> None:
        huge: list[Any] = [{"role": "user", "content": "x" * 10_000_000}]

        for one in (client, client.with_options(api_key="sk-other")):
            with pytest.raises(openai.APIStatusError) as caught:
                await one.chat.completions.create(model="demo", messages=huge)
            assert caught.value.status_code == (413 if one is client else 401)

    async def test_that_the_stream_broke_off(self, client: AsyncOpenAI) -> None:
        stream = await client.chat.completions.create(model="cut", messages=QUESTION, stream=True)
        pieces: list[str] = []

        with pytest.raises(openai.APIError) as caught:
            await read_into(pieces, stream)

        assert caught.value.code == "upstream_truncated"
        assert ANSWER.startswith("".join(pieces))
        assert "".join(pieces)

    async def test_that_there_is_nothing_at_an_address(self, client: AsyncOpenAI) -> None:
        with pytest.raises(openai.NotFoundError) as caught:
            await client.files.list()

        assert caught.value.code == "not_found"

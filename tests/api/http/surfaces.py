"""The API with all its surfaces and fakes around it, in process."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import orjson
from fastapi import FastAPI
from starlette.routing import Route

from api.http.surfaces import Surfaces
from kernel.http import RequestIds, install_error_handlers
from language.lexical import LexicalEmbedder
from tests.api.fakes import Road


def application(road: Road) -> RequestIds:
    app = FastAPI()
    install_error_handlers(app)
    app.router.routes.append(Route("/v1/chat/completions", road.app))
    Surfaces(road.heart, road.keys, road.routing, LexicalEmbedder()).install(app)
    return RequestIds(app)


@asynccontextmanager
async def client_of(road: Road) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(application(road))
    async with httpx.AsyncClient(transport=transport, base_url="http://api") as client:
        yield client
    await road.heart.settle()


async def send(
    road: Road, path: str, body: Any = None, *, method: str = "POST", **headers: str
) -> httpx.Response:
    async with client_of(road) as client:
        return await client.request(method, path, json=body, headers=headers)


def events_in(response: httpx.Response) -> list[dict[str, Any]]:
    """The events of a stream, each checked to be named for its type."""
    events = []
    for block in response.content.split(b"\n\n"):
        if not block or block.startswith(b":"):
            continue
        name, data = block.split(b"\n")
        body = orjson.loads(data.removeprefix(b"data: "))
        assert name == b"event: " + body["type"].encode()
        events.append(body)
    return events


def sent_upstream(road: Road) -> dict[str, Any]:
    return orjson.loads(road.upstream.bodies[-1])


def tool_stream(*calls: tuple[str, str, str]) -> list[bytes]:
    """A stream that thinks, calls tools side by side, and ends."""
    shared = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "m"}

    def event(delta: dict[str, Any], reason: str | None = None) -> bytes:
        choice = {"index": 0, "delta": delta, "finish_reason": reason}
        return b"data: " + orjson.dumps(shared | {"choices": [choice]}) + b"\n\n"

    events = [event({"role": "assistant", "content": None, "reasoning_content": "Hm."})]
    for index, (call_id, name, arguments) in enumerate(calls):
        begun = {"index": index, "id": call_id, "type": "function", "function": {"name": name}}
        begun["function"]["arguments"] = ""
        events.append(event({"tool_calls": [begun]}))
        events += [
            event({"tool_calls": [{"index": index, "function": {"arguments": piece}}]})
            for piece in (arguments[:4], arguments[4:])
        ]
    counts = {"prompt_tokens": 9, "completion_tokens": 5, "total_tokens": 14}
    events.append(event({}, "tool_calls"))
    events.append(b"data: " + orjson.dumps(shared | {"choices": [], "usage": counts}) + b"\n\n")
    return [*events, b"data: [DONE]\n\n"]

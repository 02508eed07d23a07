"""The API on the loopback for clients that outsiders wrote, with every answer kept for a second look.

`served` runs the real routes over the demo model in a thread; only keys and ads are fakes. What is
sent back is recorded as (path, status, content type, body), so that all traffic of all clients can
be held against OpenAI's own models and document.
"""

import asyncio
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import uvicorn
from fastapi import FastAPI
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.chat.completion import ChatHeart
from api.http.chat_completions import ChatCompletions
from api.http.surfaces import Surfaces
from api.upstream.demo import DemoUpstream
from api.upstream.routing import ModelAlias, Routing
from api.upstream.upstream import UpstreamRefused
from kernel.clock import SystemClock
from kernel.http import RequestIds, install_error_handlers
from language.lexical import LexicalEmbedder
from tests.api.fakes import (
    ANSWER,
    PUBLIC_URL,
    AdSettings,
    FixedAds,
    KeptRows,
    KnownKeys,
    RecordingUpstream,
    stream_events,
    verifies,
)


@dataclass
class Answer:
    """One answer as it left."""

    path: str
    status: int = 0
    content_type: str = ""
    body: bytes = b""


@dataclass
class Served:
    """A running server: where it is, and what it has answered."""

    base_url: str = ""
    traffic: list[Answer] = field(default_factory=list)


class _Busy(RecordingUpstream):
    async def open(self, body: bytes, *, stream: bool) -> Any:
        raise UpstreamRefused(
            "The model's provider is at its limit. Try again later.",
            status=429,
            type="rate_limit_error",
            code="upstream_rate_limited",
            retry_after="1",
        )


class _Recorder:
    def __init__(self, app: ASGIApp, traffic: list[Answer]) -> None:
        self._app, self._traffic = app, traffic

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        answer = Answer(f"{scope['method']} {scope['path']}")

        async def keep(message: Message) -> None:
            if message["type"] == "http.response.start":
                answer.status = message["status"]
                answer.content_type = dict(message["headers"]).get(b"content-type", b"").decode()
                self._traffic.append(answer)
            else:
                answer.body += message.get("body", b"")
            await send(message)

        await self._app(scope, receive, keep)


def _application(ads_enabled: bool, traffic: list[Answer]) -> ASGIApp:
    cut = RecordingUpstream()
    cut.reads = stream_events(ANSWER)[:5]
    demo = DemoUpstream(SystemClock(), first_token_ms=0, pace_ms=0)
    routing = Routing(
        [
            ModelAlias("demo", demo, "demo"),
            ModelAlias("demo-mini", demo, "demo-mini"),
            ModelAlias("gpt-4o-mini", demo, "gpt-4o-mini"),
            ModelAlias("fixed", RecordingUpstream(), "fixed"),
            ModelAlias("busy", _Busy(), "busy"),
            ModelAlias("cut", cut, "cut"),
        ]
    )
    keys: Any = KnownKeys(AdSettings(enabled=ads_enabled))
    rows: Any = KeptRows()
    heart = ChatHeart(
        FixedAds(), routing, rows, SystemClock(), public_url=PUBLIC_URL, verifies=verifies
    )
    app = FastAPI()
    install_error_handlers(app)
    app.router.routes.append(Route("/v1/chat/completions", ChatCompletions(heart, keys)))
    Surfaces(heart, keys, routing, LexicalEmbedder()).install(app)
    return RequestIds(_Recorder(app, traffic))


@contextmanager
def served(*, ads_enabled: bool) -> Iterator[Served]:
    """Serve until the block ends."""
    served = Served()
    app = _application(ads_enabled, served.traffic)
    config = uvicorn.Config(
        app, port=0, log_config=None, lifespan="off", timeout_graceful_shutdown=1
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=lambda: asyncio.run(server.serve()))
    thread.start()
    while not server.started:
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    served.base_url = f"http://127.0.0.1:{port}"
    try:
        yield served
    finally:
        server.should_exit = True
        thread.join()

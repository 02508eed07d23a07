"""The door of a server that is still warming up.

The port opens first. Until the real application is there, ``/livez`` says that the process lives
and everything else gets a 503 that asks to come back in a second. Imports nothing heavy.
"""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

_JSON = (b"content-type", b"application/json")
_ALIVE = b'{"status":"ok"}'
_WARMING = (
    b'{"error":{"message":"Tollfree is warming up. Try again in a second.",'
    b'"type":"api_error","param":null,"code":"unavailable"}}'
)


class Doorway:
    """An ASGI application that stands in for another until `open` is called with it."""

    def __init__(self) -> None:
        self._app: App | None = None
        self.opened = asyncio.Event()

    def open(self, app: App) -> None:
        self._app = app
        self.opened.set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await _lifespan(receive, send)
        elif self._app is not None:
            await self._app(scope, receive, send)
        elif scope["type"] == "http":
            await _answer(send, alive=scope["path"] == "/livez")


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": message["type"] + ".complete"})
        if message["type"] == "lifespan.shutdown":
            return


async def _answer(send: Send, *, alive: bool) -> None:
    status, body = (200, _ALIVE) if alive else (503, _WARMING)
    headers = [_JSON, (b"retry-after", b"1"), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})

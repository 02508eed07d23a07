"""Answering over HTTP as raw ASGI: the hot path, without a framework in it.

Serves ``POST /v1/chat/completions`` and, with another heart and dialect, its sister surfaces.
Checks the key, reads the body, hands both to the heart and its answer to the socket. While the
answer is written it watches the connection: a caller who leaves stops the upstream at once, even
a silent one, and a silent upstream is covered by SSE comments. A stream that we must end ourselves
ends in an error event.
"""

import asyncio
import contextlib
from collections.abc import Coroutine, Mapping
from typing import Any, Final

from starlette.types import Receive, Scope, Send

from api.access.key_book import KeyBook
from api.chat.plain_answer import PlainAnswer
from api.http.dialect import OPENAI, Dialect, Heart, Streamed
from api.http.openai_errors import UNEXPECTED, MethodNotAllowed, send_error
from api.http.request_body import CallerLeft, discard_body, read_body
from api.upstream.event_stream import KEEP_ALIVE, error_event
from kernel.errors import QuotaExceeded, TollfreeError, Unauthenticated, Unavailable
from kernel.ids import new_id
from kernel.telemetry import logger

_KEEP_ALIVE_SECONDS: Final = 10.0
_UNWATCHED: Final = 0.02
_MAX_BODY_BYTES: Final = 1024 * 1024

_log = logger(__name__)
_Headers = list[tuple[bytes, bytes]]
_EVENT_STREAM: Final[_Headers] = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-cache"),
    # Some proxies hold a response back until it is whole unless they are told not to.
    (b"x-accel-buffering", b"no"),
]
_SHUTTING_DOWN: Final = Unavailable(
    "This server is shutting down. Send the request again.", code="server_shutting_down"
)


class ChatCompletions:
    """The ASGI application of one route; `shut_down` ends what is still streaming."""

    def __init__(
        self,
        heart: Heart,
        keys: KeyBook,
        *,
        max_body_bytes: int = _MAX_BODY_BYTES,
        keep_alive_seconds: float = _KEEP_ALIVE_SECONDS,
        dialect: Dialect = OPENAI,
    ) -> None:
        self._heart, self._keys, self._dialect = heart, keys, dialect
        self._max_body_bytes = max_body_bytes
        self._keep_alive_seconds = keep_alive_seconds
        self._open: set[_Exchange] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        arrived = self._heart.clock.monotonic()
        exchange = _Exchange(scope, send, self._dialect)
        try:
            await self._serve(exchange, scope, receive, arrived)
        except CallerLeft:
            return
        except TollfreeError as error:
            await exchange.refuse(error)
        except Exception as error:  # noqa: BLE001  a process edge: logged by class, answered as a 500
            _log.error("request_failed", request_id=exchange.request_id, exc_info=error)
            await exchange.refuse(TollfreeError(UNEXPECTED))

    @property
    def open_answers(self) -> int:
        """How many answers are being written."""
        return len(self._open)

    def shut_down(self) -> None:
        """End every open answer now, streams with an error event. Call it once at the end."""
        for exchange in list(self._open):
            exchange.stop()

    async def _serve(
        self, exchange: "_Exchange", scope: Scope, receive: Receive, arrived: float
    ) -> None:
        if scope["method"] != "POST":
            raise MethodNotAllowed("Use POST at this address.")
        headers = _headers_of(scope)
        try:
            caller = await self._keys.verify(self._dialect.authorization(headers))
        except (QuotaExceeded, Unauthenticated, Unavailable):
            await discard_body(receive)
            raise
        raw = await read_body(receive, headers, limit=self._max_body_bytes)

        async def work() -> None:
            answer = await self._heart.answer(caller, raw, headers, arrived=arrived)
            await exchange.send(answer)

        self._open.add(exchange)
        try:
            await exchange.run(work(), receive, self._keep_alive_seconds)
        finally:
            self._open.discard(exchange)


class _Exchange:
    """One request and its answer on one connection."""

    def __init__(self, scope: Scope, send: Send, dialect: Dialect) -> None:
        self._send, self._dialect = send, dialect
        known = scope.get("request_id")
        self.request_id: str = known or new_id("req")
        # The middleware that made the id adds the header itself.
        self._headers: _Headers = [] if known else [(b"x-request-id", self.request_id.encode())]
        self._headers.extend(dialect.headers(self.request_id))
        self._break_off = error_event
        self._task: asyncio.Task[Any] | None = None
        self._watcher: asyncio.Task[None] | None = None
        self._is_started = self._is_streaming = self._is_stopped = self._is_gone = False
        self._blocks_sent = 0

    async def run(self, work: Coroutine[Any, Any, None], receive: Receive, beat: float) -> None:
        """Do `work` until it ends, the caller leaves, or we are told to stop."""
        self._task = task = asyncio.current_task()
        # Most answers are over before looking after their caller is worth a task.
        later = asyncio.get_running_loop().call_later(_UNWATCHED, self._watch, receive, beat)
        try:
            await work
        except asyncio.CancelledError:
            if task is None or not (self._is_gone or self._is_stopped):
                # The server gives up on this connection: say so while it is still open.
                await self.refuse(_SHUTTING_DOWN)
                raise
            task.uncancel()
            if self._is_stopped:
                await self.refuse(_SHUTTING_DOWN)
        finally:
            later.cancel()
            if self._watcher is not None:
                self._watcher.cancel()

    def stop(self) -> None:
        """End the answer where it is; the caller is told."""
        self._is_stopped = True
        if self._task is not None:
            self._task.cancel()

    async def send(self, answer: PlainAnswer | Streamed) -> None:
        """Write the answer to the socket and tell it what became of it."""
        upstream = (b"x-tollfree-upstream", answer.upstream.encode())
        if isinstance(answer, PlainAnswer):
            length = (b"content-length", str(len(answer.body)).encode())
            try:
                await self._start([(b"content-type", b"application/json"), length, upstream])
                await self._body(answer.body, more=False)
            except BaseException:
                answer.lost()
                raise
            answer.sent()
            return
        self._break_off = answer.broken_off
        try:
            await self._start([*_EVENT_STREAM, upstream])
            self._is_streaming = True
            async with contextlib.aclosing(answer.blocks()) as blocks:
                async for block in blocks:
                    await self._body(block)
            self._is_streaming = False
            await self._body(b"", more=False)
        finally:
            await answer.close()

    async def refuse(self, error: TollfreeError) -> None:
        """Tell the caller about an error, in whatever way is still open."""
        if not self._is_started:
            self._is_started = True
            body = self._dialect.refusal(error, self.request_id)
            await send_error(self._send, error, headers=tuple(self._headers), body=body)
        elif self._is_streaming:
            self._is_streaming = False
            await self._body(self._break_off(error), more=False)

    def _watch(self, receive: Receive, beat: float) -> None:
        self._watcher = asyncio.create_task(self._look_after(receive, beat))

    async def _look_after(self, receive: Receive, beat: float) -> None:
        """Stop the work when the caller leaves; keep a silent stream alive."""
        gone = asyncio.create_task(_until_gone(receive))
        try:
            while not gone.done():
                sent_before = self._blocks_sent
                await asyncio.wait((gone,), timeout=beat)
                if gone.done():
                    self._is_gone = True
                    if self._task is not None:
                        self._task.cancel()
                elif self._is_streaming and sent_before == self._blocks_sent:
                    await self._body(KEEP_ALIVE)
        finally:
            gone.cancel()

    async def _start(self, headers: _Headers) -> None:
        self._is_started = True
        message = {
            "type": "http.response.start",
            "status": 200,
            "headers": [*headers, *self._headers],
        }
        await self._send(message)

    async def _body(self, body: bytes, *, more: bool = True) -> None:
        self._blocks_sent += 1
        await self._send({"type": "http.response.body", "body": body, "more_body": more})


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _headers_of(scope: Scope) -> Mapping[str, str]:
    return {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}

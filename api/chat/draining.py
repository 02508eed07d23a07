"""A call to an upstream that bills to the end whether or not anybody listens: it is read to its end.

    caller stays   upstream ─► pump ─► queue ─► answer
    caller leaves  upstream ─► pump ─► nothing; only the usage is heard, and the row waits for it

The pump is a task of its own, so that a caller who leaves, even before the first byte, cancels its
own waiting and nothing else. It goes on alone for a bounded time, and keeps nothing of the answer.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Any, Final

import orjson

from api.upstream.event_stream import data_of
from api.upstream.upstream import Upstream, UpstreamAnswer
from kernel.errors import UpstreamFailed

_AHEAD: Final = 64
_ALONE_SECONDS: Final = 120.0
_TAIL: Final = 16 * 1024
_USAGE: Final = b'"usage"'


class Drained:
    """One call; `leave` it instead of cancelling it, then ask for its `usage`."""

    def __init__(self, upstream: Upstream, body: bytes, *, stream: bool) -> None:
        self._stream = stream
        self._queue: asyncio.Queue[bytes | Exception | None] = asyncio.Queue(_AHEAD)
        self._begun: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        # The caller may be gone before anybody asks for it.
        self._begun.add_done_callback(lambda begun: begun.cancelled() or begun.exception())
        self._tail = b""
        self._is_alone = False
        self._pumping = asyncio.create_task(self._pump(upstream, body))

    async def open(self) -> UpstreamAnswer:
        """As the upstream's own. Raises UpstreamFailed."""
        is_event_stream = await asyncio.shield(self._begun)
        return UpstreamAnswer(is_event_stream, self._reads(), self.leave)

    async def leave(self) -> None:
        """Nobody listens any more."""
        self._is_alone = True
        while not self._queue.empty():
            self._queue.get_nowait()

    async def usage(self) -> Any:
        """What the upstream reported at its end; None where it did not within bounds."""
        await self.leave()
        await asyncio.wait((self._pumping,), timeout=_ALONE_SECONDS)
        self.cut()
        return self._usage()

    def cut(self) -> None:
        """Stop reading now."""
        self._pumping.cancel()

    async def _pump(self, upstream: Upstream, body: bytes) -> None:
        try:
            answer = await upstream.open(body, stream=self._stream)
        except BaseException as error:
            if not self._begun.done():
                given = error if isinstance(error, Exception) else _stopped()
                self._begun.set_exception(given)
            if not isinstance(error, Exception):
                raise
            return
        self._begun.set_result(answer.is_event_stream)
        last: Exception | None = None
        try:
            async for read in answer.chunks:
                # An answer in one piece is needed whole to be read; a stream ends in its usage.
                self._tail = (self._tail + read)[-_TAIL:] if self._stream else self._tail + read
                await self._hand_on(read)
        except UpstreamFailed as error:
            last = error
        finally:
            with contextlib.suppress(UpstreamFailed):
                await answer.close()
        await self._hand_on(last)

    async def _hand_on(self, item: bytes | Exception | None) -> None:
        if not self._is_alone:
            await self._queue.put(item)

    async def _reads(self) -> AsyncIterator[bytes]:
        while (item := await self._queue.get()) is not None:
            if isinstance(item, Exception):
                raise item
            yield item

    def _usage(self) -> Any:
        if not self._stream:
            return _usage_in(self._tail)
        events = self._tail.replace(b"\r\n", b"\n").split(b"\n\n")
        told = (data_of(event) for event in reversed(events) if _USAGE in event)
        return next((usage for data in told if (usage := _usage_in(data or b""))), None)


class Draining:
    """An upstream whose calls are read to their end; `note` hears of each."""

    def __init__(self, upstream: Upstream, note: Callable[[Drained], None]) -> None:
        self.name, self.reports_usage = upstream.name, upstream.reports_usage
        self._upstream, self._note = upstream, note

    async def open(self, body: bytes, *, stream: bool) -> UpstreamAnswer:
        """As the upstream's own."""
        call = Drained(self._upstream, body, stream=stream)
        self._note(call)
        return await call.open()

    async def close(self) -> None:
        await self._upstream.close()


def _usage_in(data: bytes) -> Any:
    try:
        body = orjson.loads(data)
    except orjson.JSONDecodeError:
        return None
    return body.get("usage") if isinstance(body, dict) else None


def _stopped() -> UpstreamFailed:
    return UpstreamFailed("The call to the model's provider was stopped.")

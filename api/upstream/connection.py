"""One HTTP/1.1 connection to a provider, and one answer on it as it comes.

The bytes are handed on as they arrive: a read gives whatever is there. Knows the framing of HTTP
and nothing of what is in it. A provider that falls silent, breaks off or writes nonsense ends the
answer with an error, after what came before it; an answer is whole only if its framing says so.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, cast

import httptools

_MOST_IN_HEAD: Final = 64 * 1024
# What may wait for a slow reader before the provider is asked to wait too.
_MOST_HELD: Final = 256 * 1024


class BrokenOff(OSError):
    """The connection ended, or stopped making sense, before the answer was whole."""


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds between two signs of life, and for a whole answer."""

    silence: float
    total: float


class Connection(asyncio.Protocol):
    """A connection that carries one answer at a time; `free` and `gone` tell its owner."""

    def __init__(
        self, free: Callable[["Connection"], None], gone: Callable[["Connection"], None]
    ) -> None:
        self._free, self._gone = free, gone
        self._transport: asyncio.Transport | None = None
        self._reply: Reply | None = None
        self.idle_since = 0.0

    @property
    def is_open(self) -> bool:
        return self._transport is not None and not self._transport.is_closing()

    def ask(self, request: bytes, patience: Patience) -> "Reply":
        """Send a complete request; the answer is read from what this returns."""
        transport = self._transport
        if transport is None or self._reply is not None:
            raise BrokenOff("The connection cannot be used.")
        self._reply = reply = Reply(self, patience)
        transport.write(request)
        return reply

    def abort(self) -> None:
        """End the connection now; an answer on it is broken off."""
        if self._transport is not None:
            self._transport.abort()

    def hold(self, paused: bool) -> None:  # noqa: FBT001  a tap: open or shut
        if self._transport is not None and self.is_open:
            (self._transport.pause_reading if paused else self._transport.resume_reading)()

    def over(self, *, reusable: bool) -> None:
        """The answer is whole: on to the next one, if the provider keeps the connection."""
        self._reply = None
        transport = self._transport
        if reusable and transport and self.is_open and not transport.get_write_buffer_size():
            self._free(self)
        else:
            self.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are none of asyncio's class, but do all that one does.
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        if self._reply is None:
            # Nobody asked: whatever it is, it must not become part of the next answer.
            self.abort()
        else:
            self._reply.feed(data)

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        reply, self._reply = self._reply, None
        self._gone(self)
        if reply is not None:
            reply.ended(cleanly=exc is None)


class Reply:
    """An answer: `head` waits for its status, `read` for its bytes."""

    def __init__(self, connection: Connection, patience: Patience) -> None:
        self.status, self.headers = 0, dict[str, str]()
        self._connection, self._patience = connection, patience
        self._parser = httptools.HttpResponseParser(self)
        self._pieces: list[bytes] = []
        self._held = self._head_size = 0
        self._is_whole = self._is_paused = self._is_reusable = False
        self._error: Exception | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._loop = asyncio.get_running_loop()
        self._began = self._heard = self._loop.time()
        self._timer = self._loop.call_at(self._due(), self._look_at_the_time)

    async def head(self) -> None:
        """Wait until the status is known. Raises BrokenOff or TimeoutError."""
        while not self.status:
            if self._error is not None:
                raise self._error
            await self._news()

    async def read(self) -> bytes:
        """What has come since the last read; nothing at the end. Raises BrokenOff, TimeoutError."""
        while not self._pieces:
            if self._is_whole:
                return b""
            if self._error is not None:
                raise self._error
            await self._news()
        pieces, self._pieces, self._held = self._pieces, [], 0
        if self._is_paused:
            self._is_paused = False
            self._heard = self._loop.time()
            self._connection.hold(paused=False)
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def close(self) -> None:
        """Read no more. Before the end this breaks the connection: the provider may stop."""
        if not self._is_whole and self._error is None:
            self._fail(BrokenOff("The answer was given up."))

    # What the connection says.

    def feed(self, data: bytes) -> None:
        self._heard = self._loop.time()
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            # Bytes behind the end of an answer do not make it less whole.
            self._is_reusable = False
            if not self._is_whole:
                self._fail(BrokenOff("The answer is not HTTP."))
        if self._is_whole:
            self._timer.cancel()
            self._connection.over(reusable=self._is_reusable)
        elif self._held > _MOST_HELD and not self._is_paused:
            self._is_paused = True
            self._connection.hold(paused=True)
        self._wake()

    def ended(self, *, cleanly: bool) -> None:
        if self._is_whole or self._error is not None:
            return
        if cleanly and self.status and self._ends_with_connection():
            self._is_whole = True
        else:
            self._error = BrokenOff("The connection ended before the answer did.")
        self._timer.cancel()
        self._wake()

    # What the parser says.

    def on_message_begin(self) -> None:
        if self._is_whole:
            raise BrokenOff("Nobody asked for a second answer.")

    def on_header(self, name: bytes, value: bytes) -> None:
        self._head_size += len(name) + len(value)
        if self._head_size > _MOST_IN_HEAD:
            raise BrokenOff("The head of the answer is too long.")
        self.headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        status = self._parser.get_status_code()
        if status < 200:
            # "Go on" and early hints come before the answer.
            self.headers.clear()
            return
        self.status = status

    def on_body(self, body: bytes) -> None:
        self._pieces.append(body)
        self._held += len(body)

    def on_message_complete(self) -> None:
        if self.status:
            self._is_whole, self._is_reusable = True, self._parser.should_keep_alive()

    def _ends_with_connection(self) -> bool:
        return "content-length" not in self.headers and "transfer-encoding" not in self.headers

    def _due(self) -> float:
        return min(self._heard + self._patience.silence, self._began + self._patience.total)

    def _look_at_the_time(self) -> None:
        # A provider that we asked to wait is not silent.
        if self._is_paused:
            self._heard = self._loop.time()
        due = self._due()
        if self._loop.time() < due:
            self._timer = self._loop.call_at(due, self._look_at_the_time)
        else:
            self._fail(TimeoutError())

    def _fail(self, error: Exception) -> None:
        self._error = error
        self._timer.cancel()
        self._connection.abort()
        self._wake()

    async def _news(self) -> None:
        self._waiter = self._loop.create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

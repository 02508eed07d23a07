"""A connection may take its time, within bounds: for its header, and for reading what we send.

    15 s  until a header is complete, from the connection or from its first byte
    30 s  while nothing is read of what we want to send

Bodies and whole answers have deadlines of their own, further in. Who runs over is cut off; that
costs other callers nothing, and an ordinary request starts no timer.
"""

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol


class PatientProtocol(HttpToolsProtocol):
    """uvicorn's, with the two deadlines that it lacks."""

    header_seconds = 15.0
    stall_seconds = 30.0

    _late: asyncio.TimerHandle | None = None
    _stalled: asyncio.TimerHandle | None = None
    _in_header = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._late = self.loop.call_later(self.header_seconds, self._cut_off)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self._in_header and self._late is None:
            self._late = self.loop.call_later(self.header_seconds, self._cut_off)

    def on_message_begin(self) -> None:
        self._in_header = True
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._in_header = False
        if self._late is not None:
            self._late.cancel()
            self._late = None
        super().on_headers_complete()

    def pause_writing(self) -> None:
        super().pause_writing()
        if self._stalled is None:
            self._stalled = self.loop.call_later(self.stall_seconds, self._cut_off)

    def resume_writing(self) -> None:
        self._forget_stall()
        super().resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._late is not None:
            self._late.cancel()
        self._forget_stall()
        super().connection_lost(exc)

    def _forget_stall(self) -> None:
        if self._stalled is not None:
            self._stalled.cancel()
            self._stalled = None

    def _cut_off(self) -> None:
        transport: Any = self.transport
        if not transport.is_closing():
            transport.abort()

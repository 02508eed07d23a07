"""One answer, written down while it comes, for everybody who asked for it by the same key.

Followers get what is there and then what comes; one that leaves does not stop the others, nor the
answer. Lives in memory for as long as the answer is being written.
"""

import asyncio
from collections.abc import AsyncGenerator

from api.upstream.event_stream import error_event
from kernel.errors import TollfreeError


class Recording:
    """Blocks in order. `begin`, `add`, then `end` or `fail`."""

    def __init__(self, fingerprint: bytes) -> None:
        self.fingerprint = fingerprint
        self.upstream = ""
        self.is_stream = False
        self.error: TollfreeError | None = None
        self._blocks: list[bytes] = []
        self._is_begun = self._is_over = False
        self._changed = asyncio.Event()

    def begin(self, upstream: str, *, is_stream: bool) -> None:
        self.upstream, self.is_stream, self._is_begun = upstream, is_stream, True
        self._tell()

    def add(self, block: bytes) -> None:
        self._blocks.append(block)
        self._tell()

    def end(self) -> None:
        self._is_over = True
        self._tell()

    def fail(self, error: TollfreeError) -> None:
        """It will not be whole; does nothing after the end."""
        if not self._is_over:
            self.error = error
            self.end()

    @property
    def whole(self) -> bytes:
        """Everything so far."""
        return b"".join(self._blocks)

    async def begun(self) -> None:
        """Wait for the first sign. Raises what the answer failed with before it began."""
        while not self._is_begun and not self._is_over:
            await self._changed.wait()
        if not self._is_begun and self.error is not None:
            raise self.error

    async def over(self) -> bytes:
        """Wait for the end. Raises what the answer failed with."""
        while not self._is_over:
            await self._changed.wait()
        if self.error is not None:
            raise self.error
        return self.whole

    async def blocks(self) -> AsyncGenerator[bytes, None]:
        """From the first block on. Raises what the answer failed with."""
        position = 0
        while True:
            while position < len(self._blocks):
                yield self._blocks[position]
                position += 1
            if self._is_over:
                break
            await self._changed.wait()
        if self.error is not None:
            raise self.error

    def _tell(self) -> None:
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()


class Followed:
    """A recorded stream as one caller gets it."""

    def __init__(self, recording: Recording) -> None:
        self.upstream, self._recording = recording.upstream, recording

    def blocks(self) -> AsyncGenerator[bytes, None]:
        return self._recording.blocks()

    def broken_off(self, error: TollfreeError) -> bytes:
        return error_event(error)

    async def close(self) -> None:
        return

"""Answers without ads, kept in this process's memory for callers who asked for it.

Found again only by the same app with the very same request. Bounded in bytes and in time; the
least used go first. Nothing of it is written anywhere, and it is gone with the process.
"""

import hashlib
from collections import OrderedDict
from typing import Final

from kernel.clock import Clock

_KEPT_SECONDS: Final = 3600.0
_MOST_BYTES: Final = 64 * 1024 * 1024
_LONGEST: Final = 256 * 1024

Reads = tuple[bytes, ...]


class AnswerCache:
    """Reads of an upstream's answer, by what was asked."""

    def __init__(self, clock: Clock, *, most_bytes: int = _MOST_BYTES) -> None:
        self._clock, self._most_bytes = clock, most_bytes
        self._entries: OrderedDict[bytes, tuple[Reads, int, float]] = OrderedDict()
        self._bytes = 0

    @staticmethod
    def name_of(app_id: str, upstream: str, body: bytes, *, stream: bool) -> bytes:
        """What an answer is found by: a digest, never the request."""
        digest = hashlib.blake2b(body, digest_size=24, key=app_id.encode()[:64])
        digest.update(b"\x00s" if stream else b"\x00p")
        digest.update(upstream.encode())
        return digest.digest()

    def get(self, name: bytes) -> Reads | None:
        """The answer, unless it has grown old."""
        found = self._entries.get(name)
        if found is None:
            return None
        reads, _, until = found
        if until <= self._clock.monotonic():
            self._drop(name)
            return None
        self._entries.move_to_end(name)
        return reads

    def put(self, name: bytes, reads: Reads) -> None:
        """Keep a whole answer; one that is too long is not kept."""
        size = sum(map(len, reads))
        if size > _LONGEST:
            return
        if name in self._entries:
            self._drop(name)
        self._entries[name] = (reads, size, self._clock.monotonic() + _KEPT_SECONDS)
        self._bytes += size
        while self._bytes > self._most_bytes:
            self._drop(next(iter(self._entries)))

    def _drop(self, name: bytes) -> None:
        self._bytes -= self._entries.pop(name)[1]

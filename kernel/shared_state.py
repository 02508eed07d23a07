"""What several workers share and may lose: rate limits, frequency, caches, news of changes.

Advisory by rule: money never rests on it. `InProcessState` serves one process; its twin over Redis
or Valkey is `kernel.redis_state`, and both pass the same contract tests. Values are bytes and
expire; keys are ours, never text from a conversation.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Protocol

from kernel.clock import Clock


class SharedState(Protocol):
    """The port. Every call may raise `Unavailable`; callers decide what that means for them."""

    async def get(self, key: str) -> bytes | None: ...

    async def put(self, key: str, value: bytes, *, ttl_seconds: float) -> None: ...

    async def put_if_absent(self, key: str, value: bytes, *, ttl_seconds: float) -> bool:
        """Store and return True, unless the key is there already."""
        ...

    async def remove(self, key: str) -> None: ...

    async def add(self, key: str, amount: int, *, ttl_seconds: float) -> int:
        """Add to a counter and return it; the time to live starts when the counter is made."""
        ...

    async def publish(self, channel: str, message: bytes) -> None: ...

    def subscribe(self, channel: str) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
        """Messages published from now on. A slow reader loses the oldest, never blocks."""
        ...

    async def ping(self) -> None: ...

    async def close(self) -> None: ...


class InProcessState:
    """The twin for one process. Bounded: the oldest entries go when `capacity` is reached."""

    def __init__(self, clock: Clock, *, capacity: int = 200_000) -> None:
        self._clock, self._capacity = clock, capacity
        self._values: dict[str, tuple[bytes, float]] = {}
        self._readers: dict[str, set[asyncio.Queue[bytes]]] = {}

    async def get(self, key: str) -> bytes | None:
        found = self._values.get(key)
        if found is None:
            return None
        value, expires_at = found
        if expires_at <= self._clock.monotonic():
            del self._values[key]
            return None
        return value

    async def put(self, key: str, value: bytes, *, ttl_seconds: float) -> None:
        self._store(key, value, self._clock.monotonic() + ttl_seconds)

    async def put_if_absent(self, key: str, value: bytes, *, ttl_seconds: float) -> bool:
        if await self.get(key) is not None:
            return False
        self._store(key, value, self._clock.monotonic() + ttl_seconds)
        return True

    async def remove(self, key: str) -> None:
        self._values.pop(key, None)

    async def add(self, key: str, amount: int, *, ttl_seconds: float) -> int:
        current = await self.get(key)
        if current is None:
            self._store(key, b"%d" % amount, self._clock.monotonic() + ttl_seconds)
            return amount
        total = int(current) + amount
        self._values[key] = (b"%d" % total, self._values[key][1])
        return total

    async def publish(self, channel: str, message: bytes) -> None:
        for queue in self._readers.get(channel, ()):
            if queue.full():
                queue.get_nowait()
            queue.put_nowait(message)

    @asynccontextmanager
    async def subscribe(self, channel: str) -> AsyncIterator[AsyncIterator[bytes]]:
        queue: asyncio.Queue[bytes] = asyncio.Queue(maxsize=1_000)
        readers = self._readers.setdefault(channel, set())
        readers.add(queue)
        try:
            yield _messages(queue)
        finally:
            readers.discard(queue)

    async def ping(self) -> None:
        return

    async def close(self) -> None:
        self._values.clear()

    def _store(self, key: str, value: bytes, expires_at: float) -> None:
        self._values.pop(key, None)
        self._values[key] = (value, expires_at)
        if len(self._values) > self._capacity:
            self._make_room()

    def _make_room(self) -> None:
        now = self._clock.monotonic()
        expired = [key for key, (_, expires_at) in self._values.items() if expires_at <= now]
        for key in expired:
            del self._values[key]
        # Insertion order is age; a tenth at a time keeps this off most writes.
        excess = len(self._values) - self._capacity * 9 // 10
        for key in list(self._values)[: max(0, excess)]:
            del self._values[key]


async def _messages(queue: "asyncio.Queue[bytes]") -> AsyncIterator[bytes]:
    while True:
        yield await queue.get()

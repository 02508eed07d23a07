"""The shared state over Redis or Valkey: the only door to the `redis` package.

Every call has a deadline of 50 ms by default, so that a hung server costs a request little, and
every failure becomes `Unavailable`. After five failures running nobody waits at all for a moment:
one call then tries again, the others are told at once. Counters are added and given their time to live in one script:
two calls could be cut apart by a crash and leave a counter that never expires.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, Final, TypeVar, cast

import redis.asyncio as redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from kernel.errors import Unavailable

_ADD: Final = """
local total = redis.call('INCRBY', KEYS[1], ARGV[1])
if redis.call('PTTL', KEYS[1]) < 0 then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
return total
"""
_PREFIX: Final = "tf:"
_CONNECT_SECONDS: Final = 0.25
_FAILURES_TO_OPEN: Final = 5
_PAUSE_SECONDS: Final = 0.5

Answer = TypeVar("Answer")


class _Circuit:
    """Closed while calls are answered; open for a pause after too many were not."""

    def __init__(self, pause_seconds: float) -> None:
        self._pause = pause_seconds
        self._failures, self._open_until = 0, 0.0

    async def through(self, call: Callable[[], Awaitable[Answer]]) -> Answer:
        """The answer to `call`. Raises Unavailable, at once while the circuit is open."""
        now = asyncio.get_running_loop().time()
        if now < self._open_until:
            raise Unavailable("The shared state does not answer.")
        if self._failures >= _FAILURES_TO_OPEN:
            # This call tries; whoever comes meanwhile does not wait with it.
            self._open_until = now + self._pause
        try:
            answer = await call()
        except (RedisError, OSError, TimeoutError) as error:
            self._failures += 1
            if self._failures >= _FAILURES_TO_OPEN:
                self._open_until = asyncio.get_running_loop().time() + self._pause
            raise Unavailable("The shared state does not answer.") from error
        self._failures, self._open_until = 0, 0.0
        return answer


class RedisState:
    """The twin for many processes; see `kernel.shared_state.SharedState` for what each call means."""

    def __init__(
        self, url: str, *, deadline_ms: int = 50, pause_seconds: float = _PAUSE_SECONDS
    ) -> None:
        seconds = deadline_ms / 1000
        self._circuit = _Circuit(pause_seconds)
        self._redis: redis.Redis = redis.Redis.from_url(
            url,
            socket_timeout=seconds,
            socket_connect_timeout=max(seconds, _CONNECT_SECONDS),
            retry=Retry(NoBackoff(), 0),
            health_check_interval=30,
        )
        # A subscriber waits for news as long as it takes: it gets a connection without a deadline.
        self._listening: redis.Redis = redis.Redis.from_url(url, socket_timeout=None)
        self._add = self._redis.register_script(_ADD)

    async def get(self, key: str) -> bytes | None:
        return cast(
            "bytes | None", await self._circuit.through(lambda: self._redis.get(_PREFIX + key))
        )

    async def put(self, key: str, value: bytes, *, ttl_seconds: float) -> None:
        await self._circuit.through(
            lambda: self._redis.set(_PREFIX + key, value, px=_milliseconds(ttl_seconds))
        )

    async def put_if_absent(self, key: str, value: bytes, *, ttl_seconds: float) -> bool:
        stored = await self._circuit.through(
            lambda: self._redis.set(_PREFIX + key, value, px=_milliseconds(ttl_seconds), nx=True)
        )
        return bool(stored)

    async def remove(self, key: str) -> None:
        await self._circuit.through(lambda: self._redis.delete(_PREFIX + key))

    async def add(self, key: str, amount: int, *, ttl_seconds: float) -> int:
        args = [amount, _milliseconds(ttl_seconds)]
        return int(await self._circuit.through(lambda: self._add(keys=[_PREFIX + key], args=args)))

    async def publish(self, channel: str, message: bytes) -> None:
        await self._circuit.through(lambda: self._redis.publish(_PREFIX + channel, message))

    @asynccontextmanager
    async def subscribe(self, channel: str) -> AsyncIterator[AsyncIterator[bytes]]:
        listener = self._listening.pubsub(ignore_subscribe_messages=True)
        # Whoever is cancelled while it subscribes leaves no connection behind either.
        try:
            await self._circuit.through(lambda: listener.subscribe(_PREFIX + channel))
            yield _messages(listener)
        finally:
            with contextlib.suppress(RedisError, OSError):
                await listener.aclose()  # type: ignore[no-untyped-call]

    async def ping(self) -> None:
        await self._circuit.through(lambda: self._redis.ping())

    async def close(self) -> None:
        await self._redis.aclose()
        await self._listening.aclose()


async def _messages(listener: Any) -> AsyncIterator[bytes]:
    try:
        async for message in listener.listen():
            if message["type"] == "message":
                yield message["data"]
    except (RedisError, OSError) as error:
        raise Unavailable("The shared state stopped answering.") from error


def _milliseconds(seconds: float) -> int:
    return max(1, int(seconds * 1000))

"""The shared state over Redis or Valkey: the only door to the `redis` package.

Every call has a deadline of 50 ms by default, so that a hung server costs a request little, and
every failure becomes `Unavailable`. Counters are added and given their time to live in one script:
two calls could be cut apart by a crash and leave a counter that never expires.
"""

import contextlib
from collections.abc import AsyncIterator, Awaitable
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

Answer = TypeVar("Answer")


class RedisState:
    """The twin for many processes; see `kernel.shared_state.SharedState` for what each call means."""

    def __init__(self, url: str, *, deadline_ms: int = 50) -> None:
        seconds = deadline_ms / 1000
        self._redis: redis.Redis = redis.Redis.from_url(
            url,
            socket_timeout=seconds,
            socket_connect_timeout=max(seconds, 1.0),
            retry=Retry(NoBackoff(), 0),
            health_check_interval=30,
        )
        # A subscriber waits for news as long as it takes: it gets a connection without a deadline.
        self._listening: redis.Redis = redis.Redis.from_url(url, socket_timeout=None)
        self._add = self._redis.register_script(_ADD)

    async def get(self, key: str) -> bytes | None:
        return cast("bytes | None", await _answer(self._redis.get(_PREFIX + key)))

    async def put(self, key: str, value: bytes, *, ttl_seconds: float) -> None:
        await _answer(self._redis.set(_PREFIX + key, value, px=_milliseconds(ttl_seconds)))

    async def put_if_absent(self, key: str, value: bytes, *, ttl_seconds: float) -> bool:
        stored = await _answer(
            self._redis.set(_PREFIX + key, value, px=_milliseconds(ttl_seconds), nx=True)
        )
        return bool(stored)

    async def remove(self, key: str) -> None:
        await _answer(self._redis.delete(_PREFIX + key))

    async def add(self, key: str, amount: int, *, ttl_seconds: float) -> int:
        added: Awaitable[Any] = self._add(
            keys=[_PREFIX + key], args=[amount, _milliseconds(ttl_seconds)]
        )
        return int(await _answer(added))

    async def publish(self, channel: str, message: bytes) -> None:
        await _answer(self._redis.publish(_PREFIX + channel, message))

    @asynccontextmanager
    async def subscribe(self, channel: str) -> AsyncIterator[AsyncIterator[bytes]]:
        listener = self._listening.pubsub(ignore_subscribe_messages=True)
        await _answer(listener.subscribe(_PREFIX + channel))
        try:
            yield _messages(listener)
        finally:
            with contextlib.suppress(RedisError, OSError):
                await listener.aclose()  # type: ignore[no-untyped-call]

    async def ping(self) -> None:
        await _answer(self._redis.ping())

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


async def _answer(call: Awaitable[Answer]) -> Answer:
    try:
        return await call
    except (RedisError, OSError, TimeoutError) as error:
        raise Unavailable("The shared state does not answer.") from error


def _milliseconds(seconds: float) -> int:
    return max(1, int(seconds * 1000))

"""The cache keeps answers without ads, for those who ask, and each serving has its own ad."""

from typing import Any

import httpx
import pytest

from api.access.answer_cache import AnswerCache
from kernel.clock import FrozenClock
from kernel.errors import UpstreamFailed
from tests.api.access.test_quota import Gate, a_plan
from tests.api.fakes import ANSWER, stream_events
from tests.api.hearing import heard, without_spans


class Cached:
    """The chat behind a turnstile that has a cache."""

    def __init__(self, clock: FrozenClock) -> None:
        self.gate = Gate(clock, a_plan())
        self.gate.app._cache = AnswerCache(clock)

    async def ask(self, wish: str | None = "on", **more: Any) -> httpx.Response:
        body = {"model": "demo", "messages": [{"role": "user", "content": "Which shoes?"}]} | more
        headers = {"x-tollfree-cache": wish} if wish else {}
        async with self.gate.client() as client:
            return await client.post("/v1/chat/completions", json=body, headers=headers)

    @property
    def calls(self) -> int:
        return len(self.gate.road.upstream.bodies)


@pytest.mark.parametrize("stream", [False, True])
class TestTheSameRequest:
    async def test_is_answered_from_memory_with_an_ad_of_its_own(
        self, stream: bool, clock: FrozenClock
    ) -> None:
        cached = Cached(clock)
        answers = [await cached.ask(stream=stream) for _ in range(2)]
        assert [one.headers["x-tollfree-cache"] for one in answers] == ["miss", "hit"]
        told = [heard(one) for one in answers]
        assert [without_spans(one.content, one.field["ads"]) for one in told] == [ANSWER] * 2
        assert told[0].field["decision_id"] != told[1].field["decision_id"]
        assert cached.calls == 1
        assert len(cached.gate.road.ads.requests) == 2

    async def test_goes_upstream_when_nobody_asked_for_the_cache(
        self, stream: bool, clock: FrozenClock
    ) -> None:
        cached = Cached(clock)
        await cached.ask(stream=stream)
        answer = await cached.ask(None, stream=stream)
        assert "x-tollfree-cache" not in answer.headers
        assert cached.calls == 2

    async def test_goes_upstream_again_after_an_hour(
        self, stream: bool, clock: FrozenClock
    ) -> None:
        cached = Cached(clock)
        await cached.ask(stream=stream)
        clock.advance(hours=1)
        await cached.ask(stream=stream)
        assert cached.calls == 2

    async def test_is_another_one_with_another_word(self, stream: bool, clock: FrozenClock) -> None:
        cached = Cached(clock)
        await cached.ask(stream=stream)
        await cached.ask(stream=stream, temperature=0)
        await cached.ask(stream=not stream)
        assert cached.calls == 3


class TestTheCache:
    async def test_never_keeps_an_answer_that_broke_off(self, clock: FrozenClock) -> None:
        cached = Cached(clock)
        cached.gate.road.upstream.reads = [*stream_events(ANSWER)[:4], UpstreamFailed("It broke.")]
        assert heard(await cached.ask(stream=True)).error is not None
        cached.gate.road.upstream.reads = None
        assert heard(await cached.ask(stream=True)).is_done
        assert cached.calls == 2

    def test_is_apart_for_each_app(self) -> None:
        names = {
            AnswerCache.name_of(app, up, b"{}", stream=stream)
            for app in ("app_1", "app_2")
            for up in ("one", "other")
            for stream in (True, False)
        }
        assert len(names) == 8

    def test_is_bounded_in_bytes(self, clock: FrozenClock) -> None:
        cache = AnswerCache(clock, most_bytes=100)
        for name in (b"a", b"b", b"c"):
            cache.put(name, (b"x" * 40,))
        assert [cache.get(name) is not None for name in (b"a", b"b", b"c")] == [False, True, True]
        cache.put(b"long", (b"x" * 300_000,))
        assert cache.get(b"long") is None

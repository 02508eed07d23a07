"""The same request by the same Idempotency-Key is answered once, whatever happens in between."""

import asyncio
from collections.abc import Sequence
from typing import Any

import httpx
import pytest

from api.access.idempotency import Shelf
from api.access.sealing import Seal
from api.chat.once import OnceHeart
from kernel.clock import FrozenClock
from kernel.errors import UpstreamFailed
from kernel.shared_state import InProcessState, SharedState
from tests.api.access.test_quota import Away
from tests.api.fakes import ANSWER, Road, stream_events
from tests.api.hearing import heard

SECRET = "tf_live_of_mine"


class Once:
    """The api with a heart that answers once; `state` is what several of them share."""

    def __init__(self, clock: FrozenClock, state: SharedState | None = None) -> None:
        self.state = state or InProcessState(clock)
        self.road = Road(deadline_ms=500)
        self.heart = OnceHeart(self.road.heart, Shelf(self.state, self.state, clock))
        self.road.app._heart = self.heart

    async def ask(self, key: str | None = "k1", **more: Any) -> httpx.Response:
        body = {"model": "demo", "messages": [{"role": "user", "content": "Which shoes?"}]} | more
        headers = {"authorization": f"Bearer {more.pop('secret', SECRET)}"}
        body.pop("secret", None)
        if key is not None:
            headers["idempotency-key"] = key
        async with self.road.client() as client:
            return await client.post("/v1/chat/completions", json=body, headers=headers)

    @property
    def calls(self) -> int:
        return len(self.road.upstream.bodies)

    @property
    def impressions(self) -> int:
        return len(self.road.ads.recorded)


def code_of(response: httpx.Response) -> tuple[int, str]:
    return response.status_code, response.json()["error"]["code"]


@pytest.mark.parametrize("stream", [False, True])
class TestARepeatedRequest:
    async def test_gets_the_same_bytes_from_one_call_and_one_impression(
        self, stream: bool, shared_state: SharedState, clock: FrozenClock
    ) -> None:
        once = Once(clock, shared_state)
        first = await once.ask(stream=stream)
        clock.advance(hours=1)
        again = [await once.ask(stream=stream) for _ in range(3)]
        assert heard(first).content.startswith(ANSWER)
        assert heard(first).field["ads"]
        assert [one.content for one in again] == [first.content] * 3
        assert [one.headers["content-type"] for one in again] == [first.headers["content-type"]] * 3
        assert (once.calls, once.impressions, len(once.road.rows)) == (1, 1, 1)

    async def test_gets_them_when_all_are_sent_at_once(
        self, stream: bool, clock: FrozenClock
    ) -> None:
        once = Once(clock)
        answers = await asyncio.gather(*(once.ask(stream=stream) for _ in range(20)))
        assert len({one.content for one in answers}) == 1
        assert (once.calls, once.impressions) == (1, 1)

    async def test_gets_them_from_another_process(
        self, stream: bool, shared_state: SharedState, clock: FrozenClock
    ) -> None:
        one, other = Once(clock, shared_state), Once(clock, shared_state)
        answers = await asyncio.gather(one.ask(stream=stream), other.ask(stream=stream))
        assert answers[0].content == answers[1].content
        assert one.calls + other.calls == 1
        assert one.impressions + other.impressions == 1

    async def test_is_told_when_the_copy_is_lost(self, stream: bool, clock: FrozenClock) -> None:
        once = Once(clock)
        await once.ask(stream=stream)
        clock.advance(hours=24, seconds=1)
        assert code_of(await once.ask(stream=stream)) == (409, "idempotency_result_expired")
        assert once.calls == 1

    async def test_is_refused_with_another_body(self, stream: bool, clock: FrozenClock) -> None:
        once = Once(clock)
        await once.ask(stream=stream)
        refused = await once.ask(stream=stream, temperature=1)
        assert code_of(refused) == (422, "idempotency_key_reused")
        assert once.calls == 1

    async def test_is_answered_anew_after_a_failure(self, stream: bool, clock: FrozenClock) -> None:
        once = Once(clock)
        broken: Sequence[Any] = (
            [*stream_events(ANSWER)[:4], UpstreamFailed("The provider broke off.")]
            if stream
            else [UpstreamFailed("The provider broke off.")]
        )
        once.road.upstream.reads = broken
        failed = await once.ask(stream=stream)
        assert b'"upstream_failed"' in failed.content
        once.road.upstream.reads = None
        assert heard(await once.ask(stream=stream)).content.startswith(ANSWER)

    async def test_works_in_this_process_while_the_shared_state_is_away(
        self, stream: bool, clock: FrozenClock
    ) -> None:
        class Gone(Away):
            async def get(self, key: str) -> bytes | None:
                await self.add(key, 0, ttl_seconds=1)
                return None

            async def put_if_absent(self, key: str, value: bytes, *, ttl_seconds: float) -> bool:
                await self.add(key, 0, ttl_seconds=1)
                return False

            async def put(self, key: str, value: bytes, *, ttl_seconds: float) -> None:
                await self.add(key, 0, ttl_seconds=1)

            async def remove(self, key: str) -> None:
                await self.add(key, 0, ttl_seconds=1)

        state = Gone(clock)
        state.is_away = True
        once = Once(clock, state)
        first, again = await once.ask(stream=stream), await once.ask(stream=stream)
        assert first.content == again.content
        assert once.calls == 1


class TestAnIdempotencyKey:
    async def test_belongs_to_the_api_key_it_came_with(self, clock: FrozenClock) -> None:
        once = Once(clock)
        await once.ask()
        await once.ask(secret="tf_live_of_another")
        assert once.calls == 2

    async def test_that_is_not_sent_changes_nothing(self, clock: FrozenClock) -> None:
        once = Once(clock)
        await once.ask(None)
        await once.ask(None)
        assert once.calls == 2

    async def test_that_is_too_long_is_refused(self, clock: FrozenClock) -> None:
        refused = await Once(clock).ask("k" * 256)
        assert code_of(refused) == (400, "invalid_request")

    async def test_finishes_the_answer_of_a_caller_who_left(self, clock: FrozenClock) -> None:
        once = Once(clock)
        leaving = asyncio.create_task(once.ask(stream=True))
        await asyncio.sleep(0)
        while not once.calls:  # noqa: ASYNC110  the upstream has no event for it
            await asyncio.sleep(0.001)
        leaving.cancel()
        await asyncio.gather(leaving, return_exceptions=True)
        assert heard(await once.ask(stream=True)).is_done
        assert once.calls == 1

    async def test_is_freed_when_the_server_stops_before_the_end(self, clock: FrozenClock) -> None:
        once = Once(clock)
        once.road.upstream.hangs_after = 3
        asking = asyncio.create_task(once.ask(stream=True))
        await once.road.upstream.silent.wait()
        await once.heart.close()
        assert heard(await asking).error is not None
        once.road.upstream.hangs_after = None
        assert heard(await once.ask(stream=True)).is_done


class TestACopy:
    async def test_cannot_be_read_without_the_api_key(self, clock: FrozenClock) -> None:
        once = Once(clock)
        await once.ask()
        assert isinstance(once.state, InProcessState)
        kept = b"".join(value for value, _ in once.state._values.values())
        names = "".join(once.state._values)
        assert b"heel" not in kept
        assert "k1" not in names
        assert SECRET not in names

    def test_opens_only_under_its_own_name_and_key(self) -> None:
        sealed = Seal("mine").seal("name", b"content")
        assert Seal("mine").opened("name", sealed) == b"content"
        assert Seal("mine").opened("other", sealed) is None
        assert Seal("yours").opened("name", sealed) is None
        assert Seal("mine").opened("name", sealed[:-1]) is None
        assert Seal("mine").opened("name", b"") is None

"""What a conversation has seen, on shared state that may be lost."""

import asyncio

from adserver.decision.frequency import Frequency, Seen, conversation_key
from kernel.clock import FrozenClock
from kernel.errors import Unavailable
from kernel.shared_state import InProcessState, SharedState


def patient(state: SharedState, clock: FrozenClock) -> Frequency:
    """The machine may be busy with the tests themselves."""
    return Frequency(state, clock, patience_ms=5_000)


KEY = conversation_key("zero", "app_1", "s")


async def test_a_turn_knows_what_the_turns_before_it_saw(
    shared_state: SharedState, clock: FrozenClock
) -> None:
    frequency = patient(shared_state, clock)

    await frequency.remember(KEY, 1, "cmp_a")
    await frequency.remember(KEY, 2, "cmp_b")
    await frequency.remember(KEY, 3, "cmp_a")

    assert await frequency.before(KEY, 3) == Seen({1: "cmp_a", 2: "cmp_b"})
    assert (await frequency.before(KEY, 4)).of_campaign("cmp_a") == 2


async def test_another_worker_knows_it_too(shared_state: SharedState, clock: FrozenClock) -> None:
    await patient(shared_state, clock).remember(KEY, 1, "cmp_a")

    assert (await patient(shared_state, clock).before(KEY, 2)).ads == 1


async def test_a_repeated_turn_is_one_showing(
    shared_state: SharedState, clock: FrozenClock
) -> None:
    frequency = patient(shared_state, clock)

    for _ in range(5):
        await frequency.remember(KEY, 1, "cmp_a")

    assert (await frequency.before(KEY, 2)).ads == 1


async def test_a_day_later_all_is_forgotten(clock: FrozenClock) -> None:
    frequency = Frequency(InProcessState(clock), clock)
    await frequency.remember(KEY, 1, "cmp_a")

    clock.advance(hours=24, seconds=1)

    assert (await frequency.before(KEY, 2)).ads == 0


async def test_a_conversation_without_a_name_is_not_remembered(
    shared_state: SharedState, clock: FrozenClock
) -> None:
    frequency = patient(shared_state, clock)

    await frequency.remember(None, 1, "cmp_a")

    assert (await frequency.before(None, 2)).ads == 0


class FailingState(InProcessState):
    async def get(self, key: str) -> bytes | None:
        raise Unavailable("The shared state does not answer.")

    async def put(self, key: str, value: bytes, *, ttl_seconds: float) -> None:
        raise Unavailable("The shared state does not answer.")


class HangingState(InProcessState):
    async def get(self, key: str) -> bytes | None:
        await asyncio.sleep(60)
        return None


async def test_lost_shared_state_leaves_what_this_process_knows(clock: FrozenClock) -> None:
    frequency = Frequency(FailingState(clock), clock)

    await frequency.remember(KEY, 1, "cmp_a")

    assert (await frequency.before(KEY, 2)).ads == 1


async def test_shared_state_that_hangs_is_not_waited_for(clock: FrozenClock) -> None:
    loop = asyncio.get_running_loop()
    started = loop.time()

    seen = await Frequency(HangingState(clock), clock).before(KEY, 2)

    assert seen.ads == 0
    assert loop.time() - started < 1


class TestTheNameOfAConversation:
    def test_is_not_kept(self) -> None:
        key = conversation_key("zero", None, "Anna asks about shoes")

        assert key is not None
        assert "Anna" not in key

    def test_is_apart_for_each_publisher_and_app(self) -> None:
        keys = {
            conversation_key(publisher, app, "s") for publisher in "ab" for app in ("c", "d", None)
        }

        assert len(keys) == 6

    def test_is_none_where_the_caller_gave_none(self) -> None:
        assert conversation_key("zero", "app_1", None) is None

"""How often one reader saw a campaign, in whichever conversation."""

from dataclasses import replace

from adserver.catalog.targeting import FrequencyCap
from adserver.decision.frequency import NOTHING_SEEN
from adserver.decision.readers import Readers, reader_key
from kernel.clock import FrozenClock
from kernel.errors import Unavailable
from kernel.shared_state import InProcessState, SharedState
from tests.adserver.decision.world import SHOES, World, asking, decided
from tollfree_sdk.contract import NoFill

CAP = FrequencyCap(impressions=2, hours=24)


async def test_a_campaign_is_shown_as_often_as_its_cap_allows_and_again_later(
    world: World, clock: FrozenClock
) -> None:
    await world.creative(frequency={"impressions": 2, "hours": 24})
    await world.open()
    engine = world.engine_with(readers=Readers(InProcessState(clock), clock, patience_ms=5_000))

    async def ask(session: str, reader: str = "reader-1") -> NoFill | None:
        # Another session each time: the cap follows the reader, not the conversation.
        found = await decided(engine, asking(SHOES, session=session, end_user=reader))
        await engine.close()
        await world.budget.refresh()
        return found.no_fill_reason

    first_three = [await ask("a"), await ask("b"), await ask("c")]
    somebody_else = await ask("d", "reader-2")
    clock.advance(hours=25)
    await world.budget.refresh()
    next_day = await ask("e")

    assert first_three == [None, None, NoFill.FREQUENCY_CAP]
    assert (somebody_else, next_day) == (None, None)


async def test_what_was_seen_is_known_to_other_workers(
    shared_state: SharedState, clock: FrozenClock
) -> None:
    request = asking(SHOES, end_user="reader-1")
    await Readers(shared_state, clock, patience_ms=5_000).note(request, "zero", "cmp_a")

    lately = await Readers(shared_state, clock, patience_ms=5_000).lately(request, "zero")

    assert list(lately) == ["cmp_a"]
    assert not replace(NOTHING_SEEN, lately=lately).is_capped("cmp_a", CAP, clock.now())
    assert await Readers(shared_state, clock).lately(request, "pub_other") == {}


async def test_a_turn_of_the_week_hides_nothing(clock: FrozenClock) -> None:
    request, readers = asking(SHOES, end_user="reader-1"), Readers(InProcessState(clock), clock)
    monday = 7 - clock.now().weekday()
    clock.advance(days=monday - 1)
    await readers.note(request, "zero", "cmp_a")
    clock.advance(days=1)

    assert len((await readers.lately(request, "zero"))["cmp_a"]) == 1


def test_a_reader_has_another_name_every_week(clock: FrozenClock) -> None:
    request = asking(SHOES, end_user="reader-1")
    now = reader_key(request, "zero", clock.now())
    clock.advance(days=7)

    assert now != reader_key(request, "zero", clock.now())
    assert "reader-1" not in str(now)


async def test_nobody_without_a_name_is_remembered(clock: FrozenClock) -> None:
    readers = Readers(InProcessState(clock), clock)
    await readers.note(asking(SHOES), "zero", "cmp_a")

    assert await readers.lately(asking(SHOES), "zero") == {}


async def test_shared_state_that_is_away_hides_no_ad(clock: FrozenClock) -> None:
    class Away(InProcessState):
        async def get(self, key: str) -> bytes | None:
            raise Unavailable("away")

        async def put(self, key: str, value: bytes, *, ttl_seconds: float) -> None:
            raise Unavailable("away")

    readers, request = Readers(Away(clock), clock), asking(SHOES, end_user="reader-1")

    await readers.note(request, "zero", "cmp_a")

    assert await readers.lately(request, "zero") == {}

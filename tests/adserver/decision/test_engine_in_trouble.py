"""Whatever fails inside, the caller gets a reason, in time, and never an exception."""

import asyncio
import threading
from typing import Any

import pytest

from adserver.decision.settings import DecisionSettings
from kernel.errors import Unavailable
from kernel.money import Micros
from language.embedder import LexicalEmbedder
from tests.adserver.decision.world import PATIENT, SHOES, World, asking, decided, rows
from tollfree_sdk.contract import NoFill


class RaisingEmbedder(LexicalEmbedder):
    def embed(self, text: str) -> Any:
        raise RuntimeError(text)


class HangingEmbedder(LexicalEmbedder):
    """Waits on a thread until the test lets go."""

    def __init__(self) -> None:
        self.let_go = threading.Event()

    def embed(self, text: str) -> Any:
        self.let_go.wait(20)
        return super().embed(text)


class TestAnEngineInTrouble:
    async def test_that_raises_gives_a_reason_and_no_exception(self, world: World) -> None:
        await world.creative()
        await world.open()
        engine = world.engine_with(embedder=RaisingEmbedder())

        assert (await decided(engine, asking(SHOES))).no_fill_reason is NoFill.ERROR

    async def test_that_hangs_answers_at_the_deadline(self, world: World) -> None:
        await world.creative()
        await world.open()
        embedder = HangingEmbedder()
        engine = world.engine_with(embedder=embedder, settings=DecisionSettings(deadline_ms=30))
        loop = asyncio.get_running_loop()

        started = loop.time()
        decision = await decided(engine, asking(SHOES))
        took_ms = (loop.time() - started) * 1000
        embedder.let_go.set()

        assert decision.no_fill_reason is NoFill.TIMEOUT
        assert 25 <= took_ms < 500

    async def test_whose_queue_is_full_turns_away_at_once(self, world: World) -> None:
        await world.creative()
        await world.open()
        embedder = HangingEmbedder()
        settings = DecisionSettings(deadline_ms=5_000, threads=1, queue=1)
        engine = world.engine_with(embedder=embedder, settings=settings)

        waiting = [asyncio.create_task(decided(engine, asking(SHOES))) for _ in range(2)]
        await asyncio.sleep(0.05)
        turned_away = await decided(engine, asking(SHOES))
        embedder.let_go.set()
        served = await asyncio.gather(*waiting)
        await asyncio.sleep(0.05)
        later = await decided(engine, asking(SHOES))

        assert turned_away.no_fill_reason is NoFill.OVERLOADED
        assert all(decision.ad is not None for decision in served)
        assert later.ad is not None

    async def test_that_cannot_record_shows_nothing(self, world: World) -> None:
        await world.creative()
        engine = await world.open()
        await world.decisions.close()

        assert (await decided(engine, asking(SHOES))).no_fill_reason is NoFill.UNAVAILABLE

    async def test_that_lost_its_shared_state_knows_no_cap(self, world: World) -> None:
        await world.creative()
        await world.open()
        engine = world.engine_with(frequency=world.frequency_over(LostState()))

        assert (await decided(engine, asking(SHOES, session="s"))).ad is not None

    async def test_whose_caller_gave_up_still_records_the_turn(self, world: World) -> None:
        await world.creative()
        await world.open()
        embedder = HangingEmbedder()
        engine = world.engine_with(embedder=embedder)

        asked = asyncio.create_task(decided(engine, asking(SHOES)))
        await asyncio.sleep(0.05)
        asked.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asked
        embedder.let_go.set()
        await world.write_down()

        (row,) = await rows(world.database)
        assert row.no_fill_reason == NoFill.TIMEOUT


class LostState:
    """Shared state whose server is gone."""

    def __getattr__(self, name: str) -> Any:
        async def unavailable(*_args: Any, **_given: Any) -> None:
            raise Unavailable("The shared state does not answer.")

        return unavailable


def test_the_default_deadline_is_thirty_milliseconds() -> None:
    assert DecisionSettings().deadline_ms == 30
    assert PATIENT.reserve == Micros(10_000)

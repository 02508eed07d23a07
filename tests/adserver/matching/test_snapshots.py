"""The index follows the catalog: new creatives appear, paused ones go, a failure changes nothing."""

import asyncio
import contextlib
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from adserver.catalog import commands
from adserver.catalog.campaign_edits import edit_campaign
from adserver.catalog.targeting import Targeting
from adserver.matching import snapshots
from adserver.matching.index import CreativeIndex
from adserver.matching.snapshots import IndexKeeper
from kernel.clock import FrozenClock
from kernel.database import Database
from kernel.money import Micros
from language.lexical import LexicalEmbedder
from language.vector import Vector
from tests.adserver.catalog.builders import a_campaign, a_creative


class WatchedEmbedder(LexicalEmbedder):
    """Notes where it was called from."""

    def __init__(self) -> None:
        self.threads: set[str] = set()

    def embed(self, text: str) -> Vector:
        self.threads.add(_running_loop())
        return super().embed(text)


def _running_loop() -> str:
    with contextlib.suppress(RuntimeError):
        asyncio.get_running_loop()
        return "on the loop"
    return "off the loop"


@pytest.fixture
def keeper(database: Database, clock: FrozenClock) -> IndexKeeper:
    return IndexKeeper(database, LexicalEmbedder(), clock)


async def test_before_the_first_refresh_nothing_matches(keeper: IndexKeeper) -> None:
    assert len(keeper.current()) == 0
    assert keeper.current().search(LexicalEmbedder().embed("shoes"), None, 5) == []


async def test_an_approved_creative_appears_and_nothing_is_rebuilt_without_need(
    keeper: IndexKeeper, database: Database, clock: FrozenClock
) -> None:
    await a_creative(database, clock)

    assert await keeper.refresh()
    first = keeper.current()
    assert not await keeper.refresh()

    assert keeper.current() is first
    assert [creative.title for creative in first.creatives] == ["Support shoe for flat feet"]


async def test_a_creative_that_is_not_approved_stays_out(
    keeper: IndexKeeper, database: Database, clock: FrozenClock
) -> None:
    await a_creative(database, clock, approved=False)

    await keeper.refresh()

    assert len(keeper.current()) == 0


async def test_a_paused_campaign_goes_and_comes_back(
    keeper: IndexKeeper, database: Database, clock: FrozenClock
) -> None:
    campaign = await a_campaign(database, clock)
    await a_creative(database, clock, campaign)
    await keeper.refresh()
    before = keeper.current()

    async with database.writing() as tx:
        await commands.pause_campaign(tx, campaign.campaign_id, clock=clock)
    await keeper.refresh()
    paused = len(keeper.current())
    async with database.writing() as tx:
        await commands.resume_campaign(tx, campaign.campaign_id, clock=clock)
    await keeper.refresh()

    assert (len(before), paused, len(keeper.current())) == (1, 0, 1)


async def test_a_campaign_appears_when_its_time_comes_though_nobody_wrote_anything(
    keeper: IndexKeeper, database: Database, clock: FrozenClock
) -> None:
    campaign = await a_campaign(database, clock, starts_at=clock.now() + timedelta(hours=1))
    await a_creative(database, clock, campaign)
    await keeper.refresh()
    early = len(keeper.current())

    clock.advance(hours=1)
    await keeper.refresh()

    assert (early, len(keeper.current())) == (0, 1)


async def test_embedding_happens_off_the_event_loop(database: Database, clock: FrozenClock) -> None:
    embedder = WatchedEmbedder()
    await a_creative(database, clock)

    await IndexKeeper(database, embedder, clock).refresh()

    assert embedder.threads == {"off the loop"}


async def test_refreshes_at_once_build_once(
    keeper: IndexKeeper, database: Database, clock: FrozenClock
) -> None:
    await a_creative(database, clock)

    built = await asyncio.gather(*(keeper.refresh() for _ in range(5)))

    assert built.count(True) == 1


async def test_the_keeper_goes_on_after_a_failure(database: Database, clock: FrozenClock) -> None:
    class Failing(IndexKeeper):
        attempts = 0
        recovered = asyncio.Event()

        async def refresh(self) -> bool:
            self.attempts += 1
            if self.attempts == 1:
                raise OSError("the database is away")
            self.recovered.set()
            return await super().refresh()

    keeper = Failing(database, LexicalEmbedder(), clock)
    await a_creative(database, clock)

    running = asyncio.create_task(keeper.run(interval_s=0.01))
    async with asyncio.timeout(10):
        await keeper.recovered.wait()
        await keeper.refresh()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running

    assert len(keeper.current()) == 1


class Fussy(LexicalEmbedder):
    """Cannot embed one text, as a poisoned row would have it; counts what it embeds."""

    def __init__(self) -> None:
        self.embedded = 0

    def embed(self, text: str) -> Vector:
        self.embedded += 1
        if "poison" in text:
            raise ValueError("This text cannot be embedded.")
        return super().embed(text)


class TestACatalogOfHundreds:
    """What is read again, and what is shared, when the catalog is not small."""

    @pytest.fixture(autouse=True)
    def _never_few(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(snapshots, "_FEW", 0)
        monkeypatch.setattr(snapshots, "_MOST_GONE", 0.8)

    async def test_a_pause_takes_out_and_a_new_creative_comes_in_without_embedding_the_rest(
        self, database: Database, clock: FrozenClock
    ) -> None:
        embedder = Fussy()
        keeper = IndexKeeper(database, embedder, clock)
        campaigns = [await a_campaign(database, clock) for _ in range(3)]
        for at, campaign in enumerate(campaigns):
            await a_creative(database, clock, campaign, title=f"Support shoe {at}")
        await keeper.refresh()
        first, embedded = keeper.current(), embedder.embedded

        async with database.writing() as tx:
            await commands.pause_campaign(tx, campaigns[1].campaign_id, clock=clock)
        await a_creative(database, clock, campaigns[0], title="Support shoe new")
        await keeper.refresh()

        titles = [creative.title for creative in keeper.current().creatives]
        assert titles == ["Support shoe 0", "Support shoe 2", "Support shoe new"]
        assert keeper.current().rows is first.rows
        assert len(first) == 3
        assert 0 < embedder.embedded - embedded < embedded
        assert [creative.title for creative in keeper.newest] == ["Support shoe new"]

    async def test_new_terms_of_a_campaign_hold_for_all_of_its_creatives(
        self, keeper: IndexKeeper, database: Database, clock: FrozenClock
    ) -> None:
        campaign = await a_campaign(database, clock)
        for at in range(2):
            await a_creative(database, clock, campaign, title=f"Support shoe {at}")
        await keeper.refresh()

        async with database.writing() as tx:
            await edit_campaign(
                tx,
                campaign.campaign_id,
                terms=replace(campaign.terms, bid=Micros(777_000)),
                targeting=Targeting(countries=("DE",)),
                clock=clock,
            )
        await keeper.refresh()

        found = list(keeper.current().creatives)
        assert [creative.bid for creative in found] == [Micros(777_000)] * 2
        assert found[0].targeting.countries == ("DE",)

    async def test_a_poisoned_creative_is_left_out_once_and_not_tried_again(
        self, database: Database, clock: FrozenClock
    ) -> None:
        embedder = Fussy()
        keeper = IndexKeeper(database, embedder, clock)
        await a_creative(database, clock)
        await keeper.refresh()
        await a_creative(database, clock, title="A poison shoe")
        await keeper.refresh()
        embedded = embedder.embedded
        await a_creative(database, clock, title="Another good shoe")
        await keeper.refresh()

        titles = [creative.title for creative in keeper.current().creatives]
        assert titles == ["Support shoe for flat feet", "Another good shoe"]
        assert embedder.embedded - embedded < 12

    async def test_after_a_failure_everything_is_read_again(
        self, database: Database, clock: FrozenClock
    ) -> None:
        class Breaking(IndexKeeper):
            breaks = False

            def _follow(self, changes: Any, generation: int) -> CreativeIndex:
                if self.breaks:
                    super()._follow(changes, generation)
                    raise OSError("no space left")
                return super()._follow(changes, generation)

        keeper = Breaking(database, LexicalEmbedder(), clock)
        await a_creative(database, clock)
        await keeper.refresh()
        last_good = keeper.current()
        await a_creative(database, clock, title="Another good shoe")
        keeper.breaks = True

        with pytest.raises(OSError, match="no space"):
            await keeper.refresh()
        stood = keeper.current()
        await keeper.refresh()

        assert stood is last_good
        assert len(keeper.current()) == 2

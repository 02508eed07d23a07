"""The engine over a real catalog and real books: always an answer, always in time."""

import asyncio
import threading
from typing import Any

import pytest
import sqlalchemy as sa

from adserver.catalog import commands
from adserver.catalog.publisher import Publisher
from adserver.decision.engine import AdEngine
from adserver.decision.explain import replay
from adserver.decision.settings import DecisionSettings
from adserver.events.tables import DecisionRow, StepRow
from kernel.clock import FrozenClock
from kernel.database import Database
from kernel.errors import BadRequest, Unavailable
from kernel.money import Micros
from language.embedder import LexicalEmbedder
from tests.adserver.decision.world import PATIENT, SHOES, ZERO, World, asking
from tollfree_sdk.contract import AdDecision, AdRequest, Format, Label, NoFill, Step, Turn


@pytest.fixture
def world(database: Database, clock: FrozenClock) -> World:
    return World(database, clock)


async def decided(engine: AdEngine, request: AdRequest, publisher: Publisher = ZERO) -> AdDecision:
    return await engine.decide(request, publisher=publisher)


async def rows(database: Database) -> list[Any]:
    async with database.reading() as session:
        found = await session.execute(sa.select(DecisionRow.__table__).order_by(DecisionRow.id))
        return list(found)


class TestAQuestionAboutRunningShoes:
    async def test_gets_the_fitting_ad_with_label_name_and_links(self, world: World) -> None:
        await world.creative()
        await world.creative(
            name="Voltbook",
            title="Voltbook laptops",
            body="Laptops for students.",
            prompts=("best laptop for students", "which laptop should I buy", "cheap laptops"),
            category="computers",
            bid=9_000_000,
        )
        engine = await world.open()

        decision = await decided(engine, asking(SHOES))

        ad = decision.ad
        assert ad is not None
        assert ad.label is Label.SPONSORED
        assert ad.advertiser.name == "Strideworks"
        assert ad.advertiser.domain == "strideworks.example"
        assert ad.why_url == f"http://ads.test/why/{decision.decision_id}"
        token = world.tokens.read(ad.click_url.removeprefix("http://ads.test/c/"))
        assert token is not None
        assert token.decision_id == decision.decision_id

    async def test_is_recorded_with_its_price(self, world: World) -> None:
        await world.creative(bid=500_000)
        await world.creative(name="Pacer", title="Pacer running shoes", bid=300_000)
        engine = await world.open()

        decision = await decided(engine, asking(SHOES, app="app_1"))
        await world.write_down()

        (row,) = await rows(world.database)
        assert (row.id, row.outcome, row.app_id) == (decision.decision_id, "ad", "app_1")
        assert Micros(10_000) <= row.price_micros <= row.bid_micros

    async def test_is_decided_again_from_its_record_to_the_same_winner_and_price(
        self, world: World
    ) -> None:
        for number, bid in enumerate((500_000, 300_000, 480_000, 90_000)):
            await world.creative(name=f"Pacer {number}", bid=bid)
        engine = await world.open()

        for _ in range(5):
            await decided(engine, asking(SHOES))
        await world.write_down()

        recorded = await rows(world.database)
        assert len(recorded) == 5
        for row in recorded:
            again = replay(row.trace)
            assert again.winner is not None
            assert again.winner.number == row.creative_number
            assert again.price == row.price_micros


class TestATurnWithoutAnAd:
    @pytest.mark.parametrize(
        ("request_", "reason"),
        [
            (asking(SHOES, consent=False), NoFill.CONSENT_MISSING),
            (asking(SHOES, minor=True), NoFill.MINOR),
            (asking(SHOES, formats=(Format.MENTION,)), NoFill.NOT_PLACEABLE),
            (asking("My grandmother died. Best running shoes?"), NoFill.SENSITIVE_TOPIC),
            (asking("My mother died yesterday.", SHOES), NoFill.SENSITIVE_TOPIC),
            (asking("Write a for-loop in Python."), NoFill.NOT_COMMERCIAL),
            (asking(""), NoFill.NOT_COMMERCIAL),
            (AdRequest(()), NoFill.NOT_COMMERCIAL),
            (AdRequest((Turn("system", SHOES),)), NoFill.NOT_COMMERCIAL),
            (asking("\udcff \x00 \ufeff"), NoFill.NOT_COMMERCIAL),
            (asking(SHOES, language="de-AT"), NoFill.UNSUPPORTED_LANGUAGE),
            (asking("Which is the best hotel in Lisbon?"), NoFill.BELOW_RELEVANCE),
            (
                asking(SHOES, blocked_domains=("strideworks.example",)),
                NoFill.BLOCKED_BY_PUBLISHER,
            ),
            (asking(SHOES, blocked_categories=("running",)), NoFill.BLOCKED_BY_PUBLISHER),
            (asking(SHOES, floor_micros=600_000), NoFill.BELOW_FLOOR),
            (asking(SHOES, test=True), NoFill.NO_MATCH),
        ],
    )
    async def test_says_why_and_can_be_replayed(
        self, world: World, request_: AdRequest, reason: NoFill
    ) -> None:
        await world.creative()
        engine = await world.open()

        decision = await decided(engine, request_)
        await world.write_down()

        assert (decision.ad, decision.no_fill_reason) == (None, reason)
        (row,) = await rows(world.database)
        assert (row.id, row.outcome, row.no_fill_reason) == (decision.decision_id, "no_ad", reason)
        assert replay(row.trace).reason is reason

    async def test_has_no_match_in_an_empty_catalog(self, world: World) -> None:
        engine = await world.open()

        assert (await decided(engine, asking(SHOES))).no_fill_reason is NoFill.NO_MATCH

    async def test_meets_targeting_that_it_does_not_satisfy(self, world: World) -> None:
        await world.creative(countries=["DE"])
        engine = await world.open()

        here = await decided(engine, asking(SHOES, country="de"))
        elsewhere = await decided(engine, asking(SHOES, country="FR"))

        assert here.ad is not None
        assert elsewhere.no_fill_reason is NoFill.NO_MATCH

    async def test_respects_the_publishers_floor_and_blocks(self, world: World) -> None:
        await world.creative(bid=500_000)
        engine = await world.open()
        dear = Publisher("pub_1", "Dear Chat", floor=Micros(500_001))
        prude = Publisher("pub_2", "Prude Chat", blocked_categories=frozenset({"running"}))

        assert (await decided(engine, asking(SHOES), dear)).no_fill_reason is NoFill.BELOW_FLOOR
        assert (
            await decided(engine, asking(SHOES), prude)
        ).no_fill_reason is NoFill.BLOCKED_BY_PUBLISHER

    async def test_comes_first_where_ads_start_with_the_second(self, world: World) -> None:
        await world.creative()
        await world.open()
        engine = world.engine_with(settings=DecisionSettings(deadline_ms=5_000, first_ad_on_turn=2))

        assert (await decided(engine, asking(SHOES))).no_fill_reason is NoFill.FIRST_TURN
        assert (await decided(engine, asking(SHOES, SHOES))).ad is not None


class TestMoney:
    async def test_an_empty_wallet_serves_nothing(self, world: World) -> None:
        await world.creative(wallet=0)
        engine = await world.open()

        assert (await decided(engine, asking(SHOES))).no_fill_reason is NoFill.BUDGET_PACED

    async def test_books_that_were_never_read_serve_nothing(self, world: World) -> None:
        await world.creative()
        await world.index.refresh()

        decision = await decided(world.engine, asking(SHOES))

        assert decision.no_fill_reason is NoFill.UNAVAILABLE

    async def test_books_that_are_old_serve_nothing(self, world: World, clock: FrozenClock) -> None:
        await world.creative()
        engine = await world.open()
        clock.advance(seconds=10)

        assert (await decided(engine, asking(SHOES))).no_fill_reason is NoFill.UNAVAILABLE

    async def test_a_small_budget_is_not_promised_many_times_over(self, world: World) -> None:
        await world.creative(total=30_000, bid=30_000)
        engine = await world.open()

        outcomes = [(await decided(engine, asking(SHOES))).no_fill_reason for _ in range(400)]

        shown = outcomes.count(None)
        assert 20 < shown < 300
        assert outcomes[-1] is NoFill.BUDGET_PACED

    async def test_a_paused_campaign_is_gone_with_the_next_look(
        self, world: World, clock: FrozenClock
    ) -> None:
        campaign_id, _ = await world.creative()
        engine = await world.open()
        assert (await decided(engine, asking(SHOES))).ad is not None

        async with world.database.writing() as tx:
            await commands.pause_campaign(tx, campaign_id, clock=clock)
        await world.open()

        assert (await decided(engine, asking(SHOES))).no_fill_reason is NoFill.NO_MATCH


class TestTestTraffic:
    async def test_gets_house_ads_at_no_price(self, world: World) -> None:
        await world.creative()
        await world.creative(name="Tollfree", title="Running shoes, a test ad", house=True)
        engine = await world.open()

        decision = await decided(engine, asking(SHOES, test=True))
        await world.write_down()

        assert decision.ad is not None
        assert decision.ad.title == "Running shoes, a test ad"
        (row,) = await rows(world.database)
        assert (row.test, row.price_micros) == (True, Micros(0))

    async def test_is_the_only_traffic_that_gets_them(self, world: World) -> None:
        await world.creative(name="Tollfree", title="Running shoes, a test ad", house=True)
        engine = await world.open()

        assert (await decided(engine, asking(SHOES))).no_fill_reason is NoFill.NO_MATCH


class TestAConversation:
    async def test_sees_one_campaign_three_times_and_then_another(self, world: World) -> None:
        await world.creative(bid=900_000)
        await world.creative(name="Pacer", bid=20_000)
        engine = await world.open()

        names = []
        for turn in range(1, 6):
            decision = await decided(engine, asking(*[SHOES] * turn, session="s"))
            assert decision.ad is not None
            names.append(decision.ad.advertiser.name)
            await asyncio.sleep(0)

        assert names == ["Strideworks"] * 3 + ["Pacer"] * 2

    async def test_that_repeats_a_turn_is_not_shown_more_for_it(self, world: World) -> None:
        await world.creative()
        engine = await world.open()

        for _ in range(10):
            decision = await decided(engine, asking(SHOES, session="s"))
            await asyncio.sleep(0)

        assert decision.ad is not None


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


class TestSteps:
    async def test_are_recorded_once(self, world: World) -> None:
        await world.creative()
        engine = await world.open()
        decision = await decided(engine, asking(SHOES))
        assert decision.decision_id is not None

        for _ in range(2):
            await engine.record(decision.decision_id, Step.DELIVERED)
        await world.write_down()

        async with world.database.reading() as session:
            steps = list(await session.execute(sa.select(StepRow.__table__)))
        assert [(step.decision_id, step.step) for step in steps] == [
            (decision.decision_id, "delivered")
        ]

    @pytest.mark.parametrize("step", [Step.CLICK, Step.CONVERSION])
    async def test_that_cost_money_cannot_be_reported(self, world: World, step: Step) -> None:
        with pytest.raises(BadRequest):
            await world.engine.record("dec_1", step)


class TestAMatchReport:
    async def test_lays_every_candidate_open(self, world: World) -> None:
        await world.creative()
        await world.creative(name="Pacer", countries=["DE"])
        await world.creative(name="Broke", wallet=0)
        engine = await world.open()

        report = engine.match(SHOES)

        assert report.winner is not None
        assert report.winner.advertiser == "Strideworks"
        assert report.price_micros == 10_000
        filters = {one.advertiser: one.filter for one in report.candidates}
        assert filters == {"Strideworks": None, "Pacer": "country", "Broke": "budget"}

    async def test_gives_the_reason_where_there_is_no_winner(self, world: World) -> None:
        engine = await world.open()

        assert engine.match("Write a for-loop in Python.").no_fill_reason == "not_commercial"

    async def test_records_nothing(self, world: World) -> None:
        await world.creative()
        engine = await world.open()

        engine.match(SHOES)
        await world.write_down()

        assert await rows(world.database) == []


async def test_no_word_of_a_conversation_is_recorded(world: World) -> None:
    await world.creative()
    engine = await world.open()
    canary = "zebrafinch"

    await decided(engine, asking(f"{SHOES} I am called {canary}.", session=canary))
    await decided(engine, asking(f"{canary} died. {SHOES}"))
    await world.write_down()

    for row in await rows(world.database):
        assert canary not in repr(row)


def test_the_default_deadline_is_thirty_milliseconds() -> None:
    assert DecisionSettings().deadline_ms == 30
    assert PATIENT.reserve == Micros(10_000)

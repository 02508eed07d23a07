"""The engine over a real catalog and real books: who gets which ad, and why not."""

import asyncio

import pytest

from adserver.catalog.publisher import Publisher
from adserver.decision.explain import replay
from adserver.decision.settings import DecisionSettings
from kernel.money import Micros
from tests.adserver.decision.world import SHOES, World, asking, decided, rows
from tollfree_sdk.contract import AdRequest, Label, NoFill, Turn


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
            (asking(SHOES, formats=()), NoFill.NOT_PLACEABLE),
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
        for turn in range(1, 7):
            decision = await decided(engine, asking(*[SHOES] * turn, session="s"))
            names.append(decision.ad and decision.ad.advertiser.name)
            await asyncio.sleep(0)

        # A rival does not follow directly.
        assert names == ["Strideworks"] * 3 + [None] + ["Pacer"] * 2

    async def test_that_repeats_a_turn_is_not_shown_more_for_it(self, world: World) -> None:
        await world.creative()
        engine = await world.open()

        for _ in range(10):
            decision = await decided(engine, asking(SHOES, session="s"))
            await asyncio.sleep(0)

        assert decision.ad is not None


async def test_no_word_of_a_conversation_is_recorded(world: World) -> None:
    await world.creative()
    engine = await world.open()
    canary = "zebrafinch"

    await decided(engine, asking(f"{SHOES} I am called {canary}.", session=canary))
    await decided(engine, asking(f"{canary} died. {SHOES}"))
    await world.write_down()

    for row in await rows(world.database):
        assert canary not in repr(row)

"""One contract, two forms: the engine in this process, and the network over HTTP.

Whoever asks for an ad gets the same from both, so that the two can be exchanged without a word.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import sqlalchemy as sa

from adserver.events.tables import DecisionRow, StepRow
from kernel.clock import FrozenClock
from kernel.database import Database
from tests.adserver.decision.world import PUBLIC_URL, SHOES, World, asking
from tests.adserver.http.network import a_publisher, application, caller
from tollfree_sdk.client import AdNetwork
from tollfree_sdk.contract import AdRequest, AdSource, Format, Label, NoFill, Step, Turn


@pytest.fixture(params=["in process", "over http"])
def form(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
async def world(database: Database, clock: FrozenClock) -> World:
    world = World(database, clock)
    await world.creative()
    await world.creative(name="Pacer", title="Pacer running shoes", bid=300_000)
    await world.creative(name="Tollfree", title="A test ad", house=True)
    await world.open()
    return world


@asynccontextmanager
async def source_of(world: World, form: str) -> AsyncIterator[AdSource]:
    publisher, key = await a_publisher(world)
    if form == "in process":
        yield world.engine.as_source(publisher)
        return
    async with caller(application(world)) as client:
        yield AdNetwork(PUBLIC_URL, key, http=client, deadline_ms=20_000, defer_delivered=True)


async def test_an_ad_comes_with_everything_that_placement_needs(world: World, form: str) -> None:
    async with source_of(world, form) as source:
        decision = await source.decide(asking(SHOES))

    assert decision.no_fill_reason is None
    assert decision.decision_id is not None
    ad = decision.ad
    assert ad is not None
    assert (ad.format, ad.label) == (Format.UNIT, Label.SPONSORED)
    assert (ad.advertiser.name, ad.advertiser.domain) == ("Strideworks", "strideworks.example")
    assert ad.title == "Strideworks Arc 3 running shoes"
    assert ad.body == "Stability running shoes made for flat feet."
    assert ad.cta == "See the range"
    assert ad.facts == ("Free returns for 60 days.", "Ships worldwide.", "Made since 1998.")
    assert 0.5 <= ad.relevance <= 1.0
    assert ad.click_url.startswith(f"{PUBLIC_URL}/c/")
    assert world.tokens.verifies(ad.click_url.rpartition("/")[2])
    assert ad.why_url == f"{PUBLIC_URL}/why/{decision.decision_id}"
    assert decision.decided_in_ms >= 0


@pytest.mark.parametrize(
    ("request_", "reason"),
    [
        (asking(SHOES, consent=False), NoFill.CONSENT_MISSING),
        (asking(SHOES, minor=True), NoFill.MINOR),
        (asking(SHOES, formats=()), NoFill.NOT_PLACEABLE),
        (asking("My mother died.", SHOES), NoFill.SENSITIVE_TOPIC),
        (asking("Write a for-loop in Python."), NoFill.NOT_COMMERCIAL),
        (asking(SHOES, language="de"), NoFill.UNSUPPORTED_LANGUAGE),
        (asking(SHOES, blocked_categories=("running",)), NoFill.BLOCKED_BY_PUBLISHER),
        (
            asking(SHOES, blocked_advertisers=("STRIDEWORKS", "pacer")),
            NoFill.BLOCKED_BY_PUBLISHER,
        ),
        (asking(SHOES, min_relevance=1.0), NoFill.BELOW_RELEVANCE),
        (asking(SHOES, ads_per_session=0), NoFill.FREQUENCY_CAP),
        (asking(SHOES, floor_micros=100_000_000), NoFill.BELOW_FLOOR),
        (AdRequest(()), NoFill.NOT_COMMERCIAL),
        (AdRequest((Turn("user", "\x00 … \ufeff"),)), NoFill.NOT_COMMERCIAL),
    ],
)
async def test_no_ad_comes_with_its_reason(
    world: World, form: str, request_: AdRequest, reason: NoFill
) -> None:
    async with source_of(world, form) as source:
        decision = await source.decide(request_)

    assert (decision.ad, decision.no_fill_reason) == (None, reason)


@pytest.mark.parametrize(
    ("formats", "form_of_ad"),
    [
        ((Format.MENTION, Format.UNIT), Format.MENTION),
        ((Format.UNIT, Format.MENTION), Format.UNIT),
        ((Format.LINK, Format.UNIT), Format.UNIT),
    ],
)
async def test_a_paid_ad_takes_the_form_that_is_wanted_most(
    world: World, form: str, formats: tuple[Format, ...], form_of_ad: Format
) -> None:
    async with source_of(world, form) as source:
        decision = await source.decide(asking(SHOES, formats=formats))

    assert decision.ad is not None
    assert (decision.ad.format, decision.ad.advertiser.name) == (form_of_ad, "Strideworks")


@pytest.mark.parametrize(
    ("request_", "may_link"),
    [
        (asking(SHOES, formats=(Format.LINK,)), True),
        (asking("Tell me a story.", formats=(Format.UNIT, Format.LINK)), True),
        (asking(SHOES, formats=(Format.LINK,), test=True), False),
        (asking(SHOES, formats=(Format.LINK,), minor=True), False),
        (asking("My mother died.", SHOES, formats=(Format.LINK,)), False),
    ],
)
async def test_links_may_earn_where_nobody_pays_and_nothing_forbids_it(
    world: World, form: str, request_: AdRequest, may_link: bool
) -> None:
    async with source_of(world, form) as source:
        decision = await source.decide(request_)

    assert (decision.ad is not None) is may_link
    if decision.ad is not None:
        assert (decision.ad.format, decision.ad.label) == (Format.LINK, Label.AFFILIATE)
        assert decision.ad.why_url.endswith(f"/why/{decision.decision_id}")


async def test_ads_of_one_conversation_keep_their_distance(world: World, form: str) -> None:
    async with source_of(world, form) as source:
        said: tuple[str, ...] = ()
        filled = []
        for _ in range(4):
            said = (*said, SHOES)
            wishes = asking(*said, session="one", turns_between=1)
            filled.append((await source.decide(wishes)).ad is not None)
            await asyncio.sleep(0.01)

    assert filled == [True, False, True, False]


async def test_every_wish_of_a_request_arrives(world: World, form: str) -> None:
    request = asking(
        SHOES,
        app="app_1",
        session="conversation 1",
        country="DE",
        language="en-GB",
        keywords=("running",),
        blocked_domains=("strideworks.example",),
        floor_micros=20_000,
    )

    async with source_of(world, form) as source:
        decision = await source.decide(request)
    await world.write_down()

    assert decision.ad is not None
    assert decision.ad.advertiser.name == "Pacer"
    async with world.database.reading() as session:
        row = (await session.execute(sa.select(DecisionRow.__table__))).one()
    assert (row.id, row.app_id) == (decision.decision_id, "app_1")
    assert row.price_micros.amount == 20_000


async def test_test_traffic_gets_the_test_ad(world: World, form: str) -> None:
    async with source_of(world, form) as source:
        decision = await source.decide(asking(SHOES, test=True))

    assert decision.ad is not None
    assert decision.ad.title == "A test ad"


async def test_a_step_may_be_recorded_twice_and_counts_once(world: World, form: str) -> None:
    async with source_of(world, form) as source:
        decision = await source.decide(asking(SHOES))
        assert decision.decision_id is not None
        for _ in range(2):
            await source.record(decision.decision_id, Step.DELIVERED)
    await world.write_down()

    async with world.database.reading() as session:
        rows = (await session.execute(sa.select(StepRow.decision_id, StepRow.step))).all()
    assert [tuple(row) for row in rows] == [(decision.decision_id, "delivered")]

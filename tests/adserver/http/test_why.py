"""The page that says why, as anyone may read it."""

import pytest

from kernel.clock import FrozenClock
from kernel.database import Database
from tests.adserver.decision.world import PUBLIC_URL, SHOES, ZERO, World, asking
from tests.adserver.http.network import application, caller


@pytest.fixture
def world(database: Database, clock: FrozenClock) -> World:
    return World(database, clock)


async def test_the_page_names_payer_and_subject_and_neither_price_nor_words(world: World) -> None:
    await world.creative(name="Stride & Sons")
    engine = await world.open()
    decision = await engine.decide(asking(f"{SHOES} zebrafinch"), publisher=ZERO)
    assert decision.ad is not None
    await world.write_down()

    async with caller(application(world)) as client:
        answer = await client.get(decision.ad.why_url.removeprefix(PUBLIC_URL))

    assert answer.status_code == 200
    assert "Stride &amp; Sons" in answer.text
    assert "running and sports shoes" in answer.text
    assert str(decision.decision_id) in answer.text
    for secret in ("zebrafinch", "flat feet?", "$", "micros", "<script"):
        assert secret not in answer.text
    assert "default-src 'none'" in answer.headers["content-security-policy"]


async def test_a_test_ad_says_that_nobody_pays(world: World) -> None:
    await world.creative(name="Tollfree", house=True)
    engine = await world.open()
    decision = await engine.decide(asking(SHOES, test=True), publisher=ZERO)
    await world.write_down()

    async with caller(application(world)) as client:
        answer = await client.get(f"/why/{decision.decision_id}")

    assert "Nobody pays for it" in answer.text


async def test_a_turn_without_an_ad_and_an_unknown_number_have_no_page(world: World) -> None:
    engine = await world.open()
    decision = await engine.decide(asking(SHOES, minor=True), publisher=ZERO)
    await world.write_down()

    async with caller(application(world)) as client:
        answers = [
            await client.get(f"/why/{name}")
            for name in (decision.decision_id, "dec_" + "0" * 26, "<script>", "x")
        ]

    assert [answer.status_code for answer in answers] == [404] * 4
    assert all("<script" not in answer.text for answer in answers)

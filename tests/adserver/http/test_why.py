"""The page that says why, as anyone may read it."""

import pytest
import sqlalchemy as sa

from adserver.events.complaints import most_complained
from adserver.events.tables import ComplaintRow
from kernel.clock import FrozenClock
from kernel.database import Database
from tests.adserver.decision.world import PUBLIC_URL, SHOES, ZERO, World, asking
from tests.adserver.http.network import application, caller
from tollfree_sdk.contract import Format, NoFill


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


async def test_hiding_an_advertiser_is_effective_from_the_next_turn_on(world: World) -> None:
    await world.creative()
    await world.creative(name="Pacer", title="Pacer running shoes", bid=400_000)
    engine = await world.open()
    first = await engine.decide(asking(SHOES, session="one"), publisher=ZERO)
    assert first.ad is not None
    await world.settle()

    async with caller(application(world)) as client:
        answer = await client.post(f"/why/{first.decision_id}/hide")
    at_once = await engine.decide(asking(SHOES, SHOES, session="one"), publisher=ZERO)
    # A rival of the same category does not follow directly, hidden or not.
    here = await engine.decide(asking(SHOES, SHOES, SHOES, session="one"), publisher=ZERO)
    elsewhere = await engine.decide(asking(SHOES, session="two"), publisher=ZERO)

    assert at_once.ad is None
    assert (answer.status_code, "no more ads" in answer.text) == (200, True)
    assert here.ad is not None
    assert elsewhere.ad is not None
    assert here.ad.advertiser.name != first.ad.advertiser.name
    assert elsewhere.ad.advertiser.name == first.ad.advertiser.name


async def test_a_person_who_hides_an_advertiser_is_spared_in_other_conversations(
    world: World,
) -> None:
    await world.creative()
    engine = await world.open()
    first = await engine.decide(asking(SHOES, session="one", end_user="p"), publisher=ZERO)
    await world.settle()

    async with caller(application(world)) as client:
        await client.post(f"/why/{first.decision_id}/hide")
    again = await engine.decide(asking(SHOES, session="two", end_user="p"), publisher=ZERO)

    assert (again.ad, again.no_fill_reason) == (None, NoFill.BLOCKED_BY_PUBLISHER)


async def test_a_report_is_kept_once_and_hides_as_well(world: World) -> None:
    _, creative = await world.creative()
    engine = await world.open()
    first = await engine.decide(asking(SHOES, session="one"), publisher=ZERO)
    await world.settle()

    async with caller(application(world)) as client:
        where = f"/why/{first.decision_id}/report"
        answers = [await client.post(where, data={"reason": "misleading"}) for _ in range(2)]
        await client.post("/why/dec_x/report", data={"reason": "misleading"})
    again = await engine.decide(asking(SHOES, SHOES, session="one"), publisher=ZERO)

    assert [answer.status_code for answer in answers] == [200, 200]
    assert again.no_fill_reason is NoFill.BLOCKED_BY_PUBLISHER
    async with world.database.reading() as session:
        (complained,) = await most_complained(session, since=world.clock.now())
        reasons = (await session.scalars(sa.select(ComplaintRow.reason))).all()
    assert (complained.creative_id, complained.complaints) == (creative, 1)
    assert reasons == ["misleading"]


async def test_programs_read_the_same_as_people(world: World) -> None:
    await world.creative()
    engine = await world.open()
    decision = await engine.decide(asking(f"{SHOES} zebrafinch"), publisher=ZERO)
    await world.settle()

    async with caller(application(world)) as client:
        answer = await client.get(f"/why/{decision.decision_id}.json")
        unknown = await client.get("/why/dec_x.json")

    told = answer.json()
    assert told["advertiser"] == {"name": "Strideworks", "domain": "strideworks.example"}
    assert told["who_pays"] == "Strideworks (strideworks.example)"
    assert told["topic"] == "Running and sports shoes"
    assert len(told["not_used"]) == 3
    assert "zebrafinch" not in answer.text
    assert unknown.status_code == 404


async def test_a_link_that_earns_says_that_nobody_paid_for_its_place(world: World) -> None:
    engine = await world.open()
    decision = await engine.decide(asking(SHOES, formats=(Format.LINK,)), publisher=ZERO)
    await world.settle()

    async with caller(application(world)) as client:
        answer = await client.get(f"/why/{decision.decision_id}")

    assert "earns a commission" in answer.text
    assert "Hide" not in answer.text

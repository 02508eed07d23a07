"""Decisions as JSON: for operators alone, with every candidate and nothing that was said."""

import httpx
import pytest

from kernel.clock import FrozenClock
from kernel.database import Database
from tests.adserver.decision.world import SHOES, ZERO, World, asking
from tests.advertiser_portal.houses import House
from tests.operator_console.entering import enter


@pytest.fixture(params=["sqlite"])
def engine_kind(request: pytest.FixtureRequest) -> str:
    """What the page reads is tested on both engines beside the explanation itself."""
    return str(request.param)


@pytest.fixture
async def decision_id(database: Database, clock: FrozenClock) -> str:
    world = World(database, clock)
    await world.creative(name="Pacer")
    engine = await world.open()
    decision = await engine.decide(asking(SHOES), publisher=ZERO)
    await engine.decide(asking("Write a for-loop in Python."), publisher=ZERO)
    await world.write_down()
    assert decision.ad is not None
    return decision.decision_id or ""


async def test_an_operator_reads_a_decision_with_its_candidates(
    browser: httpx.AsyncClient, strideworks: House, decision_id: str
) -> None:
    await enter(browser)

    answer = await browser.get(f"/operator/decisions/{decision_id}")
    counted = (await browser.get("/operator/decisions?hours=1")).json()

    explained = answer.json()
    assert explained["is_same"]
    assert explained["candidates"][0]["creative"] == explained["decision"]["creative"]
    assert "flat feet" not in answer.text
    assert counted == {"hours": 1, "decisions": 2, "reasons": {"ad": 1, "not_commercial": 1}}


async def test_nobody_else_does(
    browser: httpx.AsyncClient, strideworks: House, decision_id: str
) -> None:
    stranger = await browser.get(f"/operator/decisions/{decision_id}")
    await enter(browser, strideworks.email)
    advertiser = await browser.get(f"/operator/decisions/{decision_id}")
    counts = await browser.get("/operator/decisions")

    assert stranger.status_code in {303, 401}
    assert (advertiser.status_code, counts.status_code) == (403, 403)
    assert decision_id not in advertiser.text + counts.text


async def test_a_decision_that_is_not_there_is_not_found(
    browser: httpx.AsyncClient, strideworks: House
) -> None:
    await enter(browser)

    assert (await browser.get("/operator/decisions/dec_nothing")).status_code == 404

"""Beacons: a page proves its ad by the click token, a publisher's server by its key."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from fastapi import FastAPI

from adserver.catalog.campaign import BidType
from adserver.events.beacons import BeaconDesk
from adserver.events.impressions import ImpressionDesk
from adserver.events.record import StepEvent, write_steps
from adserver.events.tables import RefusedVisitRow, StepRow
from adserver.events.traffic_watch import Watch
from adserver.http import events
from kernel.clock import FrozenClock
from kernel.database import Database
from kernel.group_commit import GroupCommit
from kernel.http import install_error_handlers
from kernel.money import ZERO, Micros
from kernel.shared_state import InProcessState
from kernel.signing import SigningKeys
from tests.adserver.events.click_world import BROWSER, TOKENS, World, a_world

PRICE = Micros(4_250)


class Page:
    """A page that shows an ad of a campaign which pays for views."""

    def __init__(self, world: World, http: httpx.AsyncClient) -> None:
        self.world, self.http = world, http

    async def an_ad(self, **given: Any) -> str:
        return await self.world.an_ad(**({"bid_type": "cpm", "price": PRICE} | given))

    async def report(self, decision: str, event: str = "viewable", **headers: str) -> Any:
        body = {"events": [{"event": event, "token": self.world.token(decision)}]}
        answer = await self.http.post(
            "/ads/v1/events", json=body, headers={"user-agent": BROWSER} | headers
        )
        assert answer.status_code == 202, answer.text
        return answer.json()["events"][0]["refused"]

    async def steps(self, decision: str) -> dict[str, bool]:
        async with self.world.database.reading() as session:
            rows = await session.execute(
                sa.select(StepRow.step, StepRow.billable).where(StepRow.decision_id == decision)
            )
            return {row.step: row.billable for row in rows}


@pytest.fixture
async def page(database: Database, clock: FrozenClock) -> AsyncIterator[Page]:
    world = await a_world(database, clock, bid_type=BidType.CPM)
    rows = GroupCommit[StepEvent](database, write_steps, max_rows=1)
    impressions = ImpressionDesk(database, clock, interval_s=0.02)
    watch = Watch(InProcessState(clock), SigningKeys({1: b"k" * 32}), clock)
    desk = BeaconDesk(database, rows, impressions, clock, watch=watch)
    app = FastAPI()
    install_error_handlers(app)
    app.include_router(events.routes(desk, TOKENS, database, clock))
    writing = asyncio.create_task(rows.run())
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://ads.test") as http:
        yield Page(world, http)
    await impressions.close()
    await rows.close()
    await writing
    await world.desk.close()


async def test_a_view_is_billed_once_and_rendering_costs_nothing(
    page: Page, clock: FrozenClock
) -> None:
    decision = await page.an_ad()
    clock.advance(seconds=3)

    refused = [await page.report(decision, event) for event in ("rendered", "viewable", "viewable")]

    assert refused == [None, None, "already_counted"]
    assert await page.world.spent() == PRICE
    assert await page.steps(decision) == {"delivered": False, "rendered": False, "viewable": True}


@pytest.mark.parametrize(
    ("given", "after_s", "reason"),
    [
        ({}, 0.5, "too_fast"),
        ({"delivered": False}, 3, "not_delivered"),
        ({"test": True}, 3, "test"),
        ({}, 90_000, "late"),
    ],
)
async def test_a_view_that_is_worth_nothing_says_why(
    given: dict[str, Any], after_s: float, reason: str, page: Page, clock: FrozenClock
) -> None:
    decision = await page.an_ad(**given)
    clock.advance(seconds=after_s)

    assert await page.report(decision) == reason
    assert await page.world.spent() == ZERO


async def test_a_machine_does_not_use_up_the_view(page: Page, clock: FrozenClock) -> None:
    decision = await page.an_ad()
    clock.advance(seconds=3)

    assert await page.report(decision, **{"user-agent": "Googlebot/2.1"}) == "crawler"
    assert await page.report(decision) is None
    async with page.world.database.reading() as session:
        assert await session.get(RefusedVisitRow, (decision, "crawler")) is not None


async def test_a_campaign_that_pays_for_clicks_is_not_charged_for_views(
    page: Page, clock: FrozenClock
) -> None:
    decision = await page.an_ad(bid_type="cpc")
    clock.advance(seconds=3)

    assert await page.report(decision) is None
    assert await page.world.spent() == ZERO


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"events": []},
        {"events": ["viewable"]},
        {"events": [{"event": "click", "token": "x"}]},
        {"events": [{"event": "viewable", "token": "A" * 44}]},
    ],
)
async def test_what_is_not_an_event_is_refused(body: dict[str, Any], page: Page) -> None:
    answer = await page.http.post("/ads/v1/events", json=body)

    assert answer.status_code == 400


async def test_a_report_without_a_token_needs_the_publishers_key(page: Page) -> None:
    body = {"events": [{"event": "rendered", "decision_id": await page.an_ad()}]}

    answer = await page.http.post("/ads/v1/events", json=body)

    assert answer.status_code == 401


async def test_pages_of_any_origin_may_report(page: Page) -> None:
    answer = await page.http.options("/ads/v1/events")

    assert answer.status_code == 204
    assert answer.headers["access-control-allow-origin"] == "*"

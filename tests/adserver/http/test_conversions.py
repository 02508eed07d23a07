"""Conversions over HTTP: once per event, charged once per click, taken back by a refund."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from adserver.catalog import commands
from adserver.catalog.campaign import BidType
from adserver.events.tables import InvalidRow
from adserver.http import conversions
from kernel.clock import FrozenClock
from kernel.database import Database
from kernel.errors import Unauthenticated
from kernel.http import install_error_handlers
from kernel.money import ZERO
from tests.adserver.catalog.builders import an_advertiser
from tests.adserver.events.click_world import PRICE, World, a_world


class Reporter:
    """An advertiser's server, and its pages."""

    def __init__(self, world: World, http: httpx.AsyncClient, key: str) -> None:
        self.world, self.http, self.key = world, http, key

    async def a_click(self, bid_type: str = "cpa", **given: Any) -> str:
        decision = await self.world.an_ad(bid_type=bid_type, **given)
        await self.world.click(decision)
        return decision

    async def report(self, click_id: str, event_id: str = "order-1", **more: Any) -> Any:
        body = {"event": "purchase", "event_id": event_id, "click_id": click_id} | more
        return await self.http.post(
            "/ads/v1/conversions", json=body, headers={"authorization": f"Bearer {self.key}"}
        )

    async def outcome(self, click_id: str, event_id: str = "order-1", **more: Any) -> str:
        answer = await self.report(click_id, event_id, **more)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["outcome"])


@pytest.fixture
async def shop(database: Database, clock: FrozenClock) -> AsyncIterator[Reporter]:
    world = await a_world(database, clock, bid_type=BidType.CPA, attribution_days=7)
    app = FastAPI()
    install_error_handlers(app)
    app.include_router(conversions.routes(database, clock, _organisation))
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://ads.test") as http:
        yield Reporter(world, http, "token of org_1")
    await world.desk.close()


async def _organisation(authorization: str | None) -> str:
    """Who has a token of an organisation, here by name."""
    _, _, organisation = (authorization or "").partition("Bearer token of ")
    if not organisation:
        raise Unauthenticated("Send your token as: Authorization: Bearer tf_adv_…")
    return organisation


async def test_a_conversion_is_charged_once_however_often_it_is_reported(shop: Reporter) -> None:
    click = await shop.a_click()
    assert await shop.world.spent() == ZERO

    answers = await asyncio.gather(
        *(shop.report(click, value="59.90", currency="EUR") for _ in range(4))
    )
    second = await shop.outcome(click, "order-2")

    assert {answer.json()["outcome"] for answer in answers} == {"charged"}
    assert sum(not answer.json()["repeated"] for answer in answers) == 1
    assert second == "counted"
    assert await shop.world.spent() == PRICE


async def test_the_same_event_with_other_content_is_a_conflict(shop: Reporter) -> None:
    click = await shop.a_click()
    await shop.outcome(click, value=10)

    answer = await shop.report(click, value=20)

    assert answer.status_code == 409
    assert await shop.world.spent() == PRICE


async def test_a_refund_gives_back_what_the_conversion_cost(shop: Reporter) -> None:
    click = await shop.a_click()
    await shop.outcome(click, value="59.90")

    refunds = [
        await shop.outcome(click, event_id, event="refund", refund_of="order-1")
        for event_id in ("refund-1", "refund-1", "refund-2")
    ]

    assert set(refunds) == {"refunded"}
    assert await shop.world.spent() == ZERO
    assert (await shop.report(click, "refund-3", refund_of="order-9")).status_code == 404


async def test_a_conversion_after_its_window_is_late(shop: Reporter, clock: FrozenClock) -> None:
    click = await shop.a_click()
    clock.advance(days=7, minutes=1)

    assert await shop.outcome(click) == "late"
    # It happened in time, and was reported later.
    happened = (clock.now().replace(microsecond=0)).isoformat()
    assert await shop.outcome(click, "order-2", happened_at=happened) == "late"
    assert await shop.world.spent() == ZERO


async def test_what_was_not_clicked_or_not_by_a_person_is_not_charged(
    shop: Reporter, clock: FrozenClock
) -> None:
    unclicked = await shop.world.an_ad(bid_type="cpa")
    found_out = await shop.a_click()
    async with shop.world.database.writing() as tx:
        tx.add(
            InvalidRow(
                decision_id=found_out,
                step="click",
                reason="click_rate",
                at=clock.now(),
                credited_micros=ZERO,
            )
        )

    assert await shop.outcome(unclicked) == "no_click"
    assert await shop.outcome(found_out, "order-2") == "invalid_click"
    assert await shop.outcome(await shop.a_click("cpc"), "order-3") == "counted"
    assert await shop.outcome(await shop.a_click(test=True), "order-4") == "test"
    assert await shop.world.spent() == PRICE  # of the click that a campaign pays clicks for


async def test_a_campaign_that_was_paused_still_owes_for_its_clicks(
    shop: Reporter, clock: FrozenClock
) -> None:
    click = await shop.a_click()
    async with shop.world.database.writing() as tx:
        await commands.pause_campaign(tx, shop.world.creative.campaign_id, clock=clock)

    assert await shop.outcome(click) == "charged"


async def test_a_pixel_is_counted_and_charged_only_when_the_server_says_the_same(
    shop: Reporter,
) -> None:
    click = await shop.a_click()
    query = {"event": "purchase", "event_id": "order-1", "click_id": click, "value": "59.90"}

    for _ in range(2):
        answer = await shop.http.get("/ads/v1/pixel.gif", params=query)
        assert (answer.status_code, answer.headers["content-type"]) == (200, "image/gif")
    assert await shop.world.spent() == ZERO

    assert await shop.outcome(click, value="61.00") == "charged"
    assert await shop.world.spent() == PRICE


@pytest.mark.parametrize("query", [{}, {"click_id": "dec_no"}, {"click_id": "x", "value": "1e99"}])
async def test_a_pixel_never_breaks_a_page(query: dict[str, str], shop: Reporter) -> None:
    answer = await shop.http.get("/ads/v1/pixel.gif", params=query)

    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("changed", "param"),
    [
        ({"event_id": "a b"}, "event_id"),
        ({"event": "Purchase!"}, "event"),
        ({"value": "many"}, "value"),
        ({"value": -1}, "value"),
        ({"value": "0.0000001"}, "value"),
        ({"value": True}, "value"),
        ({"value": 1, "currency": "euro"}, "currency"),
        ({"happened_at": "yesterday"}, "happened_at"),
        ({"click_id": "imp_1"}, "click_id"),
    ],
)
async def test_a_wrong_member_is_named(changed: dict[str, Any], param: str, shop: Reporter) -> None:
    click = {"click_id": "dec_" + "0" * 26}

    answer = await shop.report(**(click | changed))

    assert answer.status_code == 400
    assert answer.json()["error"]["param"] == param


async def test_only_a_token_of_the_advertisers_organisation_reports(
    shop: Reporter, clock: FrozenClock
) -> None:
    click = await shop.a_click()
    await an_advertiser(shop.world.database, clock, organisation_id="org_2", name="Other")

    statuses = []
    for key in ("token of org_2", "token of nobody", "tf_live_x", ""):
        shop.key = key
        statuses.append((await shop.report(click)).status_code)

    assert statuses == [404, 404, 401, 401]
    assert await shop.world.spent() == ZERO


async def test_a_price_without_money_is_recorded_and_not_charged(
    shop: Reporter, clock: FrozenClock
) -> None:
    click = await shop.a_click(price=replace(PRICE, amount=60_000_000))

    assert await shop.outcome(click) in {"no_funds", "no_budget"}
    assert await shop.world.spent() == ZERO

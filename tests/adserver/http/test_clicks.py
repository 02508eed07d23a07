"""The click link as a browser meets it."""

import pytest

from adserver.catalog import commands
from kernel.clock import FrozenClock
from kernel.database import Database
from kernel.money import Micros
from ledger import account
from ledger.balances import balance
from tests.adserver.decision.world import PUBLIC_URL, SHOES, ZERO, World, asking
from tests.adserver.http.network import application, caller
from tollfree_sdk.contract import Step

BROWSER = {"user-agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Firefox/140.0"}


@pytest.fixture
def world(database: Database, clock: FrozenClock) -> World:
    return World(database, clock)


async def a_shown_ad(world: World) -> tuple[str, str, str]:
    """The path of a click link, the advertiser and the campaign behind it."""
    async with world.database.writing() as tx:
        await commands.open_publisher_zero(tx, clock=world.clock)
    advertiser = await world.advertiser(wallet=20_000_000)
    campaign, _ = await world.creative(advertiser)
    engine = await world.open()
    decision = await engine.decide(asking(SHOES), publisher=ZERO)
    assert decision.ad is not None
    assert decision.decision_id is not None
    await engine.record(decision.decision_id, Step.DELIVERED)
    await world.write_down()
    return decision.ad.click_url.removeprefix(PUBLIC_URL), advertiser, campaign


async def spent(world: World, advertiser: str) -> Micros:
    async with world.database.reading() as session:
        return Micros(20_000_000) - (await balance(session, account.cash(advertiser))).available


async def test_a_click_leads_to_the_landing_page_and_is_paid_for_once(world: World) -> None:
    path, advertiser, _ = await a_shown_ad(world)

    async with caller(application(world)) as client:
        answers = [await client.get(path, headers=BROWSER) for _ in range(2)]

    for answer in answers:
        assert answer.status_code == 302
        assert answer.headers["location"].startswith("https://strideworks.example/range?tf_click=")
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["cache-control"] == "no-store"
    assert await spent(world, advertiser) == Micros(10_000)


@pytest.mark.parametrize(
    ("method", "headers"),
    [("HEAD", BROWSER), ("GET", BROWSER | {"sec-purpose": "prefetch;prerender"})],
)
async def test_a_look_ahead_is_sent_on_and_costs_nothing(
    world: World, method: str, headers: dict[str, str]
) -> None:
    path, advertiser, _ = await a_shown_ad(world)

    async with caller(application(world)) as client:
        answer = await client.request(method, path, headers=headers)

    assert answer.status_code == 302
    assert await spent(world, advertiser) == Micros(0)


@pytest.mark.parametrize("token", ["x", "A" * 44, "%00", "dec_1"])
async def test_a_link_we_did_not_make_shows_a_plain_page(world: World, token: str) -> None:
    async with caller(application(world)) as client:
        answer = await client.get(f"/c/{token}", headers=BROWSER)

    assert answer.status_code == 404
    assert "not active" in answer.text
    assert "<script" not in answer.text


async def test_the_link_of_a_paused_campaign_shows_a_plain_page(world: World) -> None:
    path, advertiser, campaign = await a_shown_ad(world)
    async with world.database.writing() as tx:
        await commands.pause_campaign(tx, campaign, clock=world.clock)

    async with caller(application(world)) as client:
        answer = await client.get(path, headers=BROWSER)

    assert answer.status_code == 404
    assert "location" not in answer.headers
    assert await spent(world, advertiser) == Micros(0)

"""Adding funds in a real Chromium, on the stand-in's hosted page and back."""

import asyncio
import re
from collections.abc import AsyncIterator

import httpx
import pytest_asyncio
from fastapi import FastAPI
from playwright.async_api import Browser, expect

from advertiser_portal.billing import webhooks
from advertiser_portal.billing.stripe_gateway import StripeGateway
from advertiser_portal.billing.till import Till
from advertiser_portal.routes import routes
from fakestripe.app import FakeStripe, build
from fakestripe.shapes import shape
from kernel.clock import FrozenClock
from kernel.database import Database
from kernel.http import RequestIds, install_error_handlers
from kernel.shared_state import InProcessState
from kernel.signing import SigningKeys
from tests.advertiser_portal.houses import House
from tests.advertiser_portal.neighbours import a_neighbour
from tests.browser.serving import served
from web import assets
from web.cookies import Cookies
from web.front_desk import front_desk
from web.roles import Role


def _app(database: Database, clock: FrozenClock, address: str) -> tuple[FastAPI, Till, FakeStripe]:
    fake = build(public_url=f"{address}/fakestripe")
    endpoint = {"enabled_events": ["*"], "secret": "whsec_test", "url": f"{address}/hooks/stripe"}
    fake.platform.objects.add(
        shape("webhook_endpoint", id="we_1", created=1, status="enabled", **endpoint)
    )
    gateway = StripeGateway(
        secret_key=fake.platform.secret_key,
        webhook_secrets=["whsec_test"],
        base_url=f"{address}/fakestripe",
    )

    async def stop_ads(_tx: object, _advertiser_id: str) -> None:
        pass

    till = Till(
        database, gateway, public_url=address, stop_ads=stop_ads, clock=clock, test_money=True
    )
    front = front_desk(
        database=database,
        clock=clock,
        shared_state=InProcessState(clock),
        signing=SigningKeys({1: b"a key of thirty-two bytes or more"}),
        public_url=address,
    )
    app = FastAPI()
    app.add_middleware(RequestIds)
    install_error_handlers(app)
    app.include_router(assets.routes(front.assets))
    app.include_router(routes(front, till))
    app.include_router(webhooks.routes(till))
    app.mount("/fakestripe", fake.asgi)
    return app, till, fake


@pytest_asyncio.fixture(loop_scope="session")
async def shop(database: Database, clock: FrozenClock, strideworks: House) -> AsyncIterator[str]:
    """The portal, the stand-in and what carries its events, on one port."""
    built: list[tuple[Till, FakeStripe]] = []

    def open_shop(address: str) -> object:
        app, till, fake = _app(database, clock, address)
        built.append((till, fake))
        return app

    assert strideworks.email
    async with served(open_shop) as address:
        till, fake = built[0]
        carrying = asyncio.create_task(fake.platform.events.run(_post))
        working = asyncio.create_task(_work(till))
        yield address
        for task in (carrying, working):
            task.cancel()
    await till.gateway.close()


async def _post(url: str, body: bytes, headers: dict[str, str]) -> int:
    async with httpx.AsyncClient() as client:
        return (await client.post(url, content=body, headers=headers)).status_code


async def _work(till: Till) -> None:
    while True:
        await till.work()
        await asyncio.sleep(0.1)


async def test_funds_are_added_on_the_hosted_page_after_a_card_was_declined(
    chromium: Browser, shop: str, database: Database, clock: FrozenClock, strideworks: House
) -> None:
    _, session = await a_neighbour(database, clock, strideworks, Role.BILLING)
    context = await chromium.new_context(locale="en-US")
    name = Cookies(secure=False).session_name
    await context.add_cookies([{"name": name, "value": session, "url": shop}])
    page = await context.new_page()
    await page.goto(f"{shop}/advertiser/billing")
    await expect(page.get_by_text("Test money")).to_be_visible()

    await page.get_by_label("Amount in US dollars").fill("120")
    await page.get_by_label("Save the card for automatic recharge").check()
    await page.get_by_role("button", name="Add funds").click()
    await page.get_by_role("link", name="Go to the payment page").click()
    await page.get_by_label("Test card").select_option("4000000000000002")
    await page.get_by_role("button", name="Pay 120.00 USD").click()
    await expect(page.get_by_role("alert")).to_contain_text("declined")
    await page.get_by_label("Test card").select_option("4242424242424242")
    await page.get_by_role("button", name="Pay 120.00 USD").click()

    # Whether the event or the browser was faster: the page ends where the books say "paid".
    await expect(page).to_have_url(re.compile(r"billing\?note=paid"), timeout=20_000)
    await expect(page.get_by_text("$170.00").first).to_be_visible()
    await expect(page.get_by_text("ending in 4242")).to_be_visible()
    await page.context.close()

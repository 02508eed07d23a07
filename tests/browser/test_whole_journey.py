"""From sign-up to a click in the report, in a real browser against the whole program.

Nothing is stood in for but the payment processor, whose stand-in is the demo's own. The reader who
chats and clicks is a program with the browser's name.
"""

import asyncio
import re
import socket
from collections.abc import AsyncIterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from playwright.async_api import Browser, Page, expect

from adserver.decision.settings import DecisionSettings
from kernel.clock import SystemClock
from kernel.database import Database
from tests.browser.conftest import Watched
from tollfree.compose import Plan, opened_road
from tollfree.data_folder import DataFolder
from tollfree.household import moved_in
from tollfree.portal_side import PortalPlan
from tollfree.upstreams import demo_only
from web.letters import Outbox

pytestmark = pytest.mark.parametrize("engine_kind", ["sqlite"])

QUESTION = "Which beekeeping starter kit should I buy for my first two hives?"
PATIENCE_MS = 30_000


@pytest.fixture
async def running(database_url: str, tmp_path: Path) -> AsyncIterator[dict[str, Any]]:
    """The whole program in this process, moved in as a demo, with the simple matcher."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{listening.getsockname()[1]}"
        folder, clock = DataFolder(tmp_path / "data").open(), SystemClock()
        database = Database(database_url)
        household = await moved_in(database, folder, clock)
        await database.close()
        plan = Plan(
            database_url=database_url,
            public_url=address,
            signing=folder.secrets().ring(),
            upstream=demo_only(clock),
            model_folder=tmp_path / "no model",
            data=tmp_path / "data",
            decisions=DecisionSettings(deadline_ms=2_000),
            answer_waits_ms=2_000,
            programs_pay=True,
            test_money=True,
            portal=PortalPlan(Outbox(), auto_approve_after_lint=True),
        )
        async with opened_road(plan) as road:
            config = uvicorn.Config(road.app, log_level="warning", lifespan="off", ws="none")
            server = uvicorn.Server(config)
            serving = asyncio.create_task(server.serve(sockets=[listening]))
            while not server.started:  # noqa: ASYNC110  uvicorn offers no event to wait for
                await asyncio.sleep(0.02)
            yield {
                "base_url": f"{address}/v1",
                "api_key": household.api_key,
                "operator": asdict(household.operator),
            }
            server.should_exit = True
            await serving
        folder.close()


async def join(page: Page, address: str) -> None:
    """Sign up and follow the link of the letter."""
    await page.goto(f"{address}/advertiser/sign-up")
    await page.get_by_label("E-mail address").fill("bee@hivehouse.example")
    await page.get_by_label("Password").fill("a long enough password")
    await page.locator("#organisation").fill("Hivehouse")
    await page.locator("#domain").fill("hivehouse.example")
    await page.locator("main button[type=submit]").click()
    await page.goto(f"{address}/advertiser/outbox")
    link = re.search(r"https?://\S+/confirm/\S+", await page.locator("main").inner_text())
    assert link is not None
    await page.goto(link[0])
    await page.get_by_role("button", name="Confirm and go on").click()
    await expect(page.get_by_role("heading", level=1, name="Hivehouse")).to_be_visible()


async def launch(page: Page) -> None:
    """Through the wizard by keyboard and by hand; one claim makes a person look at the ad."""
    await page.get_by_role("link", name="Start a campaign").click()
    await page.get_by_role("button", name="Begin").press("Enter")
    await page.get_by_label("Landing page").fill("https://hivehouse.example/starter")
    await page.get_by_role("button", name="Write by hand").press("Enter")
    await page.locator("#title_1").fill("Two hives, one box: the best starter kit")
    await page.locator("#body_1").fill("Hives, smoker, veil and gloves for your first bees.")
    await page.locator("#questions").fill(
        f"{QUESTION}\nWhat do I need to start beekeeping?\nGood beehive kit for beginners?"
    )
    await page.locator("#category").select_option("gardening")
    await page.get_by_role("button", name="Go on").press("Enter")
    await expect(page.get_by_role("heading", name="Who should see them?")).to_be_visible()
    await page.get_by_role("button", name="Go on").press("Enter")
    await page.get_by_label("Name of the campaign").fill("First bees")
    await page.locator("#bid").fill("2.50")
    await page.get_by_role("button", name="Launch").press("Enter")
    await expect(page.get_by_text("The campaign is launched")).to_be_visible()


async def pay(page: Page, address: str) -> None:
    """Add funds with the stand-in's test card."""
    await page.goto(f"{address}/advertiser/billing")
    await page.get_by_role("button", name="Add funds").click()
    await page.locator("main a, main button").last.click()
    await page.get_by_role("button", name=re.compile("^Pay ")).click()
    await page.wait_for_url(re.compile(r"/advertiser/billing\?note=paid"), timeout=PATIENCE_MS)


async def approve(browser: Browser, told: dict[str, Any], address: str) -> None:
    """The operator says yes by one key."""
    context = await browser.new_context(locale="en-US")
    page = await context.new_page()
    await page.goto(f"{address}/operator/")
    await page.get_by_label("E-mail address").fill(told["operator"]["email"])
    await page.get_by_label("Password").fill(told["operator"]["password"])
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name="Review")).to_be_visible(timeout=PATIENCE_MS)
    # Others wait before it: one key passes over each.
    while not await page.get_by_text("Two hives, one box").count():
        async with page.expect_navigation():
            await page.keyboard.press("s")
    await page.keyboard.press("a")
    await expect(page.get_by_text("Approved.")).to_be_visible()
    await context.close()


def chat_and_click(told: dict[str, Any], agent: str) -> int:
    """Ask until the new ad is served, then follow its link once; how many questions it took."""
    with httpx.Client(headers={"user-agent": agent}, timeout=30) as reader:
        for asked in range(1, 60):
            answer = reader.post(
                f"{told['base_url']}/chat/completions",
                headers={"authorization": f"Bearer {told['api_key']}"},
                json={
                    "model": "demo",
                    "messages": [{"role": "user", "content": QUESTION}],
                    "tollfree": {"delivery": "field", "session": f"journey-{asked}"},
                },
            ).json()
            ads = answer["tollfree"]["ads"]
            if ads and ads[0]["advertiser"]["name"] == "Hivehouse":
                moved = reader.get(ads[0]["click_url"], follow_redirects=False)
                assert moved.headers["location"].startswith("https://hivehouse.example/starter")
                return asked
    raise AssertionError("The new ad was never served.")


@pytest.mark.timeout(300)
async def test_from_sign_up_to_a_click_in_the_report(
    chromium: Browser, running: dict[str, Any]
) -> None:
    address = str(running["base_url"]).removesuffix("/v1")
    context = await chromium.new_context(locale="en-US")
    page = await context.new_page()
    watched = Watched(page, address)
    watched.watch()

    await join(page, address)
    await launch(page)
    campaign = page.url.partition("?")[0]
    await pay(page, address)
    await expect(page.locator("#balance")).to_contain_text("$100.00", timeout=PATIENCE_MS)
    await approve(chromium, running, address)
    await page.goto(campaign)
    await expect(page.locator("#live")).to_contain_text("Serving", timeout=PATIENCE_MS)
    agent = await page.evaluate("navigator.userAgent")
    asked = await asyncio.to_thread(chat_and_click, running, agent.replace("Headless", ""))

    await expect(page.locator("#figure-clicks")).to_have_text("1", timeout=PATIENCE_MS)
    await expect(page.locator("#figure-delivered")).to_have_text(str(1), timeout=PATIENCE_MS)
    spend = await page.locator("#figure-spend data").get_attribute("value")
    await page.goto(f"{address}/advertiser/reports?by=day&period=today")
    await expect(page.locator("#numbers-total")).to_contain_text("1")
    total = page.locator("#numbers-total [data-label=Spend] data")

    assert await total.get_attribute("value") == spend
    assert float(spend or 0) > 0
    assert asked >= 1
    assert watched.complaints == []
    await context.close()

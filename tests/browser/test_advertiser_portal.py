"""The advertiser's visit in a real Chromium: by keyboard, live numbers, a passkey."""

import pytest
from playwright.async_api import Browser, Locator, Page, expect

from kernel.clock import FrozenClock
from kernel.database import Database
from tests.advertiser_portal.houses import (
    PASSWORD,
    House,
    an_ad_was_delivered,
    it_was_clicked,
    portal_app,
)
from tests.browser.serving import Watched, served
from web.letters import Outbox


async def sign_in(page: Page, house: House) -> None:
    """By keyboard, from the first page that a visitor sees."""
    await expect(page.get_by_label("E-mail address")).to_be_focused()
    await page.keyboard.type(house.email)
    await page.keyboard.press("Tab")
    await page.keyboard.type(PASSWORD)
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", level=1, name="Strideworks")).to_be_visible()


async def focus_by_tab(page: Page, wanted: Locator) -> None:
    """Press Tab until `wanted` has the focus, as somebody without a mouse would."""
    for _ in range(30):
        await page.keyboard.press("Tab")
        if await wanted.evaluate("element => element === document.activeElement"):
            return
    pytest.fail("The keyboard does not reach it.")


async def test_a_visit_by_keyboard_shows_numbers_change_and_stops_a_campaign(
    chromium: Browser, home: str, database: Database, clock: FrozenClock, strideworks: House
) -> None:
    context = await chromium.new_context(locale="en-US")
    page = await context.new_page()
    watched = Watched(page, home)
    watched.watch()

    await page.goto(f"{home}/advertiser/")
    await sign_in(page, strideworks)
    await expect(page.locator("#figure-balance")).to_have_text("$50.00")
    row = page.locator(f"#row-{strideworks.campaign_id}")
    await expect(row).to_contain_text("Serving")

    # Somebody chats and clicks; the page notices by itself.
    decision_id = await an_ad_was_delivered(database, clock, strideworks)
    await it_was_clicked(database, clock, strideworks, decision_id)
    await expect(page.locator("#figure-delivered")).to_have_text("1", timeout=10_000)
    await expect(page.locator("#figure-clicks")).to_have_text("1")
    await expect(page.locator("#figure-spend")).to_have_text("$0.31")
    await expect(page.locator("#figure-balance")).to_have_text("$49.69")

    await focus_by_tab(page, page.get_by_role("button", name="Pause Strideworks spring"))
    await page.keyboard.press("Enter")
    await expect(row).to_contain_text("Paused")
    await expect(page.get_by_role("status")).to_contain_text("The campaign is paused")
    # The region was replaced, and the focus is where it was: on the same button, now "Resume".
    await expect(page.get_by_role("button", name="Resume Strideworks spring")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(row).to_contain_text("Serving")

    await focus_by_tab(page, page.locator("summary"))
    await page.keyboard.press("Enter")
    await focus_by_tab(page, page.get_by_role("button", name="Sign out"))
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    assert watched.complaints == []
    await context.close()


async def test_a_page_left_open_leads_to_the_door_when_the_session_is_over(
    chromium: Browser, home: str, clock: FrozenClock, strideworks: House
) -> None:
    page = await (await chromium.new_context(locale="en-US")).new_page()
    await page.goto(f"{home}/advertiser/?period=30d")
    await sign_in(page, strideworks)

    clock.advance(days=4)

    await expect(page.get_by_role("heading", name="Sign in")).to_be_visible(timeout=10_000)
    assert "next=" in page.url
    await page.context.close()


async def test_a_passkey_is_made_and_opens_the_door(
    chromium: Browser, database: Database, clock: FrozenClock, strideworks: House
) -> None:
    # A passkey belongs to a name: an address of numbers has none.
    def build(address: str) -> object:
        return portal_app(database, clock, public_url=address, post=Outbox())

    async with served(build, host="localhost") as home:
        context = await chromium.new_context(locale="en-US")
        page = await context.new_page()
        device = await context.new_cdp_session(page)
        await device.send("WebAuthn.enable")
        await device.send(
            "WebAuthn.addVirtualAuthenticator",
            {
                "options": {
                    "protocol": "ctap2",
                    "transport": "internal",
                    "hasResidentKey": True,
                    "hasUserVerification": True,
                    "isUserVerified": True,
                    "automaticPresenceSimulation": True,
                }
            },
        )
        await page.goto(f"{home}/advertiser/")
        await sign_in(page, strideworks)
        await page.goto(f"{home}/advertiser/account")
        await page.get_by_label("Name of the device").fill("My laptop")
        await page.get_by_role("button", name="Add a passkey").click()
        await expect(page.get_by_role("status").first).to_contain_text("The passkey is kept")
        await expect(page.get_by_role("button", name="Forget My laptop")).to_be_visible()

        await context.clear_cookies()
        await page.goto(f"{home}/advertiser/sign-in")
        await page.get_by_role("button", name="Use a passkey").click()

        await expect(page.get_by_role("heading", level=1, name="Strideworks")).to_be_visible()
        await context.close()

"""The advertiser's visit in a real Chromium: by keyboard, live numbers, no barriers.

Every page is checked with axe for WCAG 2.2 AA in light and dark, wide and at 375 pixels, and for
requests to anywhere but our own server.
"""

import json
import re
from collections.abc import Sequence
from typing import Any, Literal

import pytest
from playwright.async_api import Browser, Locator, Page, expect

from adserver.catalog.queries import advertiser_of
from advertiser_portal import onboarding
from kernel.clock import FrozenClock
from kernel.database import Database
from tests.advertiser_portal.houses import (
    PASSWORD,
    House,
    an_ad_was_delivered,
    it_was_clicked,
)
from tests.browser.conftest import CHROMIUM, Watched, served
from web.install_assets import VENDOR

pytestmark = pytest.mark.parametrize("engine_kind", ["sqlite"])

# What depends on colours and on room; all else is the same however a page is looked at.
LOOKING = ("color-contrast", "target-size", "scrollable-region-focusable")
LOOKS: tuple[tuple[int, Literal["light", "dark"], tuple[str, ...]], ...] = (
    (1280, "dark", LOOKING),
    (375, "dark", LOOKING),
    (375, "light", LOOKING),
    (1280, "light", ()),
)
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


PAGES = (
    "members",
    "campaigns",
    "campaigns/import",
    "reports?by=day&compare=yes",
    "reports?by=topic",
    "tokens",
    "changes",
    "account",
    "api",
    "start",
    "start/{wizard}/page",
    "start/{wizard}/ads",
    "start/{wizard}/audience",
    "start/{wizard}/budget",
    "campaigns/{campaign}/rehearsal",
    "campaigns/new",
    "campaigns/{campaign}/edit",
    "campaigns/{campaign}/creatives/new",
    "creatives/{creative}",
    "sign-up",
    "../",
    "../pricing",
    "../ads",
    "../ad-policy",
)


def test_chromium_is_installed(engine_kind: str) -> None:
    assert CHROMIUM is not None, "The browser tests need Chromium: sudo apt-get install -y chromium"


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


async def violations(page: Page, *, only: Sequence[str] = ()) -> list[str]:
    """What axe finds, one line for each rule."""
    which = {"type": "rule", "values": list(only)} if only else RULES
    found: dict[str, Any] = await page.evaluate(f"axe.run({{runOnly: {json.dumps(which)}}})")
    return [
        f"{rule['id']}: {[node['html'][:120] for node in rule['nodes']]}"
        for rule in found["violations"]
    ]


async def barriers_of(page: Page) -> list[str]:
    """The same page light and dark, wide and at 375 pixels; structure is asked about once."""
    await page.evaluate((VENDOR / "axe.js").read_text(encoding="utf-8"))
    found: list[str] = []
    for width, scheme, only in LOOKS:
        await page.set_viewport_size({"width": width, "height": 900})
        await page.emulate_media(color_scheme=scheme)
        said = await violations(page, only=only)
        if await page.evaluate("document.documentElement.scrollWidth") > width:
            said.append("wider than the screen")
        found += [f"{scheme} {width}: {line}" for line in said]
    return found


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


async def test_everything_works_without_scripts(
    chromium: Browser, home: str, strideworks: House
) -> None:
    context = await chromium.new_context(locale="en-US", java_script_enabled=False)
    page = await context.new_page()
    await page.goto(f"{home}/advertiser/campaigns/{strideworks.campaign_id}")
    await page.get_by_label("E-mail address").fill(strideworks.email)
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Sign in").click()

    await page.get_by_role("button", name="Pause").click()

    await expect(page.get_by_role("status")).to_contain_text("The campaign is paused")
    await expect(page).to_have_url(re.compile(rf"/campaigns/{strideworks.campaign_id}\?"))
    await context.close()


@pytest.mark.timeout(300)
async def test_no_page_has_barriers_or_asks_another_place(
    chromium: Browser, home: str, strideworks: House, database: Database, clock: FrozenClock
) -> None:
    await it_was_clicked(
        database, clock, strideworks, await an_ad_was_delivered(database, clock, strideworks)
    )
    async with database.writing() as tx:
        advertiser = await advertiser_of(tx, strideworks.organisation_id)
        assert advertiser is not None
        begun = await onboarding.begin(tx, strideworks.organisation_id, advertiser, clock=clock)
        wizard = begun.wizard_id
    # axe is brought in from outside, which our own policy rightly forbids.
    context = await chromium.new_context(locale="en-US", bypass_csp=True, reduced_motion="reduce")
    page = await context.new_page()
    watched = Watched(page, home)
    watched.watch()
    barriers: dict[str, list[str]] = {}

    async def look(name: str) -> None:
        barriers[name] = await barriers_of(page)

    await page.goto(f"{home}/advertiser/")
    await look("sign-in")
    await page.get_by_label("E-mail address").fill(strideworks.email)
    await page.get_by_label("Password").fill("not the password")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("alert")).to_be_visible()
    await look("refused")
    await page.get_by_label("Password").fill(PASSWORD)
    await page.keyboard.press("Enter")
    await expect(page.locator("#live")).to_be_visible()
    await look("overview")
    await page.locator("summary").click()
    await look("menu")
    await page.goto(f"{home}/advertiser/campaigns/{strideworks.campaign_id}")
    await look("campaign")
    ids = {"{wizard}": wizard, "{campaign}": strideworks.campaign_id}
    ids["{creative}"] = strideworks.creative_id
    for page_name in PAGES:
        name = page_name
        for place, known in ids.items():
            name = name.replace(place, known)
        await page.goto(f"{home}/advertiser/{name}")
        await look(name)
    await page.goto(f"{home}/advertiser/nothing")
    await look("nothing there")

    assert {name: found for name, found in barriers.items() if found} == {}
    assert watched.complaints == []
    await context.close()


async def test_a_passkey_is_made_and_opens_the_door(
    chromium: Browser, database: Database, clock: FrozenClock, strideworks: House
) -> None:
    # A passkey belongs to a name: an address of numbers has none.
    async with served(database, clock, host="localhost") as home:
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

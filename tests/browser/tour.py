"""Where the tour goes: every page of every portal, and the states that only a form leads to.

`STOPS` has a row for each address that answers with a page; a GET route that is in neither `STOPS`
nor `NO_PAGES` fails the tests, so that a new page is looked at from its first day.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from playwright.async_api import Page, expect

from tests.advertiser_portal.neighbours import DEV, OPS, P
from tests.browser.showroom import Showroom

MEMBER, OPERATOR, NOBODY = "member", "operator", "nobody"


@dataclass(frozen=True)
class Stop:
    """Who looks at an address, and with which queries."""

    who: str = MEMBER
    queries: tuple[str, ...] = ("",)


_ONE = f"{P}/campaigns/{{campaign_id}}"
STOPS: dict[str, Stop] = {
    "/": Stop(NOBODY),
    "/pricing": Stop(NOBODY),
    "/ads": Stop(NOBODY),
    "/ad-policy": Stop(NOBODY),
    f"{P}/sign-in": Stop(NOBODY),
    f"{P}/sign-up": Stop(NOBODY),
    f"{P}/outbox": Stop(NOBODY),
    f"{P}/invitations/{{token}}": Stop(NOBODY),
    f"{P}/": Stop(MEMBER, ("?note=joined", "?period=today")),
    f"{P}/campaigns": Stop(MEMBER, ("", "?q=nothing+of+this+name")),
    f"{P}/campaigns/import": Stop(),
    f"{P}/campaigns/new": Stop(),
    _ONE: Stop(),
    f"{_ONE}/edit": Stop(),
    f"{_ONE}/rehearsal": Stop(),
    f"{_ONE}/creatives/new": Stop(MEMBER, ("?note=created",)),
    f"{P}/creatives/{{creative_id}}": Stop(),
    f"{P}/start": Stop(),
    f"{P}/start/{{wizard_id}}/{{step}}": Stop(),
    f"{P}/reports": Stop(MEMBER, ("?by=day&compare=yes&period=30d", "?by=topic")),
    f"{P}/members": Stop(),
    f"{P}/tokens": Stop(),
    f"{P}/changes": Stop(),
    f"{P}/account": Stop(),
    f"{P}/api": Stop(),
    f"{P}/billing": Stop(MEMBER, ("?note=rule",)),
    f"{DEV}/sign-in": Stop(NOBODY),
    f"{DEV}/start": Stop(NOBODY),
    f"{DEV}/outbox": Stop(NOBODY),
    f"{DEV}/": Stop(),
    f"{DEV}/ads": Stop(),
    f"{DEV}/ads/apps/{{app_id}}": Stop(),
    f"{DEV}/ads/keys/{{key_id}}": Stop(),
    f"{DEV}/payouts": Stop(),
    f"{DEV}/payouts/{{publisher_id}}/again": Stop(),
    f"{OPS}/sign-in": Stop(NOBODY),
    f"{OPS}/": Stop(OPERATOR),
    f"{OPS}/calls": Stop(OPERATOR),
    f"{OPS}/payments": Stop(OPERATOR),
    f"{P}/{{rest:path}}": Stop(),
    f"{DEV}/{{rest:path}}": Stop(),
    f"{OPS}/{{rest:path}}": Stop(OPERATOR),
}
NO_PAGES = {
    f"{P}/live": "a fragment of the overview",
    f"{_ONE}/live": "a fragment of the campaign",
    f"{DEV}/keys/{{key_id}}/first-call": "a fragment of a new key",
    f"{P}/billing/confirm/{{intent_id}}": "leads on by the same page as a payment, a state below",
    f"{P}/billing/paid/{{operation_id}}": "leads on; its waiting page is a state below",
    f"{DEV}/payouts/{{publisher_id}}/back": "leads on to the payouts",
    f"{P}/confirm/{{token}}": "needs a letter; a state below",
    f"{P}/account/export": "a file",
    f"{P}/changes.csv": "a file",
    f"{P}/campaigns.csv": "a file",
    f"{P}/reports.csv": "a file",
    f"{P}/billing/transactions.csv": "a file",
    f"{P}/billing/receipts/{{payment_id}}": "a file",
    f"{DEV}/payouts/statements/{{payout_id}}": "a file",
    f"{OPS}/decisions": "JSON for programs",
    f"{OPS}/decisions/{{decision_id}}": "JSON for programs",
    "/static/{digest}/{name}": "a file",
}


def addresses(room: Showroom) -> list[tuple[str, str]]:
    """Who goes where: ``("member", "/advertiser/campaigns/cmp_…")``."""
    return [
        (stop.who, _address(path, room) + query)
        for path, stop in STOPS.items()
        for query in stop.queries
    ] + [(MEMBER, f"{P}/start/{room.ids['wizard_id']}/{step}") for step in _STEPS]


_STEPS = ("ads", "audience", "budget")


def _address(path: str, room: Showroom) -> str:
    return path.replace("{rest:path}", "nothing").format(**room.ids)


async def _refused(page: Page, room: Showroom) -> None:
    await page.goto(f"{room.address}{P}/sign-in")
    await page.get_by_label("E-mail address").fill("ada@strideworks.example")
    await page.get_by_label("Password").fill("not the password")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("alert")).to_be_visible()


async def _menu(page: Page, room: Showroom) -> None:
    await page.goto(f"{room.address}{P}/campaigns")
    await page.locator("summary").first.click()


async def _a_wrong_bid(page: Page, room: Showroom) -> None:
    await page.goto(f"{room.address}{P}/campaigns/new")
    await page.locator("#bid").fill("a lot")
    await page.locator("main form button[type=submit]").first.click()
    await expect(page.get_by_role("alert")).to_be_visible()


async def _a_token(page: Page, room: Showroom) -> None:
    await page.goto(f"{room.address}{P}/tokens")
    await page.locator("#name").fill("For the tour")
    await page.get_by_role("button", name="Make it").click()
    await expect(page.locator("#secret")).to_be_visible()


async def _codes(page: Page, room: Showroom) -> None:
    await page.goto(f"{room.address}{P}/account")
    await page.locator("#codes-password").fill("not the password")
    await page.get_by_role("button", name="Set it up").click()
    await expect(page.get_by_role("alert")).to_be_visible()


async def _away_to_pay(page: Page, room: Showroom) -> None:
    await page.goto(f"{room.address}{P}/billing")
    await page.get_by_role("button", name="Add funds").click()
    await expect(page.get_by_role("link", name="Go to the payment page")).to_be_visible()


async def _a_new_key(page: Page, room: Showroom) -> None:
    await page.goto(f"{room.address}{DEV}/")
    await page.get_by_role("button", name="New test key").click()
    await expect(page.locator("#secret")).to_be_visible()


async def _a_code_asked(page: Page, room: Showroom) -> None:
    await page.goto(f"{room.address}{DEV}/start")
    await page.get_by_label("Your e-mail address").fill("max@maker.example")
    await page.get_by_role("button", name="Send me a code").click()
    await expect(page.get_by_label("Code")).to_be_visible()


async def _sign_up(page: Page, room: Showroom, name: str) -> None:
    await page.goto(f"{room.address}{P}/sign-up")
    await page.locator("#organisation").fill(name)
    await page.locator("#domain").fill(f"{name.lower()}.example")
    await page.get_by_label("Your e-mail address").fill(f"bee@{name.lower()}.example")
    await page.get_by_label("Password").fill("a long enough password")
    await page.get_by_role("button", name="Create an account").click()
    await expect(page.get_by_role("heading", level=1, name="Create an account")).to_be_hidden()


async def _a_letter_sent(page: Page, room: Showroom) -> None:
    await _sign_up(page, room, "Hivehouse")


async def _a_letter_followed(page: Page, room: Showroom) -> None:
    await _sign_up(page, room, "Waxworks")
    await page.goto(f"{room.address}{P}/outbox")
    letter = page.get_by_role("article").filter(has_text="bee@waxworks.example")
    await letter.get_by_role("link").first.click()
    await expect(page.get_by_role("button", name="Confirm and go on")).to_be_visible()


async def _rejecting_without_words(page: Page, room: Showroom) -> None:
    await page.goto(f"{room.address}{OPS}/")
    await page.get_by_role("button", name="Reject with this reason").click()
    await expect(page.locator("#notices .tf-bad")).to_be_visible()


STATES: dict[str, tuple[str, Callable[[Page, Showroom], Awaitable[None]]]] = {
    "a refused sign-in": (NOBODY, _refused),
    "a letter that was sent": (NOBODY, _a_letter_sent),
    "a letter that was followed": (NOBODY, _a_letter_followed),
    "a code that was asked for": (NOBODY, _a_code_asked),
    "the menu, open": (MEMBER, _menu),
    "a wrong bid": (MEMBER, _a_wrong_bid),
    "a new token": (MEMBER, _a_token),
    "a wrong password": (MEMBER, _codes),
    "the way to the payment": (MEMBER, _away_to_pay),
    "a new key": (MEMBER, _a_new_key),
    "a rejection without words": (OPERATOR, _rejecting_without_words),
}

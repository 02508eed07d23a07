"""No page has barriers: axe for WCAG 2.2 AA, light and dark, wide and at 375 pixels.

Each page is opened once. What depends on colours and on room is asked in all four looks, everything
else once. The page keeps its own policy meanwhile, so that a script or style that it forbids is
heard as an error; so is a request to anywhere but our own server.
"""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import pytest
from playwright.async_api import Browser, Page

from tests.advertiser_portal.neighbours import doors_of
from tests.browser.serving import CHROMIUM, Watched
from tests.browser.showroom import Showroom
from tests.browser.tour import NO_PAGES, STATES, STOPS, addresses
from web.install_assets import VENDOR

RULES: Final = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# What depends on room alone, and on colours; all else is the same however a page is looked at.
ROOM: Final = ("target-size", "scrollable-region-focusable")
COLOURS: Final = ("color-contrast",)
LOOKS: Final[tuple[tuple[int, Literal["light", "dark"], tuple[str, ...]], ...]] = (
    (1280, "light", ()),
    (375, "light", (*ROOM, *COLOURS)),
    (375, "dark", COLOURS),
    (1280, "dark", COLOURS),
)
# The tour is walked in parts, which workers share; each part in two tabs at once.
PARTS: Final = 4
TABS: Final = 2


def test_chromium_is_installed() -> None:
    assert CHROMIUM is not None, "The browser tests need Chromium: sudo apt-get install -y chromium"


async def test_the_tour_forgets_no_page(showroom: Showroom) -> None:
    doors = doors_of(showroom.town.app)
    reads = {door.removeprefix("GET ") for door in doors if door.startswith("GET ")}
    pages = {path for path in reads if not path.startswith("/api/")}

    assert pages - set(STOPS) - set(NO_PAGES) == set(), "A new page needs a row in tour.STOPS."
    assert (set(STOPS) | set(NO_PAGES)) - pages == set(), "A row without a route."


async def violations(page: Page, *, only: Sequence[str] = ()) -> list[str]:
    """What axe finds, one line for each rule."""
    which: Any = {"type": "rule", "values": list(only)} if only else RULES
    # Nothing is loaded twice for rules about sound and about turned screens: there is neither.
    asked = {"runOnly": which, "resultTypes": ["violations"], "preload": False}
    options = json.dumps(asked)
    found: dict[str, Any] = await page.evaluate(f"axe.run({options})")
    return [
        f"{rule['id']}: {[node['html'][:120] for node in rule['nodes']]}"
        for rule in found["violations"]
    ]


async def barriers_of(page: Page) -> list[str]:
    """The same page in all looks."""
    found: list[str] = []
    for width, scheme, only in LOOKS:
        await page.set_viewport_size({"width": width, "height": 900})
        await page.emulate_media(color_scheme=scheme)
        said = await violations(page, only=only)
        if await page.evaluate("document.documentElement.scrollWidth") > width:
            said.append("wider than the screen")
        found += [f"{scheme} {width}: {line}" for line in said]
    return found


@dataclass
class Visit:
    """A window in which one of them walks around."""

    who: str
    page: Page
    watched: Watched

    @classmethod
    async def begun(cls, browser: Browser, showroom: Showroom, who: str) -> "Visit":
        context = await showroom.context(browser, who)
        await context.add_init_script(path=VENDOR / "axe.js")
        page = await context.new_page()
        watched = Watched(page, showroom.address)
        watched.watch()
        return cls(who, page, watched)

    def news(self) -> list[str]:
        """What was complained of since the last page."""
        said, self.watched.complaints = self.watched.complaints, []
        return said


@pytest.mark.parametrize("part", range(PARTS))
async def test_no_page_has_barriers_or_asks_another_place(
    chromium: Browser, showroom: Showroom, part: int
) -> None:
    stops = [(who, address, None) for who, address in addresses(showroom)]
    stops += [(who, name, reach) for name, (who, reach) in STATES.items()]
    waiting = sorted(stops[part::PARTS], key=lambda stop: stop[0])
    found: dict[str, list[str]] = {}

    async def walk() -> None:
        opened: Visit | None = None
        while waiting:
            who, name, reach = waiting.pop()
            if opened is None or opened.who != who:
                opened = await Visit.begun(chromium, showroom, who)
            if reach is None:
                await opened.page.goto(showroom.address + name)
            else:
                await reach(opened.page, showroom)
            found[name] = await barriers_of(opened.page) + opened.news()
        if opened is not None:
            await opened.page.context.close()

    await asyncio.gather(*(walk() for _ in range(TABS)))

    assert {name: said for name, said in found.items() if said} == {}
    assert len(found) == len(stops[part::PARTS])

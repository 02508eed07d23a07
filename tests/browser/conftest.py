"""A real browser against a real server on the loopback.

Without Chromium exactly one test fails, and says which command installs it; the others need a
browser and are left out of the run.
"""

import asyncio
import shutil
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest
import uvicorn
from playwright.async_api import Browser, ConsoleMessage, Page, Request, async_playwright

from kernel.clock import FrozenClock
from kernel.database import Database
from tests.advertiser_portal.houses import House, a_house, portal_app
from web.letters import Outbox

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = (
    "--no-sandbox --disable-gpu --disable-background-networking --disable-component-update "
    "--disable-sync --no-first-run"
).split()
# Chromium writes a line of its own for every answer that is an error, also for a refused form.
_OWN_LINES = (
    "the server responded with a status of 422",
    "the server responded with a status of 404",
)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if CHROMIUM is not None:
        return
    unable = [
        item for item in items if "browser" in item.path.parts and "installed" not in item.name
    ]
    config.hook.pytest_deselected(items=unable)
    items[:] = [item for item in items if item not in unable]


@dataclass
class Watched:
    """A page, and what it should not have done."""

    page: Page
    home: str
    complaints: list[str] = field(default_factory=list)

    def watch(self) -> None:
        self.page.on("console", self._heard)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", self._sent)

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not any(
            own in message.text for own in _OWN_LINES
        ):
            self.complaints.append(message.text)

    def _sent(self, request: Request) -> None:
        if not request.url.startswith((self.home, "data:")):
            self.complaints.append(f"asked another place: {request.url}")


@pytest.fixture
async def strideworks(database: Database, clock: FrozenClock) -> House:
    return await a_house(database, clock, "Strideworks")


@asynccontextmanager
async def served(
    database: Database, clock: FrozenClock, *, host: str = "127.0.0.1"
) -> AsyncIterator[str]:
    """A server with the portal; its address."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        address = f"http://{host}:{listening.getsockname()[1]}"
        app = portal_app(database, clock, public_url=address, post=Outbox())
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="off", ws="none"))
        serving = asyncio.create_task(server.serve(sockets=[listening]))
        while not server.started:  # noqa: ASYNC110  uvicorn offers no event to wait for
            await asyncio.sleep(0.02)
        yield address
        server.should_exit = True
        await serving


@pytest.fixture
async def home(database: Database, clock: FrozenClock, strideworks: House) -> AsyncIterator[str]:
    """The address of a server with the portal."""
    async with served(database, clock) as address:
        yield address


@pytest.fixture
async def chromium() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        await browser.close()

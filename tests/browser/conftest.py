"""A real browser against a real server on the loopback.

One Chromium and one event loop serve all tests of a worker; each test has a context of its own, so
that nothing of one visit is left for the next. Without Chromium exactly one test fails, and says
which command installs it; the others need a browser and are left out of the run.
"""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, async_playwright

from kernel.clock import FrozenClock
from kernel.database import Database
from tests.advertiser_portal.houses import House, a_house, portal_app
from tests.browser.serving import CHROMIUM, FLAGS, served
from tests.browser.showroom import Showroom, opened_showroom
from web.letters import Outbox


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    ours = [item for item in items if "browser" in item.path.parts]
    for item in ours:
        if pytest_asyncio.is_async_test(item):
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)
    if CHROMIUM is None:
        unable = [item for item in ours if "installed" not in item.name]
        config.hook.pytest_deselected(items=unable)
        items[:] = [item for item in items if item not in unable]


@pytest.fixture
def engine_kind() -> str:
    """Browsers do not see the engine: SQLite."""
    return "sqlite"


@pytest_asyncio.fixture(loop_scope="session")
async def database(database_url: str) -> AsyncIterator[Database]:
    opened = Database(database_url)
    yield opened
    await opened.close()


@pytest_asyncio.fixture(loop_scope="session", scope="session")
async def chromium() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        await browser.close()


@pytest_asyncio.fixture(loop_scope="session", scope="session")
async def showroom(
    sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Showroom]:
    """Every portal with something on each page, for tests that only look."""
    folder = tmp_path_factory.mktemp("showroom")
    async with opened_showroom(sqlite_template, folder) as opened:
        yield opened


@pytest_asyncio.fixture(loop_scope="session")
async def strideworks(database: Database, clock: FrozenClock) -> House:
    return await a_house(database, clock, "Strideworks")


@pytest_asyncio.fixture(loop_scope="session")
async def home(database: Database, clock: FrozenClock, strideworks: House) -> AsyncIterator[str]:
    """The address of a server with the advertiser portal of one house."""
    assert strideworks.email
    async with served(
        lambda address: portal_app(database, clock, public_url=address, post=Outbox())
    ) as address:
        yield address

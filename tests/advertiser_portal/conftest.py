"""One house and a browser without a screen; and a street of two houses, built once."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from kernel.clock import FrozenClock
from kernel.database import Database
from tests.advertiser_portal.houses import House, a_house, portal_app
from tests.advertiser_portal.street import Houses, Street, built, street_of
from web.letters import Outbox


@pytest.fixture
async def strideworks(database: Database, clock: FrozenClock) -> House:
    return await a_house(database, clock, "Strideworks")


@pytest.fixture
def outbox() -> Outbox:
    return Outbox()


@pytest.fixture
async def browser(
    database: Database, clock: FrozenClock, outbox: Outbox
) -> AsyncIterator[httpx.AsyncClient]:
    """A client that keeps cookies and does not follow redirects."""
    app = portal_app(database, clock, public_url="http://testserver", post=outbox)
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
        yield client


@pytest.fixture(scope="session")
def houses(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Houses:
    """Two houses with everything in them; each street is a copy."""
    file = tmp_path_factory.mktemp("street") / "street.db"
    with ThreadPoolExecutor(1) as apart:
        return apart.submit(asyncio.run, built(sqlite_template, file)).result()


@pytest.fixture
async def street(houses: Houses, tmp_path: Path, clock: FrozenClock) -> AsyncIterator[Street]:
    copy = tmp_path / "street.db"
    shutil.copyfile(houses.file, copy)
    database = Database(f"sqlite:///{copy}")
    opened = street_of(houses, database, clock)
    yield opened
    for browser in opened.browsers.values():
        await browser.aclose()
    await opened.town.bench.till.gateway.close()
    await database.close()

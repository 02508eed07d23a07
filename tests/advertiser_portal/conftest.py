"""One house, and a browser without a screen."""

from collections.abc import AsyncIterator

import httpx
import pytest

from kernel.clock import FrozenClock
from kernel.database import Database
from tests.advertiser_portal.houses import House, a_house, portal_app
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

"""A console, a person who may use it, and an advertiser who may not."""

from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI

from kernel.clock import FrozenClock
from kernel.database import Database
from kernel.shared_state import InProcessState
from kernel.signing import SigningKeys
from operator_console.routes import routes
from tests.advertiser_portal.houses import PASSWORD, House, a_house
from tests.operator_console.entering import REVIEWER
from web.front_desk import front_desk
from web.organisations import add_member, create_organisation
from web.people import create_person


@pytest.fixture
async def strideworks(database: Database, clock: FrozenClock) -> House:
    async with database.writing() as tx:
        person = await create_person(
            tx, email=REVIEWER, password=PASSWORD, clock=clock, is_operator=True
        )
        network = await create_organisation(tx, name="Network", clock=clock)
        await add_member(tx, organisation_id=network.id, person_id=person.id, clock=clock)
    return await a_house(database, clock, "Strideworks")


@pytest.fixture
async def browser(database: Database, clock: FrozenClock) -> AsyncIterator[httpx.AsyncClient]:
    front = front_desk(
        database=database,
        clock=clock,
        shared_state=InProcessState(clock),
        signing=SigningKeys({1: b"a key of thirty-two bytes or more"}),
        public_url="http://testserver",
    )
    app = FastAPI()
    app.include_router(routes(front))
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
        yield client

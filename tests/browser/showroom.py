"""Every portal on one server, with something on each page: what the tour looks at.

Nobody signs in by the form: whoever walks around brings the cookie of a session that was opened
in the database.
"""

import shutil
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from playwright.async_api import Browser, BrowserContext

from adserver.catalog import commands, queries
from kernel.clock import FrozenClock
from kernel.database import Database
from tests.advertiser_portal.belongings import everything_of
from tests.advertiser_portal.houses import House, a_house, an_ad_was_delivered, it_was_clicked
from tests.advertiser_portal.neighbours import a_neighbour
from tests.advertiser_portal.town import Town, every_portal
from tests.browser.serving import served
from web.cookies import Cookies
from web.letters import Letter, Outbox
from web.organisations import add_member, create_organisation
from web.people import create_person
from web.roles import Role
from web.sessions import open_session

PASSWORD = "correct horse battery"


@dataclass(frozen=True)
class Showroom:
    """An address, what can be named there, and the sessions of those who walk around."""

    address: str
    town: Town
    house: House
    ids: Mapping[str, str]
    sessions: Mapping[str, str]

    async def context(self, browser: Browser, who: str, **settings: object) -> BrowserContext:
        """A browser window of `member`, `operator`, or of `nobody`."""
        context = await browser.new_context(
            locale="en-US",
            reduced_motion="reduce",
            **settings,  # type: ignore[arg-type]
        )
        if who in self.sessions:
            name = Cookies(secure=False).session_name
            await context.add_cookies(
                [{"name": name, "value": self.sessions[who], "url": self.address}]
            )
        return context


@asynccontextmanager
async def opened_showroom(template: Path, folder: Path) -> AsyncIterator[Showroom]:
    """Furnish a copy of an empty database and open the doors."""
    file, clock, post = folder / "showroom.db", FrozenClock(), Outbox()
    shutil.copyfile(template, file)
    database = Database(f"sqlite:///{file}")
    built: list[Town] = []

    def build(address: str) -> object:
        built.append(every_portal(database, clock, public_url=address, post=post))
        return built[0].app

    async with served(build) as address:
        yield await _furnished(database, clock, post, address, built[0])
    await built[0].bench.till.gateway.close()
    await database.close()


async def _furnished(
    database: Database, clock: FrozenClock, post: Outbox, address: str, town: Town
) -> Showroom:
    house = await a_house(database, clock, "Strideworks")
    await _traffic(database, clock, house)
    await a_creative_waits(database, clock, house)
    await post.send(Letter("ada@strideworks.example", "Your code: 1234 5678", "A code.\n"))
    _, member = await a_neighbour(database, clock, house, Role.OWNER)
    sessions = {"member": member, "operator": await an_operator(database, clock)}
    ids = await everything_of(town.bench, house, clock, mark="Our")
    return Showroom(address, town, house, ids, sessions)


async def _traffic(database: Database, clock: FrozenClock, house: House) -> None:
    for _ in range(4):
        for clicked in (True, False, False):
            decision = await an_ad_was_delivered(database, clock, house)
            if clicked:
                await it_was_clicked(database, clock, house, decision)
        clock.advance(hours=26)


async def a_creative_waits(database: Database, clock: FrozenClock, house: House) -> None:
    """Copy with a claim in it, handed in."""
    async with database.writing() as tx:
        known = await queries.creative(tx, house.creative_id)
        assert known is not None
        copy = replace(known.copy, title="The best shoe of all for flat feet")
        made = await commands.create_creative(
            tx, campaign_id=house.campaign_id, copy=copy, clock=clock
        )
        await commands.submit_creative(
            tx, made.creative_id, auto_approve_after_lint=False, clock=clock
        )


async def an_operator(database: Database, clock: FrozenClock) -> str:
    """The session of somebody who reviews."""
    async with database.writing() as tx:
        person = await create_person(
            tx, email="olga@tollfree.example", password=PASSWORD, clock=clock, is_operator=True
        )
        network = await create_organisation(tx, name="Network", clock=clock)
        await add_member(tx, organisation_id=network.id, person_id=person.id, clock=clock)
        return await open_session(tx, person.id, clock=clock)

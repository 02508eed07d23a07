"""Two houses side by side with everything in them, built once and copied for each test."""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import sqlalchemy as sa

from advertiser_portal.drafting import Drafter
from fakestripe.app import FakeStripe
from kernel.clock import FrozenClock
from kernel.database import Base, Database
from kernel.egress import EgressRefused, Fetched
from tests.advertiser_portal.belongings import everything_of
from tests.advertiser_portal.houses import a_house, a_token
from tests.advertiser_portal.neighbours import DOORS, V, a_neighbour, signed_in
from tests.advertiser_portal.town import Town, every_portal
from web.letters import Outbox
from web.roles import Role

SECRET = "Zorbalon"
_LOGS = {"audit_event", "sign_in_session", "outbox_job", "report_window"}


class NoPages:
    """An internet without pages."""

    async def fetch(self, _url: str, **_limits: Any) -> Fetched:
        raise EgressRefused("unreachable", "This host is not known.")


@dataclass(frozen=True)
class Houses:
    """Two houses in a database file: one that is knocked at, and one that knocks in every role."""

    file: Path
    fake: FakeStripe
    victim: Mapping[str, str]
    own: Mapping[str, str]
    sessions: Mapping[Role, str]
    tokens: Mapping[Role, str]


@dataclass
class Street:
    """The two houses with a browser and a program for every role."""

    town: Town
    database: Database
    victim: Mapping[str, str]
    own: Mapping[str, str]
    browsers: Mapping[Role, httpx.AsyncClient]
    tokens: Mapping[Role, str]
    csrf: Mapping[Role, str]

    async def knock(
        self, door: str, role: Role, ids: Mapping[str, str], more: Mapping[str, str] | None = None
    ) -> httpx.Response:
        """Go through a door with everything that it asks for, naming `ids`."""
        method, path = door.split(" ", 1)
        address = path.replace("{rest:path}", "nothing").format(**ids)
        sent = {
            name: value.format(**ids) if isinstance(value, str) and "{" in value else value
            for name, value in DOORS[door].sent.items()
        } | dict(more or {})
        if method == "GET":
            asked: dict[str, Any] = {"params": more}
        elif path.startswith(V):
            asked = {"json": sent} if sent else {}
        else:
            asked = {"data": {**sent, "csrf": self.csrf[role]}}
        headers = {"authorization": f"Bearer {self.tokens[role]}"} if path.startswith(V) else {}
        return await self.browsers[role].request(method, address, headers=headers, **asked)


async def built(template: Path, file: Path) -> Houses:
    """Build them in a copy of an empty database."""
    shutil.copyfile(template, file)
    database, clock = Database(f"sqlite:///{file}"), FrozenClock()
    town = every_portal(database, clock, public_url="http://testserver")
    victim, own = await a_house(database, clock, SECRET), await a_house(database, clock, "Peakline")
    sessions, tokens = {}, {}
    for role in Role:
        _, sessions[role] = await a_neighbour(database, clock, own, role)
        tokens[role] = await a_token(database, clock, own, role)
    houses = Houses(
        file,
        town.bench.fake,
        await everything_of(town.bench, victim, clock, mark=SECRET),
        await everything_of(town.bench, own, clock, mark="Own"),
        sessions,
        tokens,
    )
    await town.bench.till.gateway.close()
    await database.close()
    return houses


def street_of(houses: Houses, database: Database, clock: FrozenClock) -> Street:
    """The portals over a copy of the houses, and whoever knocks."""
    town = every_portal(
        database,
        clock,
        public_url="http://testserver",
        post=Outbox(),
        drafter=Drafter(NoPages()),
        fake=houses.fake,
    )
    csrf = {role: town.front.csrf.token(token) for role, token in houses.sessions.items()}
    browsers = {role: signed_in(town.app, token) for role, token in houses.sessions.items()}
    return Street(town, database, houses.victim, houses.own, browsers, houses.tokens, csrf)


Rows = set[tuple[str, tuple[tuple[str, str], ...]]]


async def rows_that_name(database: Database, *names: str) -> Rows:
    """Every row of every table in which one of the names stands, logs left aside."""
    found: Rows = set()
    async with database.reading() as session:
        for table in Base.metadata.sorted_tables:
            if table.name not in _LOGS:
                for row in await session.execute(sa.select(table)):
                    cells = tuple((column, repr(value)) for column, value in row._mapping.items())
                    if any(name in value for _, value in cells for name in names):
                        found.add((table.name, cells))
    return found


def ids_of(belongings: Mapping[str, str]) -> dict[str, str]:
    """What names one thing in the whole world."""
    return {name: value for name, value in belongings.items() if name.endswith("_id")}

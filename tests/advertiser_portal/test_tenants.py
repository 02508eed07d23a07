"""Nobody reads or changes what belongs to the house next door, through any door, in any role."""

import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from fastapi import FastAPI

from adserver.catalog.queries import advertiser_of
from advertiser_portal import onboarding, saved_views
from advertiser_portal.drafting import Drafter
from kernel.clock import FrozenClock
from kernel.database import Base, Database
from kernel.egress import EgressRefused, Fetched
from tests.advertiser_portal.billing.till_world import Bench, open_till
from tests.advertiser_portal.houses import House, a_house, a_token, portal_app
from tests.advertiser_portal.neighbours import (
    DOORS,
    WITH_A_BODY,
    P,
    V,
    a_neighbour,
    doors_of,
    signed_in,
)
from tests.web.forms import token_in
from web import members
from web.access_tokens import create_token, revoke_token, tokens_of
from web.account_tables import PasskeyRow
from web.letters import Outbox
from web.people import person_by_email
from web.roles import Role, may
from web.sessions import open_session
from web.tables import SignInSessionRow

pytestmark = pytest.mark.parametrize("engine_kind", ["sqlite"])
SECRET = "Zorbalon"
_LOGS = {"audit_event", "sign_in_session", "outbox_job", "report_window"}


class NoPages:
    """An internet without pages."""

    async def fetch(self, _url: str, **_limits: Any) -> Fetched:
        raise EgressRefused("unreachable", "This host is not known.")


@dataclass
class Street:
    """Two houses: one that is knocked at, one that knocks, with a member of every role."""

    app: FastAPI
    victim: Mapping[str, str]
    own: Mapping[str, str]
    browsers: Mapping[Role, httpx.AsyncClient]
    tokens: Mapping[Role, str]
    csrf: Mapping[Role, str]

    async def knock(self, door: str, role: Role, ids: Mapping[str, str]) -> httpx.Response:
        """Go through a door with everything that it asks for, naming `ids`."""
        method, path = door.split(" ", 1)
        address = path.replace("{rest:path}", "nothing")
        for name, value in ids.items():
            address = address.replace(f"{{{name}}}", value)
        sent = {
            name: value.format(**ids) if isinstance(value, str) and "{" in value else value
            for name, value in DOORS[door].sent.items()
        }
        browser = self.browsers[role]
        if path.startswith(V):
            headers = {"authorization": f"Bearer {self.tokens[role]}"}
            body = {"json": sent} if method in WITH_A_BODY and sent else {}
            async with httpx.AsyncClient(
                transport=httpx.ASGITransport(self.app), base_url="http://testserver"
            ) as program:
                return await program.request(method, address, headers=headers, **body)
        if method == "POST":
            return await browser.post(address, data={**sent, "csrf": self.csrf[role]})
        return await browser.request(method, address)


def a_passkey(house: House, person_id: str, clock: FrozenClock) -> PasskeyRow:
    """A passkey as its row."""
    return PasskeyRow(
        id=f"psk_{house.organisation_id[4:]}",
        person_id=person_id,
        credential_digest=house.organisation_id,
        credential_id="x",
        public_key="x",
        sign_count=0,
        name="laptop",
        created_at=clock.now(),
    )


async def everything_of(
    database: Database, house: House, clock: FrozenClock, *, mark: str
) -> dict[str, str]:
    """One of each thing that an address can name, of this house."""
    async with database.writing() as tx:
        person = await person_by_email(tx, house.email)
        assert person is not None
        session = await open_session(tx, person.id, clock=clock)
        row = await tx.scalar(
            sa.select(SignInSessionRow.id).where(SignInSessionRow.person_id == person.id)
        )
        key, invitation = await members.invite(
            tx,
            organisation_id=house.organisation_id,
            email=f"guest@{house.organisation_id}.example",
            role=Role.VIEWER,
            by=person.id,
            clock=clock,
        )
        made = await create_token(
            tx,
            organisation_id=house.organisation_id,
            name=f"{mark} nightly",
            role=Role.OWNER,
            created_by=person.id,
            days=None,
            clock=clock,
        )
        await saved_views.keep(
            tx, house.organisation_id, name=f"{mark} view", query="", clock=clock
        )
        view = (await saved_views.views_of(tx, house.organisation_id))[0]
        advertiser = await advertiser_of(tx, house.organisation_id)
        assert advertiser is not None
        wizard = await onboarding.begin(tx, house.organisation_id, advertiser, clock=clock)
        passkey = a_passkey(house, person.id, clock)
        tx.add(passkey)
    assert session
    return {
        "campaign_id": house.campaign_id,
        "creative_id": house.creative_id,
        "person_id": person.id,
        "session_id": str(row),
        "invitation_id": key,
        "token": invitation,
        "token_id": made.token.token_id,
        "view_id": view.view_id,
        "wizard_id": wizard.wizard_id,
        "passkey_id": passkey.id,
        "step": "page",
        "act": "pause",
        "digest": "0",
        "name": "portal.css",
    }


async def a_payment(bench: Bench, house: House) -> dict[str, str]:
    """A payment of this house that is in its wallet, and what names it."""
    bench.advertiser = house.advertiser_id
    payment = await bench.pay(100)
    intent = bench.fake.platform.objects.get("payment_intent", payment)
    operation = intent["metadata"]["operation_id"]
    return {"payment_id": payment, "intent_id": payment, "operation_id": operation}


@pytest.fixture
async def street(database: Database, clock: FrozenClock) -> AsyncIterator[Street]:
    bench = open_till(database, clock)
    app = portal_app(
        database,
        clock,
        public_url="http://testserver",
        post=Outbox(),
        drafter=Drafter(NoPages()),
        till=bench.till,
    )
    victim = await a_house(database, clock, SECRET)
    own = await a_house(database, clock, "Peakline")
    bills = [await a_payment(bench, house) for house in (victim, own)]
    browsers, tokens, csrf = {}, {}, {}
    for role in Role:
        _, session = await a_neighbour(database, clock, own, role)
        browsers[role] = signed_in(app, session)
        tokens[role] = await a_token(database, clock, own, role)
        csrf[role] = token_in(await browsers[role].get(f"{P}/"))
    yield Street(
        app,
        await everything_of(database, victim, clock, mark=SECRET) | bills[0],
        await everything_of(database, own, clock, mark="Own") | bills[1],
        browsers,
        tokens,
        csrf,
    )
    for browser in browsers.values():
        await browser.aclose()
    await bench.till.gateway.close()


async def contents(database: Database, organisation: str) -> dict[str, list[str]]:
    """Every row of every table that names the organisation, directly or by what it owns."""
    found: dict[str, list[str]] = {}
    async with database.reading() as session:
        for table in Base.metadata.sorted_tables:
            if table.name not in _LOGS:
                rows = await session.execute(sa.select(table))
                found[table.name] = sorted(repr(tuple(row)) for row in rows)
    return {name: [row for row in rows if organisation in row] for name, rows in found.items()}


async def test_every_door_has_a_row(street: Street) -> None:
    doors = doors_of(street.app)

    assert doors - set(DOORS) == set(), "A new route needs a row in neighbours.DOORS."
    assert set(DOORS) - doors == set(), "A row without a route."


async def test_nothing_leaks_to_the_house_next_door_and_nothing_is_changed_there(
    street: Street, database: Database
) -> None:
    before = await contents(database, SECRET.lower())
    victims = await contents(database, street.victim["campaign_id"])
    leaks: list[str] = []

    for door, asks in DOORS.items():
        if asks.act is None:
            continue
        for role in (Role.OWNER, Role.EDITOR):
            answer = await street.knock(door, role, street.victim)
            names_one = re.search(r"\{\w+\}", door) or "{campaign_id}" in asks.sent.values()
            if names_one and answer.status_code not in (*asks.stranger, 403):
                leaks.append(f"{role.value} {door}: {answer.status_code}")
            if SECRET in answer.text:
                leaks.append(f"{role.value} {door}: shows a name of the neighbour")

    assert leaks == []
    assert await contents(database, SECRET.lower()) == before
    assert await contents(database, street.victim["campaign_id"]) == victims


@pytest.mark.parametrize("address", ["reports", "reports.csv"])
async def test_a_filter_that_names_a_neighbours_campaign_finds_nothing(
    street: Street, address: str
) -> None:
    named = f"campaign={street.victim['campaign_id']}"

    page = await street.browsers[Role.OWNER].get(f"{P}/{address}?{named}")
    headers = {"authorization": f"Bearer {street.tokens[Role.OWNER]}"}
    answer = await street.browsers[Role.OWNER].get(f"{V}/reports?{named}", headers=headers)

    assert (page.status_code, answer.status_code) == (404, 404)


async def test_a_role_opens_what_it_may_and_nothing_else(street: Street) -> None:
    wrong: list[str] = []
    for door, asks in DOORS.items():
        if asks.act is None:
            continue
        for role in Role:
            if may(role, asks.act):
                continue
            answer = await street.knock(door, role, street.own)
            if answer.status_code != 403:
                wrong.append(f"{role.value} {door}: {answer.status_code}")

    assert wrong == []


async def test_nobody_comes_in_without_signing_in(street: Street) -> None:
    wrong: list[str] = []
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(street.app), base_url="http://testserver"
    ) as stranger:
        csrf = token_in(await stranger.get(f"{P}/sign-in"))
        for door, asks in DOORS.items():
            method, path = door.split(" ", 1)
            if asks.act is None:
                continue
            address = path.replace("{rest:path}", "nothing").format(**street.victim)
            sent = {"json": asks.sent} if path.startswith(V) else {"data": {"csrf": csrf}}
            body = sent if method in WITH_A_BODY else {}
            answer = await stranger.request(method, address, **body)
            expected = 401 if path.startswith(V) else 303
            if answer.status_code != expected or SECRET in answer.text:
                wrong.append(f"{door}: {answer.status_code}")

    assert wrong == []


async def test_no_form_is_taken_without_its_token(street: Street, database: Database) -> None:
    before = await contents(database, street.own["campaign_id"])
    wrong: list[str] = []
    for door in DOORS:
        method, path = door.split(" ", 1)
        if method != "POST" or path.startswith(V):
            continue
        address = path.format(**street.own)
        for headers in ({}, {"origin": "https://elsewhere.example"}):
            answer = await street.browsers[Role.OWNER].post(
                address, data={**DOORS[door].sent, "csrf": "none"}, headers=headers
            )
            if answer.status_code != 403:
                wrong.append(f"{door}: {answer.status_code}")

    assert wrong == []
    assert await contents(database, street.own["campaign_id"]) == before


async def test_a_token_of_somebody_who_left_works_no_more(
    street: Street, database: Database, clock: FrozenClock
) -> None:
    headers = {"authorization": f"Bearer {street.tokens[Role.EDITOR]}"}
    browser = street.browsers[Role.OWNER]
    good = await browser.get(f"{V}/account", headers=headers)
    organisation = good.json()["organisation_id"]
    async with database.writing() as tx:
        for one in await tokens_of(tx, organisation):
            await revoke_token(tx, organisation, one.token_id, clock=clock)

    refused = await browser.get(f"{V}/account", headers=headers)
    mistyped = await browser.get(f"{V}/account", headers={"authorization": "Bearer tf_adv_x"})

    assert (good.status_code, refused.status_code, mistyped.status_code) == (200, 401, 401)

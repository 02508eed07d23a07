"""Nobody reads or changes what belongs to the house next door, through any door, in any role.

Doors and the fields behind them are read from the application, so that none can be forgotten.
"""

import re
from collections.abc import Mapping

import httpx
import pytest

from kernel.clock import FrozenClock
from tests.advertiser_portal.neighbours import DOORS, WITH_A_BODY, P, V, doors_of, fields_of
from tests.advertiser_portal.street import SECRET, Street, ids_of, rows_that_name
from tests.web.forms import token_in
from web.access_tokens import revoke_token, tokens_of
from web.roles import Role

# What is gone afterwards is tried last.
_LAST = ("/bulk", "/end", "/revoke", "/rotate", "/withdraw", "/forget", "/leave", "/{token_id}")


def _meant(field: str, victim: Mapping[str, str]) -> str:
    """What of the neighbour's this field could name."""
    return next((victim[name] for name in victim if name.startswith(field)), victim["campaign_id"])


async def test_every_door_has_a_row(street: Street) -> None:
    doors = doors_of(street.town.app)

    assert doors - set(DOORS) == set(), "A new route needs a row in neighbours.DOORS."
    assert set(DOORS) - doors == set(), "A row without a route."


async def test_nothing_leaks_to_the_house_next_door_and_nothing_is_changed_there(
    street: Street,
) -> None:
    marks = (SECRET, SECRET.lower(), *ids_of(street.victim).values())
    before = await rows_that_name(street.database, *marks)
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
    assert before ^ await rows_that_name(street.database, *marks) == set()


async def test_no_field_reaches_over_the_fence(street: Street) -> None:
    fields, smuggled = fields_of(street.town.app), ids_of(street.victim)
    marks = (SECRET, SECRET.lower(), *smuggled.values())
    before = await rows_that_name(street.database, *marks)
    leaks: list[str] = []

    tried = 0
    for door in sorted(DOORS, key=lambda one: one.endswith(_LAST)):
        if DOORS[door].act is None or not DOORS[door].opens_for(Role.OWNER):
            continue
        tries = [{name: _meant(name, street.victim)} for name in fields[door]]
        for more in tries if door.startswith("GET") else [*tries, smuggled]:
            tried += 1
            answer = await street.knock(door, Role.OWNER, street.own, more)
            if answer.status_code >= 500 or SECRET in answer.text:
                leaks.append(f"{door} with {', '.join(more)}: {answer.status_code}")

    after = await rows_that_name(street.database, *marks)
    taken = [
        (table, column)
        for table, cells in after - before
        for column, value in cells
        if column.endswith("_id") and value.strip("'") in smuggled.values()
    ]
    assert leaks == []
    assert before - after == set(), "Something of the neighbour's was changed."
    assert taken == [], "A row of ours points to the neighbour's."
    assert tried > 150


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
            if asks.opens_for(role):
                continue
            answer = await street.knock(door, role, street.own)
            if answer.status_code != 403:
                wrong.append(f"{role.value} {door}: {answer.status_code}")

    assert wrong == []


async def test_nobody_comes_in_without_signing_in(street: Street) -> None:
    wrong: list[str] = []
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(street.town.app), base_url="http://testserver"
    ) as stranger:
        csrf = token_in(await stranger.get(f"{P}/sign-in"))
        for door, asks in DOORS.items():
            method, path = door.split(" ", 1)
            if asks.act is None:
                continue
            address = path.replace("{rest:path}", "nothing").format(**street.victim)
            sent = (
                {"json": asks.sent} if path.startswith(V) else {"data": {**asks.sent, "csrf": csrf}}
            )
            body = sent if method in WITH_A_BODY else {}
            answer = await stranger.request(method, address, **body)
            expected = 401 if path.startswith(V) else 303
            if answer.status_code != expected or SECRET in answer.text:
                wrong.append(f"{door}: {answer.status_code}")

    assert wrong == []


async def test_no_form_is_taken_without_its_token(street: Street) -> None:
    before = await rows_that_name(street.database, *ids_of(street.own).values())
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
    assert await rows_that_name(street.database, *ids_of(street.own).values()) == before


async def test_a_token_of_somebody_who_left_works_no_more(
    street: Street, clock: FrozenClock
) -> None:
    headers = {"authorization": f"Bearer {street.tokens[Role.EDITOR]}"}
    browser = street.browsers[Role.OWNER]
    good = await browser.get(f"{V}/account", headers=headers)
    organisation = good.json()["organisation_id"]
    async with street.database.writing() as tx:
        for one in await tokens_of(tx, organisation):
            await revoke_token(tx, organisation, one.token_id, clock=clock)

    refused = await browser.get(f"{V}/account", headers=headers)
    mistyped = await browser.get(f"{V}/account", headers={"authorization": "Bearer tf_adv_x"})

    assert (good.status_code, refused.status_code, mistyped.status_code) == (200, 401, 401)

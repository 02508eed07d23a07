"""``tollfree tokens``: a shop's server reports conversions with a token that can do nothing else."""

import asyncio
import json
import shutil
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from adserver.http import conversions
from kernel.clock import FrozenClock
from kernel.database import Database
from kernel.http import install_error_handlers
from tests.adserver.catalog.builders import an_advertiser
from tests.web.residents import a_person
from tollfree.__main__ import main
from tollfree.addresses import reporters
from web.organisations import memberships_of
from web.roles import Act, TokenRole, may

REPORT = {"event": "purchase", "event_id": "order-1", "click_id": "dec_00000000000000000000000000"}


@pytest.fixture
def data(sqlite_template: Path, tmp_path: Path) -> Path:
    shutil.copyfile(sqlite_template, tmp_path / "tollfree.db")
    return tmp_path


async def advertised(data: Path, clock: FrozenClock, *, owned: bool = True) -> str:
    """An advertiser, of a house with an owner unless told otherwise; returns its id."""
    database = Database(f"sqlite:///{data / 'tollfree.db'}")
    organisation = "org_nobody"
    if owned:
        person = await a_person(database, clock)
        async with database.reading() as session:
            (house,) = await memberships_of(session, person.id)
        organisation = house.organisation.id
    made = await an_advertiser(database, clock, organisation_id=organisation, funds=0)
    await database.close()
    return made.advertiser_id


async def reported(data: Path, clock: FrozenClock, *secrets: str) -> list[int]:
    """The statuses of a report with each of these tokens."""
    database = Database(f"sqlite:///{data / 'tollfree.db'}")
    app = FastAPI()
    install_error_handlers(app)
    app.include_router(conversions.routes(database, clock, reporters(database, clock)))
    statuses = []
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://ads.test") as http:
        for secret in secrets:
            headers = {"authorization": f"Bearer {secret}"}
            answer = await http.post("/ads/v1/conversions", json=REPORT, headers=headers)
            statuses.append(answer.status_code)
    await database.close()
    return statuses


def told(data: Path, capsys: pytest.CaptureFixture[str], *asked: str) -> Any:
    assert main(["tokens", *asked, "--json", "--data", str(data)]) == 0
    return json.loads(capsys.readouterr().out)


def test_a_token_for_conversions_reports_until_it_is_revoked(
    data: Path, clock: FrozenClock, capsys: pytest.CaptureFixture[str]
) -> None:
    advertiser = asyncio.run(advertised(data, clock))

    made = told(data, capsys, "create", advertiser, "--name", "Shop")
    (listed,) = told(data, capsys, "list", advertiser)
    mistyped = made["token"][:-1] + ("a" if made["token"][-1] != "a" else "b")
    # The click is nobody's: whoever may report hears that, and the others do not get so far.
    before = asyncio.run(reported(data, clock, made["token"], mistyped, ""))
    told(data, capsys, "revoke", advertiser, made["id"])
    after = asyncio.run(reported(data, clock, made["token"]))

    assert (made["role"], listed["name"], listed["role"]) == ("conversions", "Shop", "conversions")
    assert "token" not in listed
    assert before == [404, 401, 401]
    assert after == [401]


def test_it_may_report_and_nothing_else() -> None:
    assert [act for act in Act if may(TokenRole.CONVERSIONS, act)] == [Act.REPORT_CONVERSIONS]


@pytest.mark.parametrize(("role", "status"), [("editor", 404), ("viewer", 403)])
def test_tokens_of_other_roles_report_where_their_role_may(
    role: str,
    status: int,
    data: Path,
    clock: FrozenClock,
    capsys: pytest.CaptureFixture[str],
) -> None:
    advertiser = asyncio.run(advertised(data, clock))
    made = told(data, capsys, "create", advertiser, "--role", role)

    assert asyncio.run(reported(data, clock, made["token"])) == [status]


def test_an_advertiser_without_people_has_nobody_to_make_one_for(
    data: Path, clock: FrozenClock, capsys: pytest.CaptureFixture[str]
) -> None:
    advertiser = asyncio.run(advertised(data, clock, owned=False))

    assert main(["tokens", "create", advertiser, "--data", str(data)]) == 2
    assert capsys.readouterr().err.startswith("✗ This advertiser has no owner yet.")
    assert main(["tokens", "list", "adv_none", "--data", str(data)]) == 2

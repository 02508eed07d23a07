"""The developer portal over HTTP: keys that work, are shown once, and belong to one house."""

import re
from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI

from api.access.key_book import KeyBook
from api.access.keys import KeyKind, create_app, create_key
from api.access.limits import PUBLIC
from api.access.quota import QuotaBook, Standing
from api.access.visit import subjects_of
from api.chat.usage import write_completions
from developer_portal.routes import routes
from kernel.clock import FrozenClock
from kernel.database import Database
from kernel.errors import Unauthenticated
from kernel.shared_state import InProcessState
from kernel.signing import SigningKeys
from tests.api.monitoring.test_calls import a_row
from tests.web import forms
from web.front_desk import front_desk
from web.organisations import add_member, create_organisation
from web.people import create_person
from web.roles import Role

PASSWORD = "correct horse battery"


@pytest.fixture
def book(database: Database, clock: FrozenClock) -> KeyBook:
    return KeyBook(database, clock)


@pytest.fixture
async def browser(
    database: Database, clock: FrozenClock, book: KeyBook
) -> AsyncIterator[httpx.AsyncClient]:
    front = front_desk(
        database=database,
        clock=clock,
        shared_state=InProcessState(clock),
        signing=SigningKeys({1: b"a key of thirty-two bytes or more"}),
        public_url="http://testserver",
    )
    app = FastAPI()
    app.include_router(routes(front, book.forget))
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
        yield client


async def signed_in(
    browser: httpx.AsyncClient, database: Database, clock: FrozenClock, role: Role = Role.OWNER
) -> str:
    """A member of a new organisation, at the door and through it; returns the organisation."""
    email = f"{role.value}@maker.example"
    async with database.writing() as tx:
        person = await create_person(tx, email=email, password=PASSWORD, clock=clock)
        house = await create_organisation(tx, name="Maker", clock=clock)
        await add_member(tx, organisation_id=house.id, person_id=person.id, role=role, clock=clock)
    await forms.sign_in(browser, email=email, password=PASSWORD, portal="/developer/")
    return house.id


async def pressed(browser: httpx.AsyncClient, address: str, **fields: str) -> httpx.Response:
    page = await browser.get("/developer/")
    data = {"csrf": forms.token_in(page), **fields}
    return await browser.post(f"/developer/{address}", data=data)


def secret_in(page: httpx.Response) -> str:
    found = re.search(r'id="secret">(tf_\w+)<', page.text)
    assert found is not None
    return found[1]


async def first_key(browser: httpx.AsyncClient) -> tuple[str, str]:
    """A new key's secret, and its id as the page of keys knows it."""
    secret = secret_in(await pressed(browser, "keys", kind="live"))
    page = await browser.get("/developer/")
    found = re.search(r"keys/(key_\w+)/revoke", page.text)
    assert found is not None
    return secret, found[1]


async def test_the_page_shows_what_is_left_of_each_keys_quota(
    browser: httpx.AsyncClient, database: Database, clock: FrozenClock, book: KeyBook
) -> None:
    quotas, plan = QuotaBook(clock), PUBLIC

    def left_of(app_id: str, key_id: str, granted: str) -> list[Standing]:
        tier = plan.tier(granted)
        return quotas.standings(subjects_of(quotas, plan, tier, key_id=key_id, app_id=app_id))

    front = front_desk(
        database=database,
        clock=clock,
        shared_state=InProcessState(clock),
        signing=SigningKeys({1: b"a key of thirty-two bytes or more"}),
        public_url="http://testserver",
    )
    app = FastAPI()
    app.include_router(routes(front, book.forget, left_of=left_of))
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
        await signed_in(client, database, clock)
        secret, key_id = await first_key(client)
        caller = await book.verify(f"Bearer {secret}")
        own = subjects_of(quotas, plan, plan.tier("standard"), key_id=key_id, app_id=caller.app_id)
        for _ in range(3):
            quotas.enter(own, 10)
        page = (await client.get("/developer/")).text

    cells = [re.sub(r"<[^>]+>", " ", row).split() for row in page.split("</tr>")]
    assert any("60 requests a minute 3 57".split() == row[1:7] for row in cells)
    assert any("200,000 tokens a minute 30".split() == row[1:6] for row in cells)


class TestAKey:
    async def test_is_made_works_and_is_shown_once(
        self, browser: httpx.AsyncClient, database: Database, clock: FrozenClock, book: KeyBook
    ) -> None:
        await signed_in(browser, database, clock)
        secret, key_id = await first_key(browser)
        assert (await book.verify(f"Bearer {secret}")).key_id == key_id
        page = await browser.get("/developer/")
        assert secret not in page.text
        assert secret[:12] in page.text

    async def test_stops_at_once_when_it_is_revoked(
        self, browser: httpx.AsyncClient, database: Database, clock: FrozenClock, book: KeyBook
    ) -> None:
        await signed_in(browser, database, clock)
        secret, key_id = await first_key(browser)
        await book.verify(f"Bearer {secret}")
        assert (await pressed(browser, f"keys/{key_id}/revoke")).status_code == 303
        with pytest.raises(Unauthenticated):
            await book.verify(f"Bearer {secret}")

    async def test_is_replaced_when_it_is_rotated(
        self, browser: httpx.AsyncClient, database: Database, clock: FrozenClock, book: KeyBook
    ) -> None:
        await signed_in(browser, database, clock)
        old, key_id = await first_key(browser)
        before = await book.verify(f"Bearer {old}")
        new = secret_in(await pressed(browser, f"keys/{key_id}/rotate"))
        assert (await book.verify(f"Bearer {new}")).app_id == before.app_id
        with pytest.raises(Unauthenticated):
            await book.verify(f"Bearer {old}")

    async def test_of_another_house_is_out_of_reach(
        self, browser: httpx.AsyncClient, database: Database, clock: FrozenClock, book: KeyBook
    ) -> None:
        async with database.writing() as tx:
            app_id = await create_app(tx, organisation_id="org_other", name="Theirs", clock=clock)
            theirs = await create_key(tx, app_id, clock=clock, kind=KeyKind.LIVE)
        await signed_in(browser, database, clock)
        assert (await pressed(browser, f"keys/{theirs.key_id}/revoke")).status_code == 404
        assert (await pressed(browser, f"apps/{app_id}/ads", ads="off")).status_code == 404
        assert (await book.verify(f"Bearer {theirs.secret}")).ads.enabled
        assert "Theirs" not in (await browser.get("/developer/")).text

    async def test_shows_what_it_was_used_for(
        self, browser: httpx.AsyncClient, database: Database, clock: FrozenClock, book: KeyBook
    ) -> None:
        await signed_in(browser, database, clock)
        secret, key_id = await first_key(browser)
        app_id = (await book.verify(f"Bearer {secret}")).app_id
        async with database.writing() as tx:
            row = a_row(
                clock,
                app_id=app_id,
                key_id=key_id,
                first_token_ms=37.0,
                total_ms=812.0,
                prompt_group="summary-v3",
                signals="truncated,short",
            )
            failed = a_row(clock, app_id=app_id, key_id=key_id, status=502, total_ms=1.0)
            await write_completions(tx, [row, failed])
        page = (await browser.get("/developer/")).text
        assert "502 × 1" in page
        assert "37 / 37 ms" in page
        assert "812 ms" in page
        assert page.count("summary-v3") == 2
        assert "truncated 1, short 1" in page


async def test_ads_can_be_switched_off_and_on(
    browser: httpx.AsyncClient, database: Database, clock: FrozenClock, book: KeyBook
) -> None:
    await signed_in(browser, database, clock)
    secret, _ = await first_key(browser)
    caller = await book.verify(f"Bearer {secret}")
    for wish in ("off", "on"):
        await pressed(browser, f"apps/{caller.app_id}/ads", ads=wish)
        fresh = KeyBook(database, clock)
        assert (await fresh.verify(f"Bearer {secret}")).ads.enabled is (wish == "on")


async def test_a_viewer_sees_and_changes_nothing(
    browser: httpx.AsyncClient, database: Database, clock: FrozenClock
) -> None:
    await signed_in(browser, database, clock, Role.VIEWER)
    page = await browser.get("/developer/")
    assert page.status_code == 200
    assert "New key" not in page.text
    assert (await pressed(browser, "keys", kind="live")).status_code == 403


async def test_a_stranger_is_sent_to_the_door(browser: httpx.AsyncClient) -> None:
    answer = await browser.get("/developer/")
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/developer/sign-in")

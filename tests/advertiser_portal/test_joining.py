"""Joining by oneself and by invitation: letters, links, roles."""

import re

import httpx
import pytest

from adserver.catalog import queries
from kernel.clock import FrozenClock
from kernel.database import Database
from tests.advertiser_portal.houses import PASSWORD, House, a_member
from tests.web import forms
from web.letters import Outbox
from web.roles import Role
from web.sessions import visitor_of

NEWCOMER = {
    "organisation": "Peakline",
    "domain": "https://www.Peakline.example/",
    "email": "Grace@peakline.example",
    "password": PASSWORD,
}


async def send(
    browser: httpx.AsyncClient, address: str, page: str = "", **fields: str
) -> httpx.Response:
    """Open a page and send a form with its token."""
    token = forms.token_in(await browser.get(page or address))
    return await browser.post(address, data={"csrf": token, **fields})


def link_in(outbox: Outbox) -> str:
    """The way that the newest letter shows."""
    found = re.search(r"http://testserver(/\S+)", outbox.letters()[0][1].text)
    assert found is not None
    return found.group(1)


async def enter(browser: httpx.AsyncClient, email: str) -> None:
    answer = await forms.sign_in(browser, email=email, password=PASSWORD, portal="/advertiser/")
    assert answer.status_code == 303


class TestJoining:
    async def test_leads_from_the_form_by_letter_to_an_advertiser_of_ones_own(
        self, browser: httpx.AsyncClient, database: Database, clock: FrozenClock, outbox: Outbox
    ) -> None:
        sent = await send(browser, "/advertiser/sign-up", **NEWCOMER)
        assert sent.status_code == 200
        assert outbox.letters()[0][1].to == "grace@peakline.example"

        joined = await send(browser, link_in(outbox))

        assert joined.headers["location"] == "/advertiser/?note=joined"
        home = await browser.get("/advertiser/")
        assert "Peakline" in home.text
        async with database.reading() as session:
            visitor = await visitor_of(session, browser.cookies["tf_session"], clock=clock)
            assert visitor is not None
            assert visitor.current is not None
            found = await queries.advertiser_of(session, visitor.current.organisation.id)
        assert visitor.current.role is Role.OWNER
        assert found is not None
        assert (found.name, found.domain) == ("Peakline", "peakline.example")

    async def test_makes_nothing_before_the_link_is_used_and_the_link_works_once(
        self, browser: httpx.AsyncClient, outbox: Outbox
    ) -> None:
        await send(browser, "/advertiser/sign-up", **NEWCOMER)
        refused = await forms.sign_in(
            browser, email=NEWCOMER["email"], password=PASSWORD, portal="/advertiser/"
        )
        assert refused.status_code == 422

        await browser.get(link_in(outbox))
        await send(browser, link_in(outbox))
        again = await browser.get(link_in(outbox))

        assert again.status_code == 404

    async def test_answers_alike_whether_the_address_is_known_or_not(
        self, browser: httpx.AsyncClient, outbox: Outbox, strideworks: House
    ) -> None:
        known = await send(
            browser, "/advertiser/sign-up", **NEWCOMER | {"email": strideworks.email}
        )

        new = await send(browser, "/advertiser/sign-up", **NEWCOMER)

        assert known.status_code == new.status_code == 200
        without = [
            re.sub(r"<strong>.*?</strong>|value=.*?>", "", page.text) for page in (known, new)
        ]
        assert without[0] == without[1]
        assert "sign-in" in outbox.letters()[1][1].text
        assert "confirm" not in outbox.letters()[1][1].text

    async def test_ends_two_days_after_the_letter(
        self, browser: httpx.AsyncClient, clock: FrozenClock, outbox: Outbox
    ) -> None:
        await send(browser, "/advertiser/sign-up", **NEWCOMER)

        clock.advance(days=2, seconds=1)

        assert (await browser.get(link_in(outbox))).status_code == 404

    @pytest.mark.parametrize(
        ("field", "value", "says"),
        [
            ("domain", "not a domain", "Give the domain alone"),
            ("organisation", "x", "2 to 80 characters"),
            ("password", "short", "10 to 200 characters"),
            ("email", "nobody", "Give an e-mail address"),
        ],
    )
    async def test_keeps_what_was_typed_and_says_what_is_wrong(
        self, browser: httpx.AsyncClient, outbox: Outbox, field: str, value: str, says: str
    ) -> None:
        page = await send(browser, "/advertiser/sign-up", **NEWCOMER | {field: value})

        assert page.status_code == 422
        assert says in page.text
        assert PASSWORD not in page.text
        assert outbox.letters() == []

    async def test_is_limited_for_each_address(self, browser: httpx.AsyncClient) -> None:
        answers = [await send(browser, "/advertiser/sign-up", **NEWCOMER) for _ in range(5)]

        assert [answer.status_code for answer in answers] == [200] * 4 + [429]


class TestInviting:
    async def test_makes_a_new_person_a_member_with_the_role_of_the_letter(
        self, browser: httpx.AsyncClient, outbox: Outbox, strideworks: House
    ) -> None:
        await enter(browser, strideworks.email)
        await send(
            browser,
            "/advertiser/members/invite",
            "/advertiser/members",
            email="grace@agency.example",
            role="editor",
        )
        browser.cookies.clear()

        joined = await send(browser, link_in(outbox), password=PASSWORD)
        page = await browser.get("/advertiser/members")

        assert joined.status_code == 303
        assert "Editor at Strideworks" in page.text
        assert "Send the invitation" not in page.text
        assert (await browser.get(link_in(outbox))).status_code == 404

    async def test_lets_nobody_else_in_with_the_same_link(
        self,
        browser: httpx.AsyncClient,
        database: Database,
        clock: FrozenClock,
        outbox: Outbox,
        strideworks: House,
    ) -> None:
        await a_member(database, clock, strideworks, Role.VIEWER, email="eve@other.example")
        await enter(browser, strideworks.email)
        await send(
            browser,
            "/advertiser/members/invite",
            "/advertiser/members",
            email="grace@agency.example",
            role="owner",
        )
        browser.cookies.clear()
        await enter(browser, "eve@other.example")

        page = await browser.get(link_in(outbox))
        token = forms.token_in(await browser.get("/advertiser/"))
        stolen = await browser.post(link_in(outbox), data={"csrf": token})

        assert "Sign out and in again" in page.text
        assert stolen.status_code == 404

    @pytest.mark.parametrize("role", [Role.EDITOR, Role.BILLING, Role.VIEWER])
    async def test_is_for_owners(
        self,
        browser: httpx.AsyncClient,
        database: Database,
        clock: FrozenClock,
        outbox: Outbox,
        strideworks: House,
        role: Role,
    ) -> None:
        await a_member(database, clock, strideworks, role, email="bob@strideworks.example")
        await enter(browser, "bob@strideworks.example")

        answer = await send(
            browser,
            "/advertiser/members/invite",
            "/advertiser/members",
            email="x@y.example",
            role="owner",
        )

        assert answer.status_code == 403
        assert outbox.letters() == []

    async def test_never_leaves_an_organisation_without_an_owner(
        self, browser: httpx.AsyncClient, strideworks: House
    ) -> None:
        await enter(browser, strideworks.email)
        page = await browser.get("/advertiser/members")
        person = re.search(r"/advertiser/members/(per_\w+)", page.text)
        assert person is not None

        answer = await send(browser, person.group(0), "/advertiser/members", role="viewer")

        assert answer.status_code == 422
        assert "keeps at least one owner" in answer.text

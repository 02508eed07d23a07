"""The pages over HTTP: what they show, what they change, and for whom."""

import re

import httpx
import pytest
import sqlalchemy as sa

from adserver.catalog import queries
from kernel.clock import FrozenClock
from kernel.database import Database
from tests.advertiser_portal.houses import (
    PASSWORD,
    House,
    a_house,
    a_member,
    an_ad_was_delivered,
    it_was_clicked,
)
from tests.web import forms
from web.organisations import add_member, create_organisation
from web.people import create_person
from web.roles import Role


async def enter(browser: httpx.AsyncClient, email: str) -> None:
    answer = await forms.sign_in(browser, email=email, password=PASSWORD, portal="/advertiser/")
    assert answer.status_code == 303


def figure(page: httpx.Response, name: str) -> str:
    """The text of a key figure: ``figure(page, "spend")``."""
    found = re.search(rf'id="figure-{name}">(.*?)</div>', page.text, re.DOTALL)
    assert found is not None
    return re.sub(r"<[^>]+>", "", found.group(1)).strip()


async def press(
    browser: httpx.AsyncClient, house: House, act: str, **headers: str
) -> httpx.Response:
    token = forms.token_in(await browser.get("/advertiser/"))
    return await browser.post(
        f"/advertiser/campaigns/{house.campaign_id}/{act}",
        data={"csrf": token, "view": "overview", "period": "7d"},
        headers=headers,
    )


async def status(database: Database, house: House) -> str:
    async with database.reading() as session:
        found = await queries.campaign(session, house.campaign_id)
    assert found is not None
    return found.status.value


class TestTheOverview:
    async def test_shows_balance_campaigns_and_numbers(
        self,
        browser: httpx.AsyncClient,
        database: Database,
        clock: FrozenClock,
        strideworks: House,
    ) -> None:
        decision_id = await an_ad_was_delivered(database, clock, strideworks)
        await it_was_clicked(database, clock, strideworks, decision_id)
        await enter(browser, strideworks.email)

        page = await browser.get("/advertiser/")

        assert page.status_code == 200
        assert figure(page, "balance") == "$49.69"
        assert figure(page, "spend") == "$0.31"
        assert figure(page, "delivered") == "1"
        assert figure(page, "clicks") == "1"
        assert '<data value="0.310000">$0.31</data>' in page.text
        assert "Strideworks spring" in page.text

    async def test_stays_silent_while_nothing_moves_and_speaks_when_it_does(
        self,
        browser: httpx.AsyncClient,
        database: Database,
        clock: FrozenClock,
        strideworks: House,
    ) -> None:
        await enter(browser, strideworks.email)
        page = await browser.get("/advertiser/")
        poll = re.search(r'hx-get="([^"]+)"', page.text)
        assert poll is not None
        address = poll.group(1).replace("&amp;", "&")

        quiet = await browser.get(address, headers={"hx-request": "true"})
        await an_ad_was_delivered(database, clock, strideworks)
        news = await browser.get(address, headers={"hx-request": "true"})

        assert quiet.status_code == 204
        assert news.status_code == 200
        assert figure(news, "delivered") == "1"
        assert "<html" not in news.text

    async def test_of_an_organisation_without_advertiser_says_so(
        self, browser: httpx.AsyncClient, database: Database, clock: FrozenClock
    ) -> None:
        async with database.writing() as tx:
            person = await create_person(
                tx, email="new@comer.example", password=PASSWORD, clock=clock
            )
            house = await create_organisation(tx, name="<script>alert(1)</script>", clock=clock)
            await add_member(tx, organisation_id=house.id, person_id=person.id, clock=clock)
        await enter(browser, "new@comer.example")

        page = await browser.get("/advertiser/")

        assert "No advertiser yet" in page.text
        assert "<script>alert(1)" not in page.text

    @pytest.mark.parametrize("address", ["/advertiser/", "/advertiser/live", "/advertiser/x"])
    async def test_is_for_those_who_signed_in(
        self, browser: httpx.AsyncClient, address: str
    ) -> None:
        answer = await browser.get(address)

        assert answer.status_code == 303
        assert answer.headers["location"].startswith("/advertiser/sign-in")


class TestTheCampaignPage:
    async def test_shows_terms_creatives_and_their_review_state(
        self, browser: httpx.AsyncClient, strideworks: House
    ) -> None:
        await enter(browser, strideworks.email)

        page = await browser.get(f"/advertiser/campaigns/{strideworks.campaign_id}")

        for words in ("$0.45", "$20.00", "Approved", "Arch One", "Sponsored · Strideworks"):
            assert words in page.text
        assert "Sixty days to try them" in page.text

    async def test_of_an_unknown_campaign_is_a_page_that_helps(
        self, browser: httpx.AsyncClient, strideworks: House
    ) -> None:
        await enter(browser, strideworks.email)

        page = await browser.get("/advertiser/campaigns/cmp_nothing")

        assert page.status_code == 404
        assert "You have no such campaign" in page.text


class TestPauseAndResume:
    async def test_work_without_scripts(
        self,
        browser: httpx.AsyncClient,
        database: Database,
        strideworks: House,
    ) -> None:
        await enter(browser, strideworks.email)

        paused = await press(browser, strideworks, "pause")
        page = await browser.get(paused.headers["location"])

        assert paused.status_code == 303
        assert "The campaign is paused" in page.text
        assert await status(database, strideworks) == "paused"

        await press(browser, strideworks, "resume")

        assert await status(database, strideworks) == "live"

    async def test_answer_htmx_with_the_live_region_and_a_notice(
        self, browser: httpx.AsyncClient, strideworks: House
    ) -> None:
        await enter(browser, strideworks.email)

        answer = await press(browser, strideworks, "pause", **{"hx-request": "true"})

        assert answer.status_code == 200
        assert 'id="live"' in answer.text
        assert "Resume" in answer.text
        assert 'hx-swap-oob="innerHTML"' in answer.text

    async def test_leave_one_audit_row_each_however_often_pressed(
        self,
        browser: httpx.AsyncClient,
        database: Database,
        strideworks: House,
    ) -> None:
        await enter(browser, strideworks.email)

        for act in ("pause", "pause", "resume", "resume"):
            await press(browser, strideworks, act)

        async with database.reading() as session:
            rows = await session.execute(
                sa.text(
                    "SELECT action, subject, organisation_id, request_id FROM audit_event "
                    "WHERE action LIKE 'campaign.%' ORDER BY id"
                )
            )
            logged = [tuple(row) for row in rows]
        assert [row[:3] for row in logged] == [
            ("campaign.paused", strideworks.campaign_id, strideworks.organisation_id),
            ("campaign.resumed", strideworks.campaign_id, strideworks.organisation_id),
        ]
        assert all(row[3].startswith("req_") for row in logged)

    @pytest.mark.parametrize("role", [Role.VIEWER, Role.BILLING])
    async def test_are_not_for_those_who_only_look_or_pay(
        self,
        browser: httpx.AsyncClient,
        database: Database,
        clock: FrozenClock,
        strideworks: House,
        role: Role,
    ) -> None:
        await a_member(database, clock, strideworks, role, email="vi@strideworks.example")
        await enter(browser, "vi@strideworks.example")

        page = await browser.get("/advertiser/")
        answer = await press(browser, strideworks, "pause")

        assert "/pause" not in page.text
        assert answer.status_code == 403
        assert await status(database, strideworks) == "live"

    async def test_refuse_a_view_that_does_not_exist(
        self, browser: httpx.AsyncClient, strideworks: House
    ) -> None:
        await enter(browser, strideworks.email)
        token = forms.token_in(await browser.get("/advertiser/"))

        answer = await browser.post(
            f"/advertiser/campaigns/{strideworks.campaign_id}/pause",
            data={"csrf": token, "view": "elsewhere"},
        )

        assert answer.status_code == 422
        assert "Please check the form" in answer.text


class TestAnotherOrganisation:
    @pytest.mark.parametrize("suffix", ["", "/live"])
    async def test_cannot_read_a_campaign(
        self,
        browser: httpx.AsyncClient,
        database: Database,
        clock: FrozenClock,
        strideworks: House,
        suffix: str,
    ) -> None:
        other = await a_house(database, clock, "Otherbrand")
        await enter(browser, other.email)

        answer = await browser.get(f"/advertiser/campaigns/{strideworks.campaign_id}{suffix}")

        assert answer.status_code == 404
        assert "Strideworks" not in answer.text

    @pytest.mark.parametrize("act", ["pause", "resume"])
    async def test_cannot_change_a_campaign(
        self,
        browser: httpx.AsyncClient,
        database: Database,
        clock: FrozenClock,
        strideworks: House,
        act: str,
    ) -> None:
        other = await a_house(database, clock, "Otherbrand")
        await enter(browser, other.email)

        answer = await press(browser, strideworks, act)

        assert answer.status_code == 404
        assert await status(database, strideworks) == "live"

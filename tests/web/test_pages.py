"""What all portals share: the door, forms, roles, headers, errors, fragments."""

import re

import httpx
import pytest
from fastapi import Request

from kernel.clock import FrozenClock
from kernel.database import Database
from kernel.errors import Forbidden
from kernel.signing import SigningKeys
from tests.web.forms import sign_in, token_in
from tests.web.residents import EMAIL, a_person
from web.cookies import Cookies
from web.csrf import CsrfTokens
from web.front_desk import FrontDesk
from web.roles import Role


class TestSigningIn:
    async def test_leads_to_where_the_visitor_wanted_to_go(
        self, browser: httpx.AsyncClient, database: Database, clock: FrozenClock
    ) -> None:
        await a_person(database, clock)

        sent_away = await browser.get("/trial/?period=7d")
        answer = await sign_in(browser, next_page="/trial/?period=7d")
        page = await browser.get(answer.headers["location"])

        assert sent_away.status_code == 303
        assert sent_away.headers["location"] == "/trial/sign-in?next=%2Ftrial%2F%3Fperiod%3D7d"
        assert answer.headers["location"] == "/trial/?period=7d"
        assert f"Hello {EMAIL}" in page.text

    @pytest.mark.parametrize(
        "elsewhere",
        [
            "https://evil.example/",
            "//evil.example/",
            "/\\evil.example",
            "/trial/../../evil",
            "/trial/\r\nset-cookie: a=b",
            "javascript:alert(1)",
            "/other/",
        ],
    )
    async def test_never_leads_elsewhere(
        self, browser: httpx.AsyncClient, database: Database, clock: FrozenClock, elsewhere: str
    ) -> None:
        await a_person(database, clock)

        answer = await sign_in(browser, next_page=elsewhere)

        assert answer.headers["location"] == "/trial/"

    async def test_gives_a_new_token_and_ends_the_session_before(
        self, browser: httpx.AsyncClient, database: Database, clock: FrozenClock, front: FrontDesk
    ) -> None:
        await a_person(database, clock)
        await a_person(database, clock, email="eve@strideworks.example")
        await sign_in(browser, email="eve@strideworks.example")
        planted = browser.cookies["tf_session"]
        form = await browser.get("/trial/")

        await browser.post(
            "/trial/sign-in",
            data={"email": EMAIL, "password": "correct horse battery", "csrf": token_in(form)},
        )

        assert browser.cookies["tf_session"] != planted
        browser.cookies.clear()
        browser.cookies.set("tf_session", planted)
        assert (await browser.get("/trial/")).status_code == 303

    async def test_keeps_the_address_and_forgets_the_password_when_it_fails(
        self, browser: httpx.AsyncClient, database: Database, clock: FrozenClock
    ) -> None:
        await a_person(database, clock)

        answer = await sign_in(browser, password="wrong <b>horse</b>")

        assert answer.status_code == 422
        assert EMAIL in answer.text
        assert "horse" not in answer.text
        assert 'role="alert"' in answer.text

    async def test_is_not_offered_twice(
        self, browser: httpx.AsyncClient, database: Database, clock: FrozenClock
    ) -> None:
        await a_person(database, clock)
        await sign_in(browser)

        assert (await browser.get("/trial/sign-in")).headers["location"] == "/trial/"

    async def test_ends_by_signing_out(
        self, browser: httpx.AsyncClient, database: Database, clock: FrozenClock
    ) -> None:
        await a_person(database, clock)
        await sign_in(browser)
        page = await browser.get("/trial/")

        out = await browser.post("/trial/sign-out", data={"csrf": token_in(page)})

        assert out.headers["location"] == "/trial/sign-in"
        assert (await browser.get("/trial/")).status_code == 303


class TestAForm:
    @pytest.mark.parametrize("token", ["", "nonsense", "AQ==", "ä", "A" * 28])
    async def test_without_our_token_changes_nothing(
        self, browser: httpx.AsyncClient, database: Database, clock: FrozenClock, token: str
    ) -> None:
        await a_person(database, clock)
        await sign_in(browser)

        answer = await browser.post("/trial/pay", data={"csrf": token})

        assert answer.status_code == 403
        assert "reload the page" in answer.text

    async def test_with_another_visitors_token_changes_nothing(
        self, browser: httpx.AsyncClient, database: Database, clock: FrozenClock, front: FrontDesk
    ) -> None:
        await a_person(database, clock)
        await sign_in(browser)

        answer = await browser.post("/trial/pay", data={"csrf": front.csrf.token("another")})

        assert answer.status_code == 403

    @pytest.mark.parametrize(
        "origin",
        [
            {"sec-fetch-site": "cross-site"},
            {"sec-fetch-site": "same-site"},
            {"origin": "https://evil.example"},
            {"origin": "null"},
        ],
    )
    async def test_from_another_site_is_refused_whatever_it_carries(
        self,
        browser: httpx.AsyncClient,
        database: Database,
        clock: FrozenClock,
        origin: dict[str, str],
    ) -> None:
        await a_person(database, clock)
        await sign_in(browser)
        page = await browser.get("/trial/")

        answer = await browser.post("/trial/pay", data={"csrf": token_in(page)}, headers=origin)

        assert answer.status_code == 403

    async def test_that_was_ours_goes_through(
        self, browser: httpx.AsyncClient, database: Database, clock: FrozenClock
    ) -> None:
        await a_person(database, clock)
        await sign_in(browser)
        page = await browser.get("/trial/")

        answer = await browser.post(
            "/trial/pay",
            data={"csrf": token_in(page)},
            headers={"sec-fetch-site": "same-origin", "origin": "http://testserver"},
        )

        assert answer.status_code == 303

    async def test_that_is_enormous_is_refused_before_it_is_read(
        self, browser: httpx.AsyncClient
    ) -> None:
        answer = await browser.post("/trial/pay", data={"csrf": "x" * 300_000})

        assert answer.status_code == 413

    async def test_from_before_the_key_was_rotated_still_goes_through(self) -> None:
        cookies = Cookies(secure=False)
        old = SigningKeys({1: b"1" * 32}, current=1)
        both = SigningKeys({1: b"1" * 32, 2: b"2" * 32}, current=2)
        token = CsrfTokens(old, cookies).token("a-visit")
        headers = {"cookie": "tf_visit=a-visit", "x-csrf-token": token, "content-length": "0"}
        raw = [(name.encode(), value.encode()) for name, value in headers.items()]
        request = Request({"type": "http", "method": "POST", "headers": raw})

        await CsrfTokens(both, cookies).check(request)

        with pytest.raises(Forbidden):
            await CsrfTokens(SigningKeys({2: b"2" * 32}, current=2), cookies).check(request)


class TestARole:
    async def test_that_may_not_gets_a_page_that_says_so(
        self, browser: httpx.AsyncClient, database: Database, clock: FrozenClock
    ) -> None:
        await a_person(database, clock, role=Role.VIEWER)
        await sign_in(browser)
        page = await browser.get("/trial/")

        answer = await browser.post("/trial/pay", data={"csrf": token_in(page)})

        assert answer.status_code == 403
        assert "Your role here is viewer" in answer.text
        assert "Money" not in page.text

    async def test_is_needed_to_see_anything(
        self, browser: httpx.AsyncClient, database: Database, clock: FrozenClock
    ) -> None:
        await a_person(database, clock, role=None)
        await sign_in(browser)

        answer = await browser.get("/trial/")

        assert answer.status_code == 403
        assert "no organisation yet" in answer.text


class TestAPage:
    async def test_allows_our_own_scripts_and_styles_only(self, browser: httpx.AsyncClient) -> None:
        page = await browser.get("/trial/sign-in")

        policy = page.headers["content-security-policy"]
        assert "unsafe" not in policy
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert not re.search(r"\sstyle=|\son[a-z]+=|<style|<script>", page.text)
        addresses = re.findall(r'(?:src|href|action)="([^"]+)"', page.text)
        assert addresses
        assert all(address.startswith(("/", "#")) for address in addresses)

    async def test_is_not_kept_by_caches(self, browser: httpx.AsyncClient) -> None:
        page = await browser.get("/trial/sign-in")

        assert page.headers["cache-control"] == "no-store"
        assert page.headers["referrer-policy"] == "same-origin"

    async def test_hides_its_cookies_from_scripts(self, browser: httpx.AsyncClient) -> None:
        page = await browser.get("/trial/sign-in")

        cookie = page.headers["set-cookie"].lower()
        assert "httponly" in cookie
        assert "samesite=lax" in cookie

    async def test_that_is_missing_says_so_with_the_requests_number(
        self, browser: httpx.AsyncClient, database: Database, clock: FrozenClock
    ) -> None:
        await a_person(database, clock)
        await sign_in(browser)

        page = await browser.get("/trial/nothing/here")

        assert page.status_code == 404
        assert page.headers["x-request-id"] in page.text
        assert "text/html" in page.headers["content-type"]

    async def test_that_breaks_tells_nothing_about_it(self, browser: httpx.AsyncClient) -> None:
        page = await browser.get("/trial/broken")

        assert page.status_code == 500
        assert "secret" not in page.text
        assert page.headers["x-request-id"] in page.text

    async def test_over_https_uses_cookies_that_cannot_be_planted(self) -> None:
        cookies = Cookies(secure=True)

        assert cookies.session_name.startswith("__Host-")
        assert cookies.visit_name.startswith("__Host-")


class TestAFragment:
    async def test_of_a_signed_out_visitor_moves_the_whole_page(
        self, browser: httpx.AsyncClient
    ) -> None:
        answer = await browser.get(
            "/trial/?seen=x",
            headers={"hx-request": "true", "hx-current-url": "http://testserver/trial/campaigns/1"},
        )

        assert answer.status_code == 204
        assert answer.headers["hx-redirect"].startswith("/trial/sign-in?next=%2Ftrial%2Fcampaigns")

    async def test_with_an_error_brings_its_notice(self, browser: httpx.AsyncClient) -> None:
        answer = await browser.get("/trial/broken", headers={"hx-request": "true"})

        assert answer.status_code == 500
        assert 'id="notices"' in answer.text
        assert "<html" not in answer.text

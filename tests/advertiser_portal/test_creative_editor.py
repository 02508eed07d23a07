"""Writing creatives: what is handed in, what is refused, what is shown while typing."""

from collections.abc import Sequence
from dataclasses import dataclass

import httpx
import pytest

from adserver.catalog import queries
from adserver.catalog.queries import LiveCreative
from adserver.decision.landscape import Landscape, Point, Range
from kernel.clock import FrozenClock
from kernel.database import Database
from tests.advertiser_portal.houses import (
    BID,
    PASSWORD,
    House,
    a_house,
    a_member,
    portal_app,
)
from tests.web import forms
from tollfree_sdk.contract import Turn
from web.roles import Role

COPY = {
    "title": "Arch Two",
    "body": "Firm where the arch needs it.",
    "cta": "See the shoe",
    "landing_url": "https://strideworks.example/arch-two",
    "category": "running",
    "language": "en",
    "example_prompts": "Which shoes for flat feet?\nBest stability shoes?\nTrainers that last?",
    "facts": "238 g in size 42",
}


TERMS = {"name": "Autumn trail", "bid": "$0.35"}


async def enter(browser: httpx.AsyncClient, email: str) -> None:
    answer = await forms.sign_in(browser, email=email, password=PASSWORD, portal="/advertiser/")
    assert answer.status_code == 303


async def send(
    browser: httpx.AsyncClient, address: str, fields: dict[str, object], page: str = ""
) -> httpx.Response:
    token = forms.token_in(await browser.get(page or "/advertiser/members"))
    return await browser.post(address, data={"csrf": token, **fields})


class TestTheCreativeEditor:
    async def test_hands_in_for_review(
        self, browser: httpx.AsyncClient, database: Database, strideworks: House
    ) -> None:
        await enter(browser, strideworks.email)
        address = f"/advertiser/campaigns/{strideworks.campaign_id}/creatives/new"

        answer = await send(browser, address, {**COPY, "press": "submit"})

        assert answer.status_code == 303
        async with database.reading() as session:
            made = (await queries.creatives_of(session, strideworks.campaign_id))[-1]
        assert made.review_state.value == "in_review"
        assert made.copy.facts == ("238 g in size 42",)

    async def test_keeps_nothing_of_copy_that_is_handed_in_and_refused(
        self, browser: httpx.AsyncClient, database: Database, strideworks: House
    ) -> None:
        await enter(browser, strideworks.email)
        address = f"/advertiser/campaigns/{strideworks.campaign_id}/creatives/new"
        fields = {**COPY, "landing_url": "https://elsewhere.example/", "press": "submit"}

        answer = await send(browser, address, fields)

        assert answer.status_code == 422
        assert "lies on strideworks.example" in answer.text
        async with database.reading() as session:
            assert len(await queries.creatives_of(session, strideworks.campaign_id)) == 1

    async def test_shows_checks_and_preview_while_typing_and_escapes_them(
        self, browser: httpx.AsyncClient, strideworks: House
    ) -> None:
        await enter(browser, strideworks.email)
        address = f"/advertiser/campaigns/{strideworks.campaign_id}/creatives/preview"

        page = await send(browser, address, {**COPY, "title": "<script>alert(1)</script> #1 best"})

        assert page.status_code == 200
        assert "<html" not in page.text
        assert "<script>" not in page.text
        assert "A person will look" in page.text or "Must change" in page.text

    @pytest.mark.parametrize("role", [Role.BILLING, Role.VIEWER])
    async def test_and_the_campaign_editor_are_for_those_who_edit(
        self,
        browser: httpx.AsyncClient,
        database: Database,
        clock: FrozenClock,
        strideworks: House,
        role: Role,
    ) -> None:
        await a_member(database, clock, strideworks, role, email="bob@strideworks.example")
        await enter(browser, "bob@strideworks.example")
        own = f"/advertiser/campaigns/{strideworks.campaign_id}"

        answers = [
            await send(browser, address, fields)
            for address, fields in (
                ("/advertiser/campaigns/new", TERMS),
                (f"{own}/edit", TERMS),
                (f"{own}/duplicate", {}),
                (f"{own}/start", {}),
                (f"{own}/end", {}),
                (f"{own}/creatives/new", COPY),
                (f"{own}/creatives/preview", COPY),
                (f"/advertiser/creatives/{strideworks.creative_id}", COPY),
            )
        ]

        assert {answer.status_code for answer in answers} == {403}

    async def test_and_the_campaign_editor_know_nothing_of_another_house(
        self,
        browser: httpx.AsyncClient,
        database: Database,
        clock: FrozenClock,
        strideworks: House,
    ) -> None:
        other = await a_house(database, clock, "Peakline")
        await enter(browser, strideworks.email)
        theirs = f"/advertiser/campaigns/{other.campaign_id}"

        answers = [
            await send(browser, address, fields)
            for address, fields in (
                (f"{theirs}/edit", TERMS),
                (f"{theirs}/duplicate", {}),
                (f"{theirs}/start", {}),
                (f"{theirs}/end", {}),
                (f"{theirs}/creatives/new", COPY),
                (f"{theirs}/creatives/preview", COPY),
                (f"/advertiser/creatives/{other.creative_id}", COPY),
            )
        ]
        pages = [
            await browser.get(address)
            for address in (
                f"{theirs}/edit",
                f"{theirs}/creatives/new",
                f"/advertiser/creatives/{other.creative_id}",
            )
        ]

        assert {answer.status_code for answer in answers + pages} == {404}
        assert not any("Peakline" in answer.text for answer in answers + pages)


@dataclass(frozen=True)
class Found:
    relevance: float | None
    reason: str | None


class KnowsShoes:
    """Matches whatever speaks of shoes."""

    async def match(
        self, creative: LiveCreative, conversations: Sequence[Sequence[Turn]]
    ) -> Sequence[Found]:
        assert creative.advertiser_name == "Strideworks"
        return [
            Found(0.9, None) if "shoes" in turns[-1].text else Found(0.2, "relevance")
            for turns in conversations
        ]

    async def forecast(
        self, creative: LiveCreative, fits: Sequence[float], tried: int
    ) -> Landscape | None:
        assert (creative.category, tried) == ("running", 6)
        assert fits == [0.9] * 4
        reach = Range(92.0, 140.0, 208.0)
        point = Point(BID, True, 0.63, reach, Range(0.0, 2.0, 4.0), Range(0.0, 6e5, 1.2e6))
        return self.told or Landscape(212, 3.4, reach, (point,))

    def __init__(self, told: Landscape | None = None) -> None:
        self.told = told


async def test_the_panel_tells_what_to_expect_or_that_it_cannot(
    database: Database, clock: FrozenClock, strideworks: House
) -> None:
    pages = []
    for told in (None, Landscape(12, 3.4)):
        app = portal_app(database, clock, public_url="http://testserver", matcher=KnowsShoes(told))
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as browser:
            await enter(browser, strideworks.email)
            address = f"/advertiser/campaigns/{strideworks.campaign_id}/creatives/preview"
            pages.append((await send(browser, address, COPY)).text)

    assert "<strong>92–208</strong> matching questions a day" in pages[0]
    assert "$0.45 <span" in pages[0]
    assert "$0.00–$1.20" in pages[0]
    assert "From 212 auctions about this subject in 3 days" in pages[0]
    assert "Too little data to say: 12 questions about this subject" in pages[1]


async def test_the_match_panel_shows_what_would_match_and_why_the_rest_would_not(
    database: Database, clock: FrozenClock, strideworks: House
) -> None:
    app = portal_app(database, clock, public_url="http://testserver", matcher=KnowsShoes())
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as browser:
        await enter(browser, strideworks.email)
        address = f"/advertiser/campaigns/{strideworks.campaign_id}/creatives/preview"

        page = await send(browser, address, {**COPY})

    before, _, after = page.text.partition("Would not match")
    assert "Which running shoes are good for flat feet?" in before
    assert "Which running shoes are good for flat feet?" not in after
    assert "Too far from your copy and questions" in after

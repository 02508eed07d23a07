"""Writing campaigns and creatives: what is kept, what comes back, what is shown while typing."""

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass

import httpx
import pytest

from adserver.catalog import queries
from adserver.catalog.queries import LiveCreative
from advertiser_portal.campaign_form import CampaignForm
from kernel.clock import FrozenClock
from kernel.database import Database
from kernel.errors import BadRequest
from kernel.money import Micros
from ledger.charging import LimitKey
from ledger.limits import remaining
from tests.advertiser_portal.houses import (
    PASSWORD,
    House,
    a_house,
    a_member,
    an_ad_was_delivered,
    it_was_clicked,
    portal_app,
)
from tests.web import forms
from tollfree_sdk.contract import Turn
from web.roles import Role

TERMS = {
    "name": "Autumn trail",
    "bid": "$0.35",
    "daily_budget": "12.50",
    "total_budget": "1,000",
    "time_zone": "Europe/Berlin",
    "starts_at": "2030-06-01T00:00",
    "countries": "de, AT",
    "languages": "de",
    "keywords": "trail running\ngravel",
    "negative_keywords": "used",
    "formats": ["unit", "mention"],
}
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


async def enter(browser: httpx.AsyncClient, email: str) -> None:
    answer = await forms.sign_in(browser, email=email, password=PASSWORD, portal="/advertiser/")
    assert answer.status_code == 303


async def send(
    browser: httpx.AsyncClient, address: str, fields: dict[str, object], page: str = ""
) -> httpx.Response:
    token = forms.token_in(await browser.get(page or "/advertiser/members"))
    return await browser.post(address, data={"csrf": token, **fields})


class TestTheCampaignEditor:
    async def test_keeps_every_term_and_agrees_the_limits_with_the_ledger(
        self, browser: httpx.AsyncClient, database: Database, strideworks: House
    ) -> None:
        await enter(browser, strideworks.email)

        made = await send(browser, "/advertiser/campaigns/new", TERMS)

        found = re.search(r"campaigns/(cmp_\w+)/creatives/new", made.headers["location"])
        assert found is not None
        key = found.group(1)
        async with database.reading() as session:
            campaign = await queries.campaign(session, key)
            assert campaign is not None
            at = campaign.terms.starts_at
            limits = [LimitKey("campaign_day", key), LimitKey("campaign_total", key)]
            left = await remaining(session, limits, at)
        assert at.isoformat() == "2030-05-31T22:00:00+00:00"
        assert campaign.terms.bid == Micros(350_000)
        assert left == {limits[0]: Micros(12_500_000), limits[1]: Micros(1_000_000_000)}
        assert campaign.targeting.countries == ("DE", "AT")
        assert campaign.targeting.keywords == ("trail running", "gravel")
        assert campaign.targeting.formats == ("unit", "mention")

    async def test_shows_a_campaign_as_it_is_so_that_saving_it_unchanged_changes_nothing(
        self, browser: httpx.AsyncClient, database: Database, strideworks: House
    ) -> None:
        await enter(browser, strideworks.email)
        async with database.reading() as session:
            before = await queries.campaign(session, strideworks.campaign_id)
        address = f"/advertiser/campaigns/{strideworks.campaign_id}/edit"
        page = await browser.get(address)
        fields: dict[str, object] = {
            name: html.unescape(value)
            for name, value in re.findall(
                r'<input class="form-control[^>]* name="(\w+)"[^>]* value="([^"]*)"', page.text
            )
        }
        fields |= {"time_zone": "UTC", "formats": ["unit"]}

        answer = await send(browser, address, fields)

        async with database.reading() as session:
            after = await queries.campaign(session, strideworks.campaign_id)
        assert answer.headers["location"].endswith("?note=saved")
        assert after == before

    async def test_raises_a_daily_budget_without_forgetting_what_is_spent(
        self,
        browser: httpx.AsyncClient,
        database: Database,
        clock: FrozenClock,
        strideworks: House,
    ) -> None:
        decision_id = await an_ad_was_delivered(database, clock, strideworks)
        await it_was_clicked(database, clock, strideworks, decision_id)
        await enter(browser, strideworks.email)
        address = f"/advertiser/campaigns/{strideworks.campaign_id}/edit"
        fields: dict[str, object] = {"name": "S", "bid": "0.45", "daily_budget": "30"}

        answer = await send(browser, address, fields)

        assert answer.status_code == 303
        key = LimitKey("campaign_day", strideworks.campaign_id)
        async with database.reading() as session:
            left = await remaining(session, [key], clock.now())
        assert left[key] == Micros(29_690_000)

    @pytest.mark.parametrize(
        ("field", "value", "says"),
        [
            ("bid", "a lot", "Give an amount in dollars"),
            ("bid", "0.001", "A bid lies between"),
            ("daily_budget", "0.10", "does not pay for one click"),
            ("time_zone", "Moon/Crater", "IANA name"),
            ("ends_at", "2030-01-01T00:00", "ends before it starts"),
            ("countries", "Germany", "not a code"),
            ("negative_keywords", "gravel", "a keyword and a negative keyword"),
        ],
    )
    async def test_gives_back_what_was_typed_with_the_field_that_is_wrong(
        self, browser: httpx.AsyncClient, strideworks: House, field: str, value: str, says: str
    ) -> None:
        await enter(browser, strideworks.email)

        page = await send(browser, "/advertiser/campaigns/new", TERMS | {field: value})

        assert page.status_code == 422
        assert says in page.text
        assert "Autumn trail" in page.text
        if field != "time_zone":
            assert re.search(rf'id="{field}"[^>]*aria-invalid="true"', page.text)

    async def test_duplicates_as_a_draft_whose_copy_is_not_reviewed(
        self, browser: httpx.AsyncClient, database: Database, strideworks: House
    ) -> None:
        await enter(browser, strideworks.email)

        answer = await send(
            browser, f"/advertiser/campaigns/{strideworks.campaign_id}/duplicate", {}
        )

        key = answer.headers["location"].split("/")[-1].partition("?")[0]
        async with database.reading() as session:
            campaign = await queries.campaign(session, key)
            creatives = await queries.creatives_of(session, key)
        assert campaign is not None
        assert campaign.status.value == "draft"
        assert [one.review_state.value for one in creatives] == ["draft"]


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


def test_times_are_local_to_the_campaign_and_wrong_ones_are_named() -> None:
    form = CampaignForm(name="S", starts_at="2030-01-01T25:00")

    with pytest.raises(BadRequest) as refused:
        form.terms(FrozenClock().now())

    assert refused.value.param == "starts_at"

"""Writing campaigns: what is kept, what comes back, what the ledger is told."""

import html
import re

import httpx
import pytest

from adserver.catalog import queries
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
    an_ad_was_delivered,
    it_was_clicked,
)
from tests.web import forms

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
        fields |= {"time_zone": "UTC", "formats": ["unit", "mention"]}

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


def test_times_are_local_to_the_campaign_and_wrong_ones_are_named() -> None:
    form = CampaignForm(name="S", starts_at="2030-01-01T25:00")

    with pytest.raises(BadRequest) as refused:
        form.terms(FrozenClock().now())

    assert refused.value.param == "starts_at"

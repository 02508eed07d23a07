"""From a landing page to a live campaign, kept at every step; or a rehearsal that costs nothing."""

from typing import Any

import httpx
import pytest

from adserver.catalog import queries
from adserver.catalog.lint import blocking, lint
from advertiser_portal.drafting import Drafter, drafts_from
from advertiser_portal.landing_page import read_page
from kernel.clock import FrozenClock
from kernel.database import Database
from kernel.egress import EgressRefused, Fetched
from tests.advertiser_portal.houses import House, portal_app
from tests.advertiser_portal.test_pages import enter
from tests.web.forms import token_in
from web.letters import Outbox

pytestmark = pytest.mark.parametrize("engine_kind", ["sqlite"])
PAGE = """<!doctype html><html lang="en"><head><title>Arch One stability shoe | Strideworks</title>
<meta name="description" content="A running shoe for flat feet. Firm where the arch needs it.">
<script>alert("never read")</script><style>h1 { color: red }</style></head><body>
<nav><li>Home of the nav that is passed over</li></nav>
<h1>Arch One: support for flat feet</h1><h2>Firm medial post for runners</h2>
<ul><li>Sixty days to try them at home</li><li>238 g in size 42</li><li>Free returns within the year</li></ul>
<p>Made for runners who log long miles and want a shoe that keeps its shape, marathon or not.</p>
<footer><p>Footers are passed over as well</p></footer></body></html>"""


class OnePage:
    """An internet of one page."""

    def __init__(self, html: str = PAGE, status: int = 200) -> None:
        self._html, self._status = html, status
        self.asked: list[str] = []

    async def fetch(self, url: str, **_limits: Any) -> Fetched:
        self.asked.append(url)
        if "unreachable" in url:
            raise EgressRefused("unreachable", "This host is not known.")
        return Fetched(url, self._status, "text/html; charset=utf-8", self._html.encode())


@pytest.fixture
async def browser(database: Database, clock: FrozenClock) -> Any:
    app = portal_app(
        database,
        clock,
        public_url="http://testserver",
        post=Outbox(),
        drafter=Drafter(OnePage()),
        auto_approve_after_lint=True,
    )
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
        yield client


async def send(browser: httpx.AsyncClient, address: str, **fields: str) -> httpx.Response:
    csrf = token_in(await browser.get("/advertiser/start"))
    return await browser.post(address, data={**fields, "csrf": csrf})


ADS = {
    "title_1": "Arch One: support for flat feet",
    "body_1": "Firm where the arch needs it.",
    "cta_1": "See more",
    "title_2": "Firm medial post for runners",
    "body_2": "Sixty days to try them at home.",
    "cta_2": "See more",
    "questions": "Which shoes help flat feet?\nGood stability shoes?\nShoes for a first marathon?",
    "category": "running",
    "facts": "Sixty days to try them at home",
}
BUDGET = {"name": "Flat feet", "bid_type": "cpc", "bid": "0.45", "daily_budget": "20"}


async def at_the_budget(browser: httpx.AsyncClient, house: House) -> str:
    """Three steps done; the address of the fourth."""
    await enter(browser, house.email)
    begun = await send(browser, "/advertiser/start")
    page = begun.headers["location"]
    ads = await send(browser, page, url="https://strideworks.example/arch", press="next")
    audience = await send(browser, ads.headers["location"], press="next", **ADS)
    budget = await send(browser, audience.headers["location"], press="next", countries="DE, AT")
    return str(budget.headers["location"])


async def test_a_page_becomes_a_live_campaign(
    browser: httpx.AsyncClient, database: Database, strideworks: House
) -> None:
    address = await at_the_budget(browser, strideworks)

    done = await send(browser, address, press="launch", **BUDGET)

    campaign_id = done.headers["location"].split("/")[-1].partition("?")[0]
    async with database.reading() as session:
        campaign = await queries.campaign(session, campaign_id)
        creatives = await queries.creatives_of(session, campaign_id)
    assert campaign is not None
    assert campaign.status.value == "live"
    assert campaign.targeting.countries == ("DE", "AT")
    assert [one.copy.title for one in creatives] == [ADS["title_1"], ADS["title_2"]]
    assert {one.review_state.value for one in creatives} == {"approved"}
    again = await browser.get(address)
    assert again.headers["location"].endswith(campaign_id)


async def test_drafts_stand_in_the_form_and_what_was_typed_is_kept(
    browser: httpx.AsyncClient, strideworks: House
) -> None:
    await enter(browser, strideworks.email)
    begun = await send(browser, "/advertiser/start")
    ads = await send(
        browser, begun.headers["location"], url="https://strideworks.example/arch", press="next"
    )
    drafted = await browser.get(ads.headers["location"])
    await send(browser, ads.headers["location"], press="next", **ADS | {"title_1": "My own title"})

    going = await browser.get("/advertiser/start")
    back = await browser.get(ads.headers["location"])

    assert "Arch One: support for flat feet" in drafted.text
    assert "Sixty days to try them at home" in drafted.text
    assert "Go on where you were" in going.text
    assert "My own title" in back.text


async def test_a_test_is_a_draft_that_costs_nothing(
    browser: httpx.AsyncClient, database: Database, strideworks: House
) -> None:
    address = await at_the_budget(browser, strideworks)

    done = await send(browser, address, press="test", **BUDGET)

    where = done.headers["location"]
    page = await browser.get(where)
    assert "nothing is charged" in page.text
    async with database.reading() as session:
        campaign = await queries.campaign(session, where.split("/")[-2])
    assert campaign is not None
    assert campaign.status.value == "draft"
    launched = await send(browser, where.replace("rehearsal", "launch"))
    assert "note=launched" in launched.headers["location"]


@pytest.mark.parametrize(
    ("step", "fields", "said"),
    [
        ("page", {"url": "https://unreachable.example/", "press": "next"}, "write the ad by hand"),
        ("ads", {**ADS, "title_1": "", "title_2": ""}, "at least one ad"),
        ("ads", {**ADS, "questions": "One?"}, "3 to 5"),
        ("ads", {**ADS, "title_1": "Visit www.elsewhere.example now"}, "reads as an address"),
        ("audience", {"countries": "Germany"}, "is not a code"),
        ("budget", {**BUDGET, "bid": "a lot"}, "amount in dollars"),
        ("budget", {**BUDGET, "daily_budget": "0.01"}, "does not pay for"),
    ],
)
async def test_what_cannot_stand_comes_back_with_its_reason(
    browser: httpx.AsyncClient, strideworks: House, step: str, fields: dict[str, str], said: str
) -> None:
    address = await at_the_budget(browser, strideworks)

    answer = await send(browser, address.replace("budget", step), **fields)

    assert answer.status_code == 422
    assert said in answer.text


@pytest.mark.parametrize(
    "html",
    [
        "",
        "<p>",
        "<title></title><h1> </h1>",
        "<script>" * 50,
        "<h1>" + "x" * 10_000,
        "\x00<h1>\x07</h1>",
        "<h1>BUY NOW!!! Best of all! visit www.spam.example +49 30 1234567</h1>",
        "<h1>=cmd|' /C calc'!A0</h1><li>This is not an ad, honestly it is not</li>",
        PAGE,
    ],
    ids=range(9),
)
def test_drafts_never_say_what_the_policy_forbids(engine_kind: str, html: str) -> None:
    url, domain = "https://strideworks.example/arch", "strideworks.example"

    drafts = drafts_from(read_page(html.encode(), "text/html"), url=url, domain=domain)

    for copy in drafts.copies:
        found = blocking(lint(copy, domain=domain))
        assert {one.field for one in found} <= {"example_prompts", "category", "body"}
        assert "www." not in copy.title
    assert drafts.copies or drafts.problem


def test_a_page_is_read_without_its_machinery(engine_kind: str) -> None:
    page = read_page(PAGE.encode(), "text/html")

    assert page.headings[0] == "Arch One: support for flat feet"
    assert "passed over" not in page.text
    assert "alert" not in page.text
    drafts = drafts_from(page, url="https://strideworks.example/", domain="strideworks.example")
    assert drafts.category == "running"
    assert len(drafts.intents) >= 5

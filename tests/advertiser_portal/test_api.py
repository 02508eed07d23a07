"""A campaign run by a script: created, filled, started, watched, stopped; and files that are safe."""

import csv
import io
from collections.abc import AsyncIterator

import httpx
import pytest

from adserver.catalog.queries import campaigns_of
from advertiser_portal.campaign_file import as_csv, imported
from kernel.clock import FrozenClock
from kernel.database import Database
from kernel.errors import BadRequest
from tests.advertiser_portal.houses import House, a_token, portal_app
from tests.advertiser_portal.test_pages import enter
from tests.web.forms import token_in
from web.letters import Outbox
from web.roles import Role

pytestmark = pytest.mark.parametrize("engine_kind", ["sqlite"])
V = "/api/advertiser/v1"
COPY = {
    "title": "Arch One: support for flat feet",
    "body": "Firm where the arch needs it.",
    "cta": "See the shoe",
    "landing_url": "https://strideworks.example/arch",
    "category": "running",
    "example_prompts": ["Which shoes help flat feet?", "Good shoes?", "Which trainers last?"],
    "facts": ["Sixty days to try them"],
}
TERMS = {"name": "By script", "bid_micros": 450_000, "daily_budget_micros": 20_000_000}
SCRIPT = "\"><script>alert(1)</script><img src=x onerror=alert(1)>'"


ADDRESSES = (
    "",
    "campaigns",
    f"campaigns?q={SCRIPT}&sort={SCRIPT}&note={SCRIPT}",
    "campaigns/{campaign}",
    "campaigns/{campaign}/edit",
    "campaigns/{campaign}/rehearsal",
    "creatives/{creative}",
    f"reports?by={SCRIPT}&period={SCRIPT}",
    f"reports?from={SCRIPT}",
    f"reports?campaign={SCRIPT}",
    "changes",
    "tokens",
    "start",
    "account",
    f"sign-in?next={SCRIPT}",
    f"../ads?q={SCRIPT}",
)


@pytest.fixture
async def program(
    database: Database, clock: FrozenClock, strideworks: House
) -> AsyncIterator[httpx.AsyncClient]:
    """A program with an owner's token."""
    app = portal_app(
        database,
        clock,
        public_url="http://testserver",
        post=Outbox(),
        auto_approve_after_lint=True,
    )
    token = await a_token(database, clock, strideworks)
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app),
        base_url="http://testserver",
        headers={"authorization": f"Bearer {token}"},
    ) as client:
        yield client


async def test_a_campaign_is_run_by_script(program: httpx.AsyncClient) -> None:
    wanted = {"countries": ["de"], "frequency": {"impressions": 3, "hours": 24}}
    made = await program.post(f"{V}/campaigns", json={**TERMS, "targeting": wanted})
    campaign = f"{V}/campaigns/{made.json()['id']}"
    written = await program.post(f"{campaign}/creatives", json=COPY)
    creative = f"{V}/creatives/{written.json()['id']}"
    submitted = await program.post(f"{creative}/submit")
    started = await program.post(f"{campaign}/start")
    changed = await program.patch(
        campaign, json={"bid_micros": 500_000, "targeting": {"frequency": None}}
    )
    paused = await program.post(f"{campaign}/pause")
    versions = await program.get(f"{creative}/versions")
    report = await program.get(f"{V}/reports", params={"by": "creative", "compare": "true"})

    assert (made.status_code, written.status_code) == (201, 201)
    assert submitted.json()["review_state"] == "approved"
    assert (started.json()["status"], started.json()["serving"]) == ("live", "Serving")
    assert changed.json()["bid_micros"] == 500_000
    assert changed.json()["targeting"]["countries"] == ["DE"]
    assert changed.json()["targeting"]["frequency"] is None
    assert paused.json()["reason"].startswith("You paused it")
    assert [one["what"] for one in versions.json()["data"]] == ["Handed in", "Written"]
    assert report.json()["total"]["spend_micros"] == 0


async def test_a_creation_that_is_sent_twice_makes_one_thing(program: httpx.AsyncClient) -> None:
    key = {"idempotency-key": "once"}
    first = await program.post(f"{V}/campaigns", json=TERMS, headers=key)
    again = await program.post(f"{V}/campaigns", json=TERMS, headers=key)
    other = await program.post(f"{V}/campaigns", json={**TERMS, "name": "Other"}, headers=key)
    refused = await program.post(
        f"{V}/campaigns", json={"name": ""}, headers={"idempotency-key": "b"}
    )
    mended = await program.post(f"{V}/campaigns", json=TERMS, headers={"idempotency-key": "b"})

    assert first.json() == again.json()
    assert again.headers["idempotent-replayed"] == "true"
    assert (other.status_code, other.json()["error"]["code"]) == (422, "idempotency_key_reused")
    assert (refused.status_code, mended.status_code) == (400, 201)
    listed = (await program.get(f"{V}/campaigns")).json()["data"]
    assert len(listed) == 3


async def test_a_list_is_paged_without_gaps_or_repeats(program: httpx.AsyncClient) -> None:
    for number in range(4):
        await program.post(f"{V}/campaigns", json={**TERMS, "name": f"Number {number}"})
    seen, after = [], ""
    while after is not None:
        page = (await program.get(f"{V}/campaigns", params={"limit": 2, "after": after})).json()
        seen += [one["id"] for one in page["data"]]
        after = page["next"]

    assert len(seen) == len(set(seen)) == 5
    assert seen == sorted(seen)


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({**TERMS, "bid_micro": 1}, "bid_micro"),
        ({**TERMS, "bid_micros": 0}, "bid"),
        ({**TERMS, "bid_micros": 0.5}, "bid_micros"),
        ({**TERMS, "daily_budget_micros": -5}, "daily_budget_micros"),
        ({**TERMS, "starts_at": "2026-12-01T09:00:00"}, "starts_at"),
        ({**TERMS, "time_zone": "Moon/Base"}, "time_zone"),
        ({**TERMS, "targeting": {"countries": ["Germany"]}}, "countries"),
        ({**TERMS, "targeting": {"frequency": {"impressions": 0, "hours": 1}}}, None),
        ({**TERMS, "bid_type": "cpx"}, "bid_type"),
    ],
)
async def test_a_wrong_member_is_named(
    program: httpx.AsyncClient, body: dict[str, object], param: str | None
) -> None:
    answer = await program.post(f"{V}/campaigns", json=body)

    assert answer.status_code == 400
    assert param is None or param in (answer.json()["error"]["param"] or "")


async def test_the_description_names_every_call_and_its_own_server(
    program: httpx.AsyncClient, strideworks: House
) -> None:
    described = (await program.get(f"{V}/openapi.json")).json()
    await enter(program, strideworks.email)
    page = await program.get("/advertiser/api")

    operations = [one for path in described["paths"].values() for one in path.values()]
    assert len(operations) >= 20
    assert len({one["operationId"] for one in operations}) == len(operations)
    assert all(one.get("description") for one in operations)
    for one in operations:
        assert f'id="{one["operationId"]}"' in page.text


async def test_a_token_is_made_used_and_revoked_on_its_page(
    program: httpx.AsyncClient, strideworks: House
) -> None:
    await enter(program, strideworks.email)
    csrf = token_in(await program.get("/advertiser/tokens"))
    page = await program.post(
        "/advertiser/tokens", data={"name": "nightly", "role": "viewer", "csrf": csrf}
    )
    secret = page.text.partition('id="secret">')[2].partition("<")[0]
    token = {"authorization": f"Bearer {secret}"}

    seen = await program.get(f"{V}/account", headers=token)
    refused = await program.post(f"{V}/campaigns", json=TERMS, headers=token)
    later = await program.get("/advertiser/tokens")

    assert (seen.status_code, seen.json()["role"]) == (200, "viewer")
    assert seen.json()["available_micros"] == 50_000_000
    assert refused.status_code == 403
    assert secret not in later.text
    assert Role.VIEWER.value in later.text.lower()


async def test_campaigns_go_out_as_a_file_and_come_back_as_they_were(
    program: httpx.AsyncClient, database: Database, clock: FrozenClock, strideworks: House
) -> None:
    wanted = {
        "keywords": ["trail", "road shoes"],
        "excluded_brands": ["acme"],
        "frequency": {"impressions": 2, "hours": 12},
    }
    name = '=HYPERLINK("http://x"), with a comma'
    await program.post(f"{V}/campaigns", json={**TERMS, "name": name, "targeting": wanted})
    async with database.reading() as session:
        campaigns = await campaigns_of(session, strideworks.advertiser_id)
    table = as_csv(campaigns)

    rows = list(csv.reader(io.StringIO(table)))
    back = imported(table, now=clock.now())

    assert not any(cell.startswith(("=", "+", "-", "@")) for row in rows for cell in row)
    assert [terms.name for terms, _ in back] == [one.terms.name for one in campaigns]
    assert [targeting for _, targeting in back] == [one.targeting for one in campaigns]


@pytest.mark.parametrize(
    "table", ["", "x", "bid\n1", "name,bid\nA,0.40\nB,none", "name\n" + "A\n" * 501]
)
def test_a_file_with_a_wrong_row_is_refused(
    engine_kind: str, clock: FrozenClock, table: str
) -> None:
    with pytest.raises(BadRequest):
        imported(table, now=clock.now())


async def test_a_script_in_every_field_is_text_on_every_page(
    program: httpx.AsyncClient, strideworks: House
) -> None:
    await enter(program, strideworks.email)
    csrf = {"csrf": token_in(await program.get("/advertiser/"))}
    made = await program.post(
        f"{V}/campaigns",
        json={
            **TERMS,
            "name": SCRIPT,
            "targeting": {
                "keywords": [SCRIPT],
                "negative_keywords": [f"not {SCRIPT}"[:60]],
                "excluded_brands": [SCRIPT],
            },
        },
    )
    campaign = made.json()["id"]
    copy = {**COPY, "body": SCRIPT, "title": SCRIPT[:60], "cta": SCRIPT[:24], "facts": [SCRIPT]}
    copy["example_prompts"] = [SCRIPT, f"{SCRIPT} 2", f"{SCRIPT} 3"]
    creative = (await program.post(f"{V}/campaigns/{campaign}/creatives", json=copy)).json()["id"]
    pages = [
        await program.post("/advertiser/tokens", data={"name": SCRIPT, "role": "viewer", **csrf}),
        await program.post("/advertiser/tokens", data={"name": "x", "days": SCRIPT, **csrf}),
        await program.post(
            "/advertiser/campaigns/views", data={"name": SCRIPT, "view": SCRIPT, **csrf}
        ),
        await program.post("/advertiser/campaigns/import", data={"table": SCRIPT, **csrf}),
        await program.post("/advertiser/members/invite", data={"email": SCRIPT, **csrf}),
        await program.post(
            "/advertiser/campaigns/new", data={"name": SCRIPT, "bid": SCRIPT, **csrf}
        ),
        await program.post(
            f"/advertiser/campaigns/{campaign}/creatives/preview", data={**copy, **csrf}
        ),
    ]
    begun = (await program.post("/advertiser/start", data=csrf)).headers["location"]
    pages.append(await program.post(begun, data={"url": SCRIPT, "press": "next", **csrf}))
    pages.append(await program.get(begun))
    for address in ADDRESSES:
        asked = address.replace("{campaign}", campaign).replace("{creative}", creative)
        pages += [await program.get(f"/advertiser/{asked}")]

    for page in pages:
        assert "<script>alert" not in page.text, page.url
        assert "<img src=x" not in page.text, page.url
        assert page.status_code < 500, page.url
    assert any("&lt;script&gt;" in page.text for page in pages)

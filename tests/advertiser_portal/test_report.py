"""Reports: page, file, API and ledger say the same; small cells stay hidden; files are harmless."""

import csv
import html
import io
import random
import re
from datetime import UTC, date, datetime, timedelta

import httpx
import pytest

from adserver.events.record import DecisionEvent, StepEvent, write_decisions, write_steps
from adserver.events.tables import StepRow
from adserver.reports.numbers import Numbers
from adserver.reports.rollup import catch_up
from advertiser_portal.report import Span, rates_of, span_of
from kernel.clock import FrozenClock
from kernel.database import Database
from kernel.errors import BadRequest
from kernel.ids import new_id
from kernel.money import Micros
from ledger.account import cash
from ledger.balances import balance
from ledger.charging import Split
from ledger.journal import charge
from tests.advertiser_portal.houses import BID, TOP_UP, House, a_house, a_token
from tests.advertiser_portal.test_pages import enter
from tollfree_sdk.contract import Step
from web.spreadsheets import harmless, readable

API = "/api/advertiser/v1/reports"


async def a_week(
    database: Database, clock: FrozenClock, house: House, dice: random.Random, *, ads: int
) -> None:
    """Ads of a house over some days, half of them clicked, at prices to the micro."""
    start = clock.now() - timedelta(days=5)
    async with database.writing() as tx:
        for _ in range(ads):
            decision_id, at = new_id("dec"), start + timedelta(minutes=dice.randrange(7_000))
            price = Micros(dice.randrange(1, BID.amount))
            shown = DecisionEvent(
                decision_id=decision_id,
                at=at,
                publisher_id="zero",
                advertiser_id=house.advertiser_id,
                campaign_id=house.campaign_id,
                creative_id=house.creative_id,
                creative_number=1,
                creative_version=1,
                format=dice.choice(["unit", "mention"]),
                bid=BID,
                price=price,
                relevance=0.8,
                topic=dice.choice(["running", "fitness", None]),
            )
            await write_decisions(tx, [shown])
            await write_steps(tx, [StepEvent(decision_id, Step.DELIVERED, at)])
            if dice.random() < 0.5:
                tx.add(
                    StepRow(
                        decision_id=decision_id,
                        step="click",
                        at=at,
                        billable=True,
                        price_micros=price,
                    )
                )
                await charge(
                    tx,
                    key=f"click:{decision_id}",
                    payer=house.advertiser_id,
                    limits=[],
                    price=price,
                    split=Split("zero", 7_000),
                    ref=decision_id,
                    clock=clock,
                )
    await catch_up(database, clock)


def total_on(page: httpx.Response, name: str) -> str:
    """A cell of the total row: the exact value of money, else the text."""
    row = re.search(r'id="numbers-total">(.*?)</tr>', page.text, re.DOTALL)
    assert row is not None
    cell = re.search(rf'data-label="{name}">(.*?)</td>', row[1], re.DOTALL)
    assert cell is not None
    exact = re.search(r'<data value="([^"]+)"', cell[1])
    return exact[1] if exact else re.sub(r"<[^>]+>", "", cell[1]).strip()


@pytest.mark.parametrize("seed", [1])
async def test_page_file_api_and_ledger_agree_to_the_micro(
    browser: httpx.AsyncClient,
    database: Database,
    clock: FrozenClock,
    strideworks: House,
    seed: int,
) -> None:
    await a_week(database, clock, strideworks, random.Random(seed), ads=40)
    other = await a_house(database, clock, "Otherworks")
    await a_week(database, clock, other, random.Random(seed + 50), ads=5)
    async with database.reading() as session:
        left = (await balance(session, cash(strideworks.advertiser_id))).posted
    spent = (TOP_UP - left).amount
    await enter(browser, strideworks.email)
    token = {"authorization": f"Bearer {await a_token(database, clock, strideworks)}"}
    assert spent > 0

    for by in ("campaign", "creative", "day", "format", "topic", "country", "app", "hour"):
        asked = f"by={by}&period=7d"
        page = await browser.get(f"/advertiser/reports?{asked}")
        file = await browser.get(f"/advertiser/reports.csv?{asked}")
        answer = (await browser.get(f"{API}?by={by}", headers=token)).json()
        rows = list(csv.DictReader(io.StringIO(file.text)))

        *lines, total = rows
        assert Micros.from_units(total["spend"]).amount == spent, by
        assert sum(Micros.from_units(line["spend"]).amount for line in lines) == spent, by
        assert sum(int(line["clicks"]) for line in lines) == int(total["clicks"])
        assert answer["total"]["spend_micros"] == spent
        assert sum(row["spend_micros"] for row in answer["rows"]) == spent
        assert [row["key"] for row in answer["rows"]] == [readable(line[by]) for line in lines]
        assert Micros.from_units(total_on(page, "Spend")).amount == spent
        assert total_on(page, "Clicks") == total["clicks"]


async def test_a_topic_that_few_saw_is_in_the_other_row(
    browser: httpx.AsyncClient, database: Database, clock: FrozenClock, strideworks: House
) -> None:
    await a_week(database, clock, strideworks, random.Random(3), ads=12)
    await enter(browser, strideworks.email)

    page = await browser.get("/advertiser/reports?by=topic&period=7d")

    assert "Other topics" in page.text
    assert "Running and sports shoes" not in page.text
    assert total_on(page, "Delivered") == "12"


async def test_a_comparison_stands_beside_every_number(
    browser: httpx.AsyncClient, database: Database, clock: FrozenClock, strideworks: House
) -> None:
    await a_week(database, clock, strideworks, random.Random(4), ads=4)
    await enter(browser, strideworks.email)

    page = await browser.get("/advertiser/reports?by=day&period=7d&compare=yes")
    file = await browser.get("/advertiser/reports.csv?by=day&period=7d&compare=yes")

    assert "tf-change" in page.text
    assert "spend_before" in file.text.splitlines()[0]


async def test_a_report_of_somebody_elses_campaign_is_not_there(
    browser: httpx.AsyncClient, database: Database, clock: FrozenClock, strideworks: House
) -> None:
    other = await a_house(database, clock, "Otherworks")
    await enter(browser, strideworks.email)

    answer = await browser.get(f"/advertiser/reports?campaign={other.campaign_id}")

    assert answer.status_code == 404
    assert "Otherworks" not in html.unescape(answer.text)


def test_rates_are_of_what_was_paid_in_the_end() -> None:
    numbers = Numbers(
        delivered=2_000,
        clicks=4,
        spend=Micros(5_000_000),
        credited=Micros(1_000_000),
        value=Micros(12_000_000),
    )

    rates = rates_of(numbers)

    assert rates.cost_per_click == Micros(1_000_000)
    assert rates.cost_per_mille == Micros(2_000_000)
    assert rates.return_on_spend == 3.0
    assert rates_of(Numbers()).cost_per_click is None


NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def test_days_are_read_from_the_address() -> None:
    week = span_of("", "", days=7, at=NOW)

    assert week == Span(date(2026, 11, 16), date(2026, 11, 22))
    assert week.before == Span(date(2026, 11, 9), date(2026, 11, 15))
    assert span_of("2026-11-01", "2026-11-03", days=7, at=NOW).days == 3


@pytest.mark.parametrize(
    ("first", "last"),
    [
        ("x", ""),
        ("2026-11-03", "2026-11-01"),
        ("0001-01-01", ""),
        ("", "9999-12-31"),
        ("2026-13-01", ""),
    ],
)
def test_days_that_are_none_are_refused(first: str, last: str) -> None:
    with pytest.raises(BadRequest):
        span_of(first, last, days=7, at=NOW)


@pytest.mark.parametrize(
    "text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "  =1", "＝1", "=cmd|' /C'!A0"]
)
def test_a_formula_is_marked_as_text_and_comes_back(text: str) -> None:
    assert harmless(text) == f"'{text}"
    assert readable(harmless(text)) == text


@pytest.mark.parametrize("text", ["", "Trail spring", "'quoted'", "a=b", "5 - 3", "'"])
def test_ordinary_text_stays_as_it_is(text: str) -> None:
    assert harmless(text) == text
    assert readable(harmless(text)) == text

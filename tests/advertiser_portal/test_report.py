"""Reports: page, file and ledger agree, whatever happened."""

import csv
import io
import random
import re

import httpx
import pytest

from advertiser_portal.periods import Period
from advertiser_portal.report import Dimension, Line, Report, as_csv, report_of
from advertiser_portal.traffic import NO_TRAFFIC
from kernel.clock import FrozenClock
from kernel.database import Database
from ledger.account import cash
from ledger.balances import balance
from tests.advertiser_portal.houses import (
    PASSWORD,
    PRICE,
    TOP_UP,
    House,
    a_house,
    an_ad_was_delivered,
    it_was_clicked,
)
from tests.web import forms


async def happened(database: Database, clock: FrozenClock, house: House, seed: int) -> None:
    """Some days of deliveries and clicks."""
    chance = random.Random(seed)
    for _ in range(12):
        clock.advance(hours=chance.choice([1, 5, 11]))
        decision_id = await an_ad_was_delivered(database, clock, house)
        if chance.random() < 0.5:
            clock.advance(minutes=chance.choice([1, 90]))
            await it_was_clicked(database, clock, house, decision_id)


@pytest.mark.parametrize("seed", [1, 2])
async def test_every_breakdown_adds_up_to_what_the_ledger_took(
    database: Database, clock: FrozenClock, strideworks: House, seed: int
) -> None:
    await happened(database, clock, strideworks, seed)
    other = await a_house(database, clock, "Peakline")
    await it_was_clicked(database, clock, other, await an_ad_was_delivered(database, clock, other))

    async with database.reading() as session:
        wallet = await balance(session, cash(strideworks.advertiser_id))
        reports = [
            await report_of(
                session,
                strideworks.advertiser_id,
                dimension=dimension,
                period=Period.MONTH,
                at=clock.now(),
            )
            for dimension in Dimension
        ]

    paid = TOP_UP - wallet.available
    assert paid.amount > 0
    for report in reports:
        rows = list(csv.DictReader(io.StringIO(as_csv(report))))
        assert report.total.spend == paid
        assert sum((line.traffic for line in report.days), NO_TRAFFIC) == report.total
        assert sum(int(row["spend_micros"]) for row in rows[:-1]) == paid.amount
        assert int(rows[-1]["spend_micros"]) == paid.amount
        assert report.total.delivered == 12
        assert report.total.billed_clicks * PRICE.amount == paid.amount


async def test_the_page_shows_chart_table_and_file_of_the_same_numbers(
    browser: httpx.AsyncClient, database: Database, clock: FrozenClock, strideworks: House
) -> None:
    decision_id = await an_ad_was_delivered(database, clock, strideworks)
    await it_was_clicked(database, clock, strideworks, decision_id)
    await forms.sign_in(browser, email=strideworks.email, password=PASSWORD, portal="/advertiser/")

    page = await browser.get("/advertiser/reports?by=creative&period=7d")
    link = re.search(r'href="(/advertiser/reports.csv[^"]+)"', page.text)
    assert link is not None
    file = await browser.get(link.group(1).replace("&amp;", "&"))

    assert "Arch One: support" in page.text
    assert page.text.count('<rect class="tf-meter-fill"') == 7
    assert '<data value="0.310000">$0.31</data>' in page.text
    assert file.headers["content-type"].startswith("text/csv")
    rows = list(csv.DictReader(io.StringIO(file.text)))
    assert rows[0]["creative"] == strideworks.creative_id
    assert rows[0]["spend_usd"] == "0.310000"


async def test_days_change_at_midnight_in_utc(
    database: Database, clock: FrozenClock, strideworks: House
) -> None:
    midnight = clock.now().replace(hour=0, minute=0, second=0, microsecond=0)
    clock.advance(seconds=(midnight - clock.now()).total_seconds() + 86_400 - 1)
    await an_ad_was_delivered(database, clock, strideworks)
    clock.advance(seconds=1)
    await an_ad_was_delivered(database, clock, strideworks)

    async with database.reading() as session:
        report = await report_of(
            session,
            strideworks.advertiser_id,
            dimension=Dimension.DAY,
            period=Period.WEEK,
            at=clock.now(),
        )

    assert [line.traffic.delivered for line in report.days[-2:]] == [1, 1]


@pytest.mark.parametrize("name", ["=1+1", "+49", "-2", "@SUM(A1)", "\tx"])
def test_names_are_never_formulas_in_a_spreadsheet(name: str) -> None:
    report = Report(Dimension.CAMPAIGN, Period.WEEK, (Line("cmp_1", name, NO_TRAFFIC),), ())

    rows = list(csv.DictReader(io.StringIO(as_csv(report))))

    assert rows[0]["name"] == f"'{name}"

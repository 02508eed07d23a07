"""Ads compared inside a campaign: an interval, a chance, and no verdict before its time."""

from dataclasses import replace

import httpx
import numpy as np
import pytest

from adserver.catalog import commands, queries
from adserver.catalog.creative import CreativeCopy
from advertiser_portal.comparison import SURE, Verdict, Wording, compared
from kernel.clock import FrozenClock
from kernel.database import Database
from tests.advertiser_portal.houses import (
    PASSWORD,
    House,
    a_token,
    an_ad_was_delivered,
    it_was_clicked,
)
from tests.web import forms


def a_wording(name: str, delivered: int, clicks: int) -> Wording:
    return Wording(f"crt_{name}", 1, f"Ad {name}", delivered, clicks)


def test_the_better_of_two_leads_when_both_were_shown_often() -> None:
    found = compared([a_wording("a", 10_000, 80), a_wording("b", 10_000, 160)])

    assert found.verdict is Verdict.LEADS
    assert found.standings[0].wording.title == "Ad b"
    assert found.words == "“Ad b” is clicked more often; it is the best with a chance of over 99%."
    assert found.standings[0].low < 0.016 < found.standings[0].high
    assert found.standings[1].high < found.standings[0].low


@pytest.mark.parametrize(
    ("one", "other", "missing"),
    [
        ((150, 4), (9_000, 90), "each ad needs 200 deliveries, and one has 150"),
        ((300, 3), (300, 4), "it takes 10 clicks in all, and there are 7"),
    ],
)
def test_it_says_when_it_is_too_early_and_what_is_missing(
    one: tuple[int, int], other: tuple[int, int], missing: str
) -> None:
    found = compared([a_wording("a", *one), a_wording("b", *other)])

    assert found.verdict is Verdict.TOO_EARLY
    assert missing in found.words


def test_a_lead_that_could_be_chance_is_no_lead() -> None:
    found = compared([a_wording("a", 5_000, 50), a_wording("b", 5_000, 54)])

    assert found.verdict is Verdict.EVEN
    assert found.standings[0].chance_best < SURE
    assert sum(one.chance_best for one in found.standings) == pytest.approx(1.0, abs=0.01)


def test_one_ad_alone_is_not_compared() -> None:
    assert compared([a_wording("a", 5_000, 50)]).verdict is Verdict.ALONE
    assert compared([]).verdict is Verdict.ALONE


def test_the_interval_holds_the_truth_about_as_often_as_it_says() -> None:
    dice = np.random.default_rng(7)
    truths = dice.uniform(0.004, 0.03, 200)

    held = [
        one.low <= truth <= one.high
        for truth in truths
        for one in compared([a_wording("a", 3_000, int(dice.binomial(3_000, truth)))]).standings
    ]

    assert 0.90 <= np.mean(held) <= 0.99


def test_two_equal_ads_are_rarely_told_apart() -> None:
    dice = np.random.default_rng(7)

    verdicts = [
        compared([a_wording(name, 4_000, int(dice.binomial(4_000, 0.01))) for name in "ab"]).verdict
        for _ in range(100)
    ]

    # Sure by 95 % in either direction: about one in ten by chance.
    assert verdicts.count(Verdict.LEADS) <= 18


async def test_the_campaign_page_and_the_api_compare_present_wordings_only(
    browser: httpx.AsyncClient, database: Database, clock: FrozenClock, strideworks: House
) -> None:
    for _ in range(2):
        decision = await an_ad_was_delivered(database, clock, strideworks)
    await it_was_clicked(database, clock, strideworks, decision)
    await _a_second_ad(database, clock, strideworks)
    await forms.sign_in(browser, email=strideworks.email, password=PASSWORD, portal="/advertiser/")
    address = f"campaigns/{strideworks.campaign_id}"
    headers = {"authorization": f"Bearer {await a_token(database, clock, strideworks)}"}

    page = await browser.get(f"/advertiser/{address}")
    told = (await browser.get(f"/api/advertiser/v1/{address}/comparison", headers=headers)).json()
    async with database.writing() as tx:
        known = await queries.creative(tx, strideworks.creative_id)
        assert known is not None
        await commands.edit_creative(tx, known.creative_id, replace(known.copy, body="Other."))
        await commands.submit_creative(
            tx, known.creative_id, auto_approve_after_lint=True, clock=clock
        )
    after = (await browser.get(f"/api/advertiser/v1/{address}/comparison", headers=headers)).json()

    assert "Which ad works best" in page.text
    assert "Too early to tell: each ad needs 200 deliveries, and one has 0." in page.text
    assert told["verdict"] == "too_early"
    counts = {one["creative_id"]: (one["delivered"], one["clicks"]) for one in told["data"]}
    assert counts[strideworks.creative_id] == (2, 1)
    assert {one["delivered"] for one in after["data"]} == {0}


async def _a_second_ad(database: Database, clock: FrozenClock, house: House) -> None:
    async with database.writing() as tx:
        known = await queries.creative(tx, house.creative_id)
        assert known is not None
        copy: CreativeCopy = replace(known.copy, title="Arch Two: a softer one")
        made = await commands.create_creative(
            tx, campaign_id=house.campaign_id, copy=copy, clock=clock
        )
        await commands.submit_creative(
            tx, made.creative_id, auto_approve_after_lint=True, clock=clock
        )

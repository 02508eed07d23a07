"""Why a campaign is not shown, in the order in which somebody can mend it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from adserver.catalog.advertiser import AdvertiserStatus
from adserver.catalog.campaign import Campaign, CampaignStatus, CampaignTerms
from adserver.catalog.targeting import Targeting
from advertiser_portal.serving import Facts, serving
from kernel.money import Micros

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
BID = Micros(500_000)
CAMPAIGN = Campaign(
    "cmp_1",
    "adv_1",
    CampaignStatus.LIVE,
    CampaignTerms("Spring", BID, Micros(9_000_000), None, "UTC", NOW - timedelta(days=1)),
    Targeting(),
)
FINE = Facts(
    at=NOW,
    advertiser_status=AdvertiserStatus.ACTIVE,
    wallet=Micros(5_000_000),
    approved=1,
    in_review=0,
    total_left=Micros(9_000_000),
    daily_left=None,
)


def test_a_campaign_with_nothing_against_it_is_serving() -> None:
    assert serving(CAMPAIGN, FINE).label == "Serving"


@pytest.mark.parametrize(
    ("facts", "label"),
    [
        (replace(FINE, advertiser_status=AdvertiserStatus.BLOCKED), "Stopped"),
        (replace(FINE, at=NOW - timedelta(days=2)), "Scheduled"),
        (replace(FINE, approved=0, in_review=2), "In review"),
        (replace(FINE, approved=0), "No creative"),
        (replace(FINE, wallet=Micros(0)), "Out of funds"),
        (replace(FINE, wallet=Micros(499_999)), "Low funds"),
        (replace(FINE, total_left=Micros(499_999)), "Budget spent"),
        (replace(FINE, daily_left=Micros(0)), "Done for today"),
    ],
)
def test_the_reason_is_named_with_what_mends_it(facts: Facts, label: str) -> None:
    shown = serving(CAMPAIGN, facts)

    assert shown.label == label
    assert shown.reason.endswith(".")


@pytest.mark.parametrize(
    ("status", "label"),
    [
        (CampaignStatus.DRAFT, "Draft"),
        (CampaignStatus.PAUSED, "Paused"),
        (CampaignStatus.ENDED, "Ended"),
    ],
)
def test_its_own_status_comes_before_money(status: CampaignStatus, label: str) -> None:
    poor = replace(FINE, wallet=Micros(0), approved=0)

    assert serving(replace(CAMPAIGN, status=status), poor).label == label


def test_the_end_of_the_schedule_is_exclusive() -> None:
    ending = replace(CAMPAIGN, terms=replace(CAMPAIGN.terms, ends_at=NOW))

    assert serving(ending, FINE).label == "Over"
    assert serving(ending, replace(FINE, at=NOW - timedelta(seconds=1))).label == "Serving"


def test_a_budget_that_just_pays_for_one_click_still_serves() -> None:
    assert serving(CAMPAIGN, replace(FINE, wallet=BID, total_left=BID, daily_left=BID)).label == (
        "Serving"
    )

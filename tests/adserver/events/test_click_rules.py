"""When a click costs money, on values alone."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from adserver.catalog.advertiser import AdvertiserStatus
from adserver.catalog.campaign import CampaignStatus
from adserver.catalog.landing import Landing
from adserver.events.click_rules import Decided, why_unbilled, with_click_id
from kernel.money import Micros

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
LANDING = Landing(
    creative_number=7,
    approved_url="https://a.example/",
    is_house=False,
    campaign_id="cmp_1",
    campaign_status=CampaignStatus.LIVE,
    ends_at=None,
    total_budget=None,
    daily_budget=None,
    advertiser_id="adv_1",
    advertiser_status=AdvertiserStatus.ACTIVE,
)
DECIDED = Decided(
    publisher_id="zero",
    advertiser_id="adv_1",
    campaign_id="cmp_1",
    creative_number=7,
    test=False,
    price=Micros(350_000),
    delivered_at=NOW - timedelta(minutes=1),
)


def test_a_timely_click_on_a_delivered_ad_is_billable() -> None:
    assert why_unbilled(DECIDED, LANDING, at=NOW) is None


def test_it_bills_for_24_hours_after_delivery_and_not_longer() -> None:
    delivered = DECIDED.delivered_at
    assert delivered is not None

    assert why_unbilled(DECIDED, LANDING, at=delivered + timedelta(hours=24)) is None
    late = delivered + timedelta(hours=24, microseconds=1)
    assert why_unbilled(DECIDED, LANDING, at=late) == "late"


def test_without_a_durable_decision_nothing_is_billed() -> None:
    assert why_unbilled(None, LANDING, at=NOW) == "not_durable"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"delivered_at": None}, "not_delivered"),
        ({"test": True}, "test"),
        ({"price": None}, "no_price"),
        ({"price": Micros(0)}, "no_price"),
        ({"creative_number": 8}, "mismatch"),
        ({"campaign_id": "cmp_2"}, "mismatch"),
        ({"advertiser_id": None}, "mismatch"),
    ],
)
def test_the_decision_can_speak_against_a_charge(change: dict, reason: str) -> None:
    assert why_unbilled(replace(DECIDED, **change), LANDING, at=NOW) == reason


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"is_house": True}, "house"),
        ({"campaign_status": CampaignStatus.ENDED}, "campaign_ended"),
        ({"ends_at": NOW}, "campaign_ended"),
    ],
)
def test_the_catalog_can_speak_against_a_charge(change: dict, reason: str) -> None:
    assert why_unbilled(DECIDED, replace(LANDING, **change), at=NOW) == reason


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://a.example", "https://a.example?tf_click=dec_1"),
        ("https://a.example/p", "https://a.example/p?tf_click=dec_1"),
        ("https://a.example/p?c=1&d=%20#top", "https://a.example/p?c=1&d=%20&tf_click=dec_1#top"),
        ("https://a.example/#?x", "https://a.example/?tf_click=dec_1#?x"),
    ],
)
def test_the_click_id_is_added_and_the_address_stays_as_it_was(url: str, expected: str) -> None:
    assert with_click_id(url, "dec_1") == expected

"""A campaign says what it pays for, and serving is told."""

from datetime import timedelta

import pytest

from adserver.catalog import queries
from adserver.catalog.campaign import BidType, CampaignTerms, check_terms
from kernel.clock import FrozenClock
from kernel.database import Database
from kernel.errors import BadRequest
from kernel.money import Micros
from tests.adserver.catalog.builders import a_campaign, a_creative, an_advertiser


async def test_the_bid_type_of_a_campaign_reaches_what_is_served(
    database: Database, clock: FrozenClock
) -> None:
    advertiser = await an_advertiser(database, clock)
    campaign = await a_campaign(
        database, clock, advertiser, bid_type=BidType.CPM, attribution_days=7
    )
    await a_creative(database, clock, campaign)

    async with database.reading() as session:
        live = await queries.live_creatives(session, clock.now())
        kept = await queries.campaign(session, campaign.campaign_id)

    assert [one.bid_type for one in live] == [BidType.CPM]
    assert kept is not None
    assert (kept.terms.bid_type, kept.terms.attribution_days) == (BidType.CPM, 7)


@pytest.mark.parametrize(("bid_type", "bought"), [("cpm", "a thousand"), ("cpa", "conversion")])
def test_a_budget_under_the_bid_says_what_it_does_not_pay_for(
    bid_type: str, bought: str, clock: FrozenClock
) -> None:
    terms = CampaignTerms(
        "Spring",
        Micros(5_000_000),
        Micros(4_000_000),
        None,
        "UTC",
        clock.now(),
        bid_type=BidType(bid_type),
    )

    with pytest.raises(BadRequest, match=bought):
        check_terms(terms)


@pytest.mark.parametrize("days", [0, 91])
def test_a_conversion_is_counted_for_one_to_ninety_days(days: int, clock: FrozenClock) -> None:
    terms = CampaignTerms(
        "Spring",
        Micros(500_000),
        None,
        None,
        "UTC",
        clock.now() - timedelta(days=1),
        bid_type=BidType.CPA,
        attribution_days=days,
    )

    with pytest.raises(BadRequest, match="90 days"):
        check_terms(terms)

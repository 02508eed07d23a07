"""What an ad may expect, read from auctions that were held: ranges, bids, and too little to say."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from adserver.catalog.campaign import BidType
from adserver.decision.auction import Bid
from adserver.decision.landscape import (
    LEAST_TURNS,
    Landscape,
    Offered,
    PastTurn,
    Point,
    landscape,
)
from adserver.decision.market import MarketBook
from adserver.decision.settings import DecisionSettings
from adserver.decision.vocabulary import Offer
from adserver.events.record import DecisionEvent, write_decisions
from kernel.clock import FrozenClock
from kernel.database import Database
from kernel.ids import new_id
from kernel.money import Micros

OWN = Offer(1, "crt_own", 1, "cmp_own", "adv_own", "running", "en", Micros(400_000))
SETTINGS = DecisionSettings()


def a_turn(rival_micros: int, *, seed: int = 1, country: str = "DE") -> PastTurn:
    """A turn that one rival of middling fit bid for."""
    rivals = (Bid(7, "adv_rival", Micros(rival_micros), rate=0.011, quality=1.0),)
    return PastTurn(country, "en", seed, Micros(10_000), rivals if rival_micros else ())


def told(turns: Sequence[PastTurn], offered: Offered, *, days: float = 2.0) -> Landscape:
    return landscape(turns, offered, days=days, settings=SETTINGS)


def own_point(found: Landscape) -> Point:
    return next(point for point in found.points if point.is_own)


def rising(count: int = 200) -> list[PastTurn]:
    """Rivals' bids spread evenly up to a dollar."""
    return [a_turn(1_000_000 * at // count, seed=at) for at in range(count)]


def test_under_fifty_turns_nothing_is_said() -> None:
    found = told(rising(LEAST_TURNS - 1), Offered(OWN, (0.6,) * 5, 6))

    assert (found.reach, found.points) == (None, ())
    assert found.turns == LEAST_TURNS - 1


def test_a_higher_bid_wins_more_costs_more_and_never_more_than_it_says() -> None:
    found = told(rising(), Offered(OWN, (0.5,) * 6, 6))

    wins = [point.wins for point in found.points]
    costs = [point.cost.middle for point in found.points]
    assert wins == sorted(wins)
    assert costs == sorted(costs)
    assert wins[0] < 0.3 < 0.7 < wins[-1]
    for point in found.points:
        assert point.cost.high <= point.clicks.high * point.bid.amount + 1


def test_reach_is_the_share_of_the_subject_that_the_ad_fits_with_a_range() -> None:
    every, few = (told(rising(), Offered(OWN, (0.5,) * k, 6)) for k in (6, 1))

    assert every.reach is not None
    assert few.reach is not None
    # A hundred turns a day: nearly all of them, or about a fifth.
    assert every.reach.low < 95 < every.reach.high
    assert few.reach.low < 21 < few.reach.high
    assert few.reach.high < every.reach.low


def test_only_turns_where_the_campaign_may_stand_count() -> None:
    turns = rising() + [a_turn(0, country="US") for _ in range(100)]

    german = told(turns, Offered(replace(OWN, countries=frozenset({"DE"})), (0.5,), 6))
    english = told(turns, Offered(replace(OWN, languages=frozenset({"fr"})), (0.5,), 6))

    assert german.turns == 200
    assert (english.turns, english.reach) == (0, None)


def test_an_advertiser_does_not_bid_against_itself() -> None:
    turns = [
        replace(one, rivals=tuple(replace(bid, advertiser_id="adv_own") for bid in one.rivals))
        for one in rising()
    ]

    assert own_point(told(turns, Offered(OWN, (0.5,), 1))).wins == 1.0


def test_a_daily_budget_ends_the_day() -> None:
    limited = Offered(OWN, (0.9,) * 6, 6, daily_budget=Micros(100_000))

    assert own_point(told(rising(), limited)).cost.high <= 100_000


def test_an_ad_that_fits_nothing_is_not_shown() -> None:
    found = told(rising(), Offered(OWN, (), 6))

    assert own_point(found).impressions.high == 0
    assert own_point(found).cost.high == 0


@pytest.mark.parametrize("bid_type", list(BidType))
def test_every_kind_of_bid_is_counted_in_its_own_event(bid_type: BidType) -> None:
    bid = {BidType.CPC: 400_000, BidType.CPM: 6_000_000, BidType.CPA: 8_000_000}[bid_type]
    offer = replace(OWN, bid=Micros(bid), bid_type=bid_type)

    turns = [a_turn(300_000, seed=at) for at in range(100)]
    point = own_point(told(turns, Offered(offer, (0.6,), 1), days=0.02))

    assert point.wins > 0.5
    # Whatever is paid for, what an impression costs is near what the rival would have paid.
    assert 0.3 < point.cost.middle / max(point.impressions.middle, 1) / 3_300 < 3


def test_ranges_hold_what_then_happens_about_as_often_as_they_say() -> None:
    """Worlds are drawn, each is seen for two days and lived for a third."""
    dice, held = np.random.default_rng(5), []
    for _ in range(60):
        rate, share = dice.uniform(40, 150), dice.uniform(0.15, 0.95)
        seen = dice.poisson(2 * rate)
        turns = [a_turn(int(dice.uniform(0, 1_000_000)), seed=at) for at in range(seen)]
        fits = (0.5,) * int(dice.binomial(6, share))
        shown = own_point(told(turns, Offered(OWN, fits, 6))).impressions
        wins = float(np.mean([bid < 400_000 for bid in dice.uniform(0, 1_000_000, 500)]))
        held.append(shown.low <= dice.poisson(rate * share * wins) <= shown.high)

    assert 0.70 <= np.mean(held) <= 0.97


async def test_the_market_is_read_from_what_was_recorded_and_from_nothing_older(
    database: Database, clock: FrozenClock
) -> None:
    trace = {
        "v": 2,
        "seed": 5,
        "reserve": 10_000,
        "floors": {"relevance": 0.4},
        "gate": None,
        "language": "en",
        "candidates": [],
    }

    async def decided(topic: str | None, *, test: bool = False) -> None:
        event = DecisionEvent(
            new_id("dec"), clock.now(), "zero", test=test, topic=topic, country="DE", trace=trace
        )
        async with database.writing() as tx:
            await write_decisions(tx, [event])

    await decided("running")
    clock.advance(days=29)
    for topic, test in (("running", False), ("running", True), ("coffee", False), (None, False)):
        await decided(topic, test=test)
    clock.advance(hours=12)
    market = await MarketBook(database, clock).about("running")

    assert market.turns == (PastTurn("DE", "en", 5, Micros(10_000), ()),)
    assert market.days == pytest.approx(0.5)

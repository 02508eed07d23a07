"""A day's budget spread over the day."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from adserver.decision.pacing import DONE_AT, Day, pace, planned
from kernel.money import Micros

MIDNIGHT = datetime(2026, 11, 22, tzinfo=UTC)
budgets = st.integers(min_value=1, max_value=10**12)
shares = st.floats(min_value=0, max_value=1)


def day(*, spent: float, budget: int = 60_000_000, hours: int = 24) -> Day:
    ends_at = MIDNIGHT + timedelta(hours=hours)
    return Day(MIDNIGHT, ends_at, Micros(budget), Micros(round(budget * spent)))


def at(share: float, *, hours: int = 24) -> datetime:
    return MIDNIGHT + timedelta(hours=hours) * share


class TestACampaignOnItsPlan:
    def test_offers_its_whole_bid(self) -> None:
        assert pace(day(spent=0.5), at(0.5)) == 1.0

    def test_offers_its_whole_bid_for_the_first_clicks_after_midnight(self) -> None:
        assert pace(day(spent=0.04), at(0.0)) == 1.0

    def test_is_released_in_the_last_tenth_of_the_day(self) -> None:
        assert pace(day(spent=0.99), at(0.95)) == 1.0


class TestACampaignAheadOfItsPlan:
    def test_offers_less(self) -> None:
        assert 0.2 < pace(day(spent=50 / 60), at(0.5)) < 0.4

    @given(budgets, shares, shares, shares)
    def test_offers_less_the_more_it_has_spent(
        self, budget: int, elapsed: float, one: float, other: float
    ) -> None:
        less, more = sorted((one, other))

        calm = pace(day(spent=less, budget=budget), at(elapsed))
        hasty = pace(day(spent=more, budget=budget), at(elapsed))

        assert 0 < hasty <= calm <= 1

    @given(shares, shares, shares)
    def test_offers_more_as_the_day_passes(self, spent: float, one: float, other: float) -> None:
        early, late = sorted((one, other))

        assert pace(day(spent=spent), at(early)) <= pace(day(spent=spent), at(late))


class TestTheDay:
    def test_may_have_twenty_three_hours(self) -> None:
        assert pace(day(spent=0.5, hours=23), at(0.5, hours=23)) == 1.0

    def test_without_a_budget_is_not_paced(self) -> None:
        assert pace(Day(MIDNIGHT, at(1.0), Micros(0), Micros(0)), at(0.5)) == 1.0

    @given(shares)
    def test_plan_is_complete_before_the_day_is(self, elapsed: float) -> None:
        assert 0 <= planned(elapsed) <= 1
        assert planned(DONE_AT) == 1

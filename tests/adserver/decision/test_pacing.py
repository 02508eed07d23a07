"""A day's budget spread over the day."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from adserver.decision.pacing import DONE_AT, SLOT, DailyCurve, Day, Dial, released, started, turned
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
        assert started(day(spent=0.5), at(0.5)).pace == 1.0

    def test_is_released_at_the_end_of_the_day(self) -> None:
        assert not released(day(spent=0.5), at(DONE_AT - 0.01))
        assert released(day(spent=0.5), at(DONE_AT))


class TestACampaignAheadOfItsPlan:
    def test_offers_less(self) -> None:
        assert 0 < started(day(spent=50 / 60), at(0.5)).pace < 0.4

    @given(budgets, shares, shares, shares)
    def test_offers_less_the_more_it_has_spent(
        self, budget: int, elapsed: float, one: float, other: float
    ) -> None:
        less, more = sorted((one, other))

        calm = started(day(spent=less, budget=budget), at(elapsed)).pace
        hasty = started(day(spent=more, budget=budget), at(elapsed)).pace

        assert 0 < hasty <= calm <= 1

    def test_offers_more_again_while_nothing_is_spent(self) -> None:
        dial = started(day(spent=0.3), at(0.1))
        held_back = dial.pace
        for slot in range(30, 200):
            dial = turned(dial, day(spent=0.3), MIDNIGHT + SLOT * slot)

        assert held_back < 0.6
        assert dial.pace == 1.0


class TestTheDial:
    def test_stands_still_within_a_slot(self) -> None:
        dial = started(day(spent=0.1), at(0.5))

        assert turned(dial, day(spent=0.4), at(0.5) + SLOT / 2) is dial

    def test_goes_on_with_what_the_day_before_taught(self) -> None:
        yesterday = Dial(1.0, MIDNIGHT - SLOT, Micros(59_000_000))

        dial = turned(yesterday, day(spent=0.0), MIDNIGHT)

        assert (dial.pace, dial.spent, dial.days) == (0.5, Micros(0), 1)

    def test_of_a_budget_of_nothing_does_not_move(self) -> None:
        nothing = Day(MIDNIGHT, at(1.0), Micros(0), Micros(0))

        assert started(nothing, at(0.5)).pace == 1.0

    @given(shares, shares)
    def test_never_asks_for_more_than_the_bid_nor_for_nothing(
        self, spent: float, elapsed: float
    ) -> None:
        assert 0 < started(day(spent=spent), at(elapsed)).pace <= 1


class TestTheCurve:
    def test_lets_more_be_spent_where_more_traffic_comes(self) -> None:
        evening = DailyCurve(tuple(1.0 if hour < 18 else 9.0 for hour in range(24)))

        by_evening = started(day(spent=0.4), at(0.5), evening).pace
        evenly = started(day(spent=0.4), at(0.5)).pace

        assert by_evening < evenly == 1.0

    def test_counts_parts_of_hours(self) -> None:
        curve = DailyCurve(tuple(float(hour == 7) for hour in range(24)))
        half_past_six, quarter_past_seven = at(6.5 / 24), at(7.25 / 24)

        assert curve.between(half_past_six, quarter_past_seven) == 0.25 * 24

    def test_of_no_traffic_at_all_is_flat(self) -> None:
        assert DailyCurve((0.0,) * 24).between(at(0.25), at(0.5)) == 6.0


def test_a_day_may_have_twenty_three_hours() -> None:
    assert started(day(spent=0.5, hours=23), at(0.5, hours=23)).pace == 1.0


def test_a_week_of_spikes_is_spent_evenly_and_whole() -> None:
    """The short form of the simulation: one bidder, whose chance to win falls with its bid."""
    dial, days_spent, early = None, [], 0
    for number in range(4):
        begins = MIDNIGHT + timedelta(days=number)
        window = Day(begins, begins + timedelta(days=1), Micros(60_000_000), Micros(0))
        spent = 0.0
        for slot in range(288):
            now = Day(window.starts_at, window.ends_at, window.budget, Micros(round(spent)))
            moment = begins + SLOT * slot
            dial = started(now, moment) if dial is None else turned(dial, now, moment)
            pace = 1.0 if released(now, moment) else dial.pace
            demand = 60_000_000 * 3 / 288 * (4 if 100 <= slot < 112 else 1)
            spent = min(60_000_000, spent + demand * pace**2)
            early += spent >= 60_000_000 and slot < 259
        days_spent.append(spent / 60_000_000)

    assert early == 0
    assert min(days_spent) >= 0.93

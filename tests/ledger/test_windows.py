"""Windows: days and months in a time zone, without gaps and without overlaps."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.charging import Scope
from ledger.windows import window_at

ZONES = ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Pacific/Apia"]
moments = st.integers(1_577_836_800, 2_051_222_400).map(lambda s: datetime.fromtimestamp(s, UTC))


@given(
    at=moments,
    zone=st.sampled_from(ZONES),
    scope=st.sampled_from(["campaign_day", "organisation_month"]),
)
def test_windows_hold_their_moment_and_join_without_a_gap(
    at: datetime, zone: str, scope: Scope
) -> None:
    window = window_at(scope, zone, at)

    assert window is not None
    start, end = window
    assert start <= at < end
    following = window_at(scope, zone, end)
    assert following is not None
    assert following[0] == end
    assert window_at(scope, zone, end - timedelta(microseconds=1)) == window


@pytest.mark.parametrize(
    ("day", "hours"), [((2027, 3, 28), 23), ((2027, 10, 31), 25), ((2027, 6, 1), 24)]
)
def test_a_day_is_as_long_as_the_clocks_make_it(day: tuple[int, int, int], hours: int) -> None:
    window = window_at("campaign_day", "Europe/Berlin", datetime(*day, 12, tzinfo=UTC))

    assert window is not None
    assert window[1] - window[0] == timedelta(hours=hours)


def test_a_total_has_no_window() -> None:
    assert window_at("campaign_total", "UTC", datetime(2027, 1, 1, tzinfo=UTC)) is None

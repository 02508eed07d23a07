"""Periods begin at midnight in UTC and survive mangled links."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from advertiser_portal.periods import DEFAULT, Period, period_of


@pytest.mark.parametrize(
    ("period", "since"),
    [
        (Period.TODAY, datetime(2026, 3, 1, tzinfo=UTC)),
        (Period.WEEK, datetime(2026, 2, 23, tzinfo=UTC)),
        (Period.MONTH, datetime(2026, 1, 31, tzinfo=UTC)),
    ],
)
def test_a_period_is_whole_days_with_today(period: Period, since: datetime) -> None:
    assert period.since(datetime(2026, 3, 1, 23, 59, tzinfo=UTC)) == since


def test_midnight_is_the_one_in_utc() -> None:
    early_in_berlin = datetime(2026, 3, 2, 0, 30, tzinfo=timezone(timedelta(hours=1)))

    assert Period.TODAY.since(early_in_berlin) == datetime(2026, 3, 1, tzinfo=UTC)


@pytest.mark.parametrize("mangled", ["", "7", "7d'", "all", "TODAY"])
def test_an_unknown_period_is_the_default(mangled: str) -> None:
    assert period_of(mangled) is DEFAULT

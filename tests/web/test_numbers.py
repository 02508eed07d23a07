"""How numbers are written and drawn."""

from datetime import UTC, datetime

import pytest

from kernel.money import Micros
from web import charts, formats


class TestFormats:
    def test_a_rate_without_a_whole_is_a_dash(self) -> None:
        assert formats.rate(0, 0) == formats.NOTHING
        assert formats.rate(3, 120) == "2.5%"

    def test_money_is_exact_for_machines(self) -> None:
        assert formats.exact(Micros(350_000)) == "0.350000"
        assert formats.exact(Micros(-1_000_001)) == "-1.000001"
        assert formats.exact(Micros(0)) == "0.000000"

    def test_no_amount_is_a_dash(self) -> None:
        assert formats.money(None) == formats.NOTHING
        assert formats.money(formats.each(Micros(1_000_000), 0)) == formats.NOTHING
        assert formats.money(formats.each(Micros(1_000_000), 4)) == "$0.25"

    def test_times_name_their_zone(self) -> None:
        at = datetime(2026, 11, 2, 9, 5, 7, tzinfo=UTC)
        assert formats.moment(at) == "09:05:07 UTC"
        assert formats.day(at) == "2 Nov 2026"
        assert formats.count(1_234_567) == "1,234,567"


class TestCharts:
    @pytest.mark.parametrize(
        ("part", "whole", "full"), [(5, 20, 25.0), (30, 20, 100.0), (-1, 20, 0.0), (5, 0, 0.0)]
    )
    def test_a_bar_is_never_fuller_than_full(self, part: int, whole: int, full: float) -> None:
        assert charts.filled(part, whole) == full

"""Money: whole micros, exact in and out, divided and rounded in one place."""

import math
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.money import ZERO, Micros

amounts = st.integers(min_value=-(10**18), max_value=10**18)
shares = st.integers(min_value=0, max_value=10_000)


class TestAnAmount:
    @pytest.mark.parametrize("wrong", [1.0, "1", None, True, Decimal(1)])
    def test_is_a_whole_number_and_nothing_else(self, wrong: object) -> None:
        with pytest.raises(TypeError):
            Micros(wrong)  # type: ignore[arg-type]

    @given(a=amounts, b=amounts)
    def test_adds_and_subtracts_like_an_integer(self, a: int, b: int) -> None:
        assert Micros(a) + Micros(b) == Micros(a + b)
        assert Micros(a) - Micros(b) == Micros(a) + -Micros(b)
        assert (Micros(a) < Micros(b)) == (a < b)
        assert bool(Micros(a)) == bool(a)

    def test_is_multiplied_by_counts_only(self) -> None:
        assert Micros(3) * 4 == Micros(12)
        with pytest.raises(TypeError):
            Micros(3) * 1.5  # type: ignore[operator]

    def test_does_not_mix_with_bare_numbers(self) -> None:
        with pytest.raises(AttributeError):
            Micros(3) + 4  # type: ignore[operator]
        assert Micros(3) != 3


class TestReadingUnits:
    @pytest.mark.parametrize(
        ("units", "micros"),
        [
            ("12.50", 12_500_000),
            ("0.000001", 1),
            ("-1", -1_000_000),
            (3, 3_000_000),
            (Decimal("1e-6"), 1),
            ("1e3", 1_000_000_000),
        ],
    )
    def test_is_exact(self, units: str | int | Decimal, micros: int) -> None:
        assert Micros.from_units(units) == Micros(micros)

    @given(amount=st.integers(min_value=-(10**30), max_value=10**30))
    def test_reads_back_what_was_written_in_full(self, amount: int) -> None:
        sign, whole, rest = "-" * (amount < 0), *divmod(abs(amount), 1_000_000)

        assert Micros.from_units(f"{sign}{whole}.{rest:06d}") == Micros(amount)

    @pytest.mark.parametrize("finer", ["0.0000001", "1234567890123456789012.1234567"])
    def test_refuses_what_is_finer_than_a_micro(self, finer: str) -> None:
        with pytest.raises(ValueError, match="finer"):
            Micros.from_units(finer)

    @pytest.mark.parametrize("wrong", ["", "twelve", "NaN", "Infinity", "-inf"])
    def test_refuses_what_is_not_an_amount(self, wrong: str) -> None:
        with pytest.raises(ValueError, match="not an amount"):
            Micros.from_units(wrong)

    def test_refuses_a_float_even_a_round_one(self) -> None:
        with pytest.raises(TypeError, match="never a float"):
            Micros.from_units(0.5)  # type: ignore[arg-type]


class TestAShare:
    @given(amount=amounts, basis_points=shares)
    def test_and_the_rest_make_the_whole(self, amount: int, basis_points: int) -> None:
        whole = Micros(amount)
        part = whole.share(basis_points)

        assert part + (whole - part) == whole
        assert part.amount == math.floor(Decimal(amount) * basis_points / 10_000)

    @pytest.mark.parametrize("basis_points", [-1, 10_001])
    def test_is_never_less_than_none_or_more_than_all(self, basis_points: int) -> None:
        with pytest.raises(ValueError, match="share"):
            Micros(100).share(basis_points)


class TestAPriceFromAScore:
    @given(
        score=st.floats(min_value=0, max_value=1e15, allow_nan=False),
        cap=st.integers(min_value=0, max_value=10**15),
    )
    def test_is_rounded_up_and_never_over_the_bid(self, score: float, cap: int) -> None:
        price = Micros.from_score(score, cap=Micros(cap))

        assert price <= Micros(cap)
        assert price.amount == cap or price.amount - 1 < score <= price.amount

    @pytest.mark.parametrize("score", [math.nan, math.inf, -0.5])
    def test_is_not_made_of_nonsense(self, score: float) -> None:
        with pytest.raises(ValueError, match="finite"):
            Micros.from_score(score, cap=Micros(1))


class TestText:
    @pytest.mark.parametrize(
        ("micros", "text"),
        [
            (1_250_000, "$1.25"),
            (1_234_500_000, "$1,234.50"),
            (0, "$0.00"),
            (-1_250_000, "-$1.25"),
            (-1, "$0.00"),
            (5_000, "$0.00"),
            (15_000, "$0.02"),
        ],
    )
    def test_is_for_people(self, micros: int, text: str) -> None:
        assert Micros(micros).text() == text

    def test_shows_every_micro_when_asked(self) -> None:
        assert Micros(1).text(decimals=6) == "$0.000001"

    def test_zero_is_zero(self) -> None:
        assert Micros(0) == ZERO

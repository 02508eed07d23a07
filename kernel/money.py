"""Money as whole micros: millionths of a currency unit.

One click at $0.35 is ``Micros(350_000)``. All arithmetic is on integers; the only place where a
fractional number becomes money is `Micros.from_score`, and the only place where money is divided
is `Micros.share`. Refuses floats everywhere else.
"""

import math
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation
from fractions import Fraction
from typing import Final

PER_UNIT: Final = 1_000_000
BASIS_POINTS: Final = 10_000


@dataclass(frozen=True, slots=True, order=True)
class Micros:
    """An amount in millionths of a currency unit.

    ``Micros(1_250_000).text()`` is ``"$1.25"``. May be negative (a correction), never fractional.
    """

    amount: int

    def __post_init__(self) -> None:
        if type(self.amount) is not int:
            raise TypeError(f"Micros takes a whole number, not {self.amount!r}.")

    @classmethod
    def from_units(cls, units: str | int | Decimal) -> "Micros":
        """Read an amount such as ``"12.50"``; raises ValueError when it is finer than a micro."""
        if isinstance(units, float):
            raise TypeError(f"Money is never a float: write {str(units)!r}, with its quotes.")
        try:
            exact = Decimal(units)
        except InvalidOperation:
            raise ValueError(f"{units!r} is not an amount; write it like 12.50.") from None
        if not exact.is_finite():
            raise ValueError(f"{units!r} is not an amount; write it like 12.50.")
        # As a fraction: a decimal product would be rounded to the context's 28 digits.
        micros = Fraction(exact) * PER_UNIT
        if micros.denominator != 1:
            raise ValueError(f"{units} is finer than one millionth; give at most six decimals.")
        return cls(micros.numerator)

    @classmethod
    def from_score(cls, score: float, *, cap: "Micros") -> "Micros":
        """Turn an auction score, in micros but fractional, into a price: up, and never over `cap`.

        Rounding up keeps the price at or above what the runner-up would have paid; the cap keeps
        it at or under the winner's own bid.
        """
        if not math.isfinite(score) or score < 0:
            raise ValueError(f"A score must be finite and not negative, got {score!r}.")
        return cls(min(math.ceil(score), cap.amount))

    def share(self, basis_points: int) -> "Micros":
        """The part of this amount that `basis_points` (0-10,000) buys, rounded down.

        The other part is ``self - self.share(bp)``, so that the two always add up.
        """
        if not 0 <= basis_points <= BASIS_POINTS:
            raise ValueError(f"A share lies between 0 and {BASIS_POINTS}, got {basis_points}.")
        return Micros(self.amount * basis_points // BASIS_POINTS)

    def text(self, *, decimals: int = 2) -> str:
        """For people: ``$1,234.50``. Rounded half to even for display only, never for arithmetic."""
        quantum = Decimal(1).scaleb(-decimals)
        units = (Decimal(abs(self.amount)) / PER_UNIT).quantize(quantum, ROUND_HALF_EVEN)
        sign = "-" if self.amount < 0 and units else ""
        return f"{sign}${units:,}"

    def __add__(self, other: "Micros") -> "Micros":
        return Micros(self.amount + other.amount)

    def __sub__(self, other: "Micros") -> "Micros":
        return Micros(self.amount - other.amount)

    def __mul__(self, times: int) -> "Micros":
        return Micros(self.amount * times)

    def __neg__(self) -> "Micros":
        return Micros(-self.amount)

    def __bool__(self) -> bool:
        return self.amount != 0


ZERO: Final = Micros(0)

"""How numbers and times are written on a page. Pure.

Counts have thousands separators, rates one decimal, times their zone. A rate without a denominator
is a dash, never a zero that nobody measured.
"""

from datetime import UTC, datetime
from typing import Final

from kernel.money import PER_UNIT, Micros

NOTHING: Final = "–"


def count(number: int) -> str:
    """``count(12500)`` is ``"12,500"``."""
    return f"{number:,}"


def rate(part: int, whole: int) -> str:
    """``rate(3, 120)`` is ``"2.5%"``; a dash when there is nothing to divide by."""
    return f"{part / whole:.1%}" if whole else NOTHING


def money(amount: Micros | None) -> str:
    """``money(Micros(350_000))`` is ``"$0.35"``; a dash for no amount."""
    return NOTHING if amount is None else amount.text()


def exact(amount: Micros) -> str:
    """For machines that read the page: ``"0.350000"``, to the micro."""
    sign = "-" if amount.amount < 0 else ""
    units, micros = divmod(abs(amount.amount), PER_UNIT)
    return f"{sign}{units}.{micros:06d}"


def each(amount: Micros, times: int) -> Micros | None:
    """The average of one, for display: the mean cost of a click; None without clicks."""
    return Micros(round(amount.amount / times)) if times else None


def roughly(micros: float) -> str:
    """An estimate of money, no finer than it deserves: ``"$0.40"``, ``"$12"``."""
    cents = round(micros / (PER_UNIT // 100))
    return f"${cents / 100:,.2f}" if cents < 1_000 else f"${cents / 100:,.0f}"


def day(at: datetime) -> str:
    """``"22 Nov 2026"``, in UTC."""
    return f"{at.astimezone(UTC):%-d %b %Y}"


def moment(at: datetime) -> str:
    """``"12:00:05 UTC"``."""
    return f"{at.astimezone(UTC):%H:%M:%S} UTC"


def change(now: int, before: int) -> str:
    """``change(120, 100)`` is ``"+20%"``; "new" where there was nothing before."""
    if not before:
        return "new" if now else NOTHING
    return f"{(now - before) / before:+.0%}"

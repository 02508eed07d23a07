"""What is counted in a report, and how counts add up. Pure.

Steps are never mixed: delivered, rendered, viewable and clicked are four numbers. Money is what the
ledger says: `spend` was charged, `credited` was given back for invalid traffic, `earned` is the
publisher's part of the two.
"""

from dataclasses import dataclass, fields
from typing import Final

from kernel.money import ZERO, Micros


@dataclass(frozen=True, slots=True)
class Numbers:
    """``Numbers(delivered=1_200, clicks=18, billed=17, spend=Micros(6_120_000))``."""

    delivered: int = 0
    rendered: int = 0
    viewable: int = 0
    clicks: int = 0
    billed: int = 0
    invalid: int = 0
    conversions: int = 0
    spend: Micros = ZERO
    credited: Micros = ZERO
    earned: Micros = ZERO
    value: Micros = ZERO

    @property
    def net_spend(self) -> Micros:
        """What the advertiser paid in the end."""
        return self.spend - self.credited

    def __add__(self, other: "Numbers") -> "Numbers":
        return Numbers(*(getattr(self, name) + getattr(other, name) for name in NAMES))


NAMES: Final = tuple(field.name for field in fields(Numbers))
NOTHING: Final = Numbers()

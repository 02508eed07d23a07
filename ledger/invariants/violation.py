"""What a broken rule looks like, and how rules add up entries."""

from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa

from ledger.tables import LedgerEntry


@dataclass(frozen=True, slots=True)
class Violation:
    """A rule that does not hold: ``Violation("sums_to_zero", "group 17", "debits 5, credits 6")``."""

    rule: str
    where: str
    detail: str


_AMOUNT: Final = sa.type_coerce(LedgerEntry.amount, sa.BigInteger)


def sum_where(condition: Any) -> Any:
    return sa.func.coalesce(sa.func.sum(sa.case((condition, _AMOUNT), else_=0)), 0)


DEBITS: Final = sum_where(LedgerEntry.side == "debit")
CREDITS: Final = sum_where(LedgerEntry.side == "credit")

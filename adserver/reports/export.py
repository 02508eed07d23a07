"""The whole set of an owner's reports as one CSV file.

Every table of the period below the other, each by day, in one shape: the same numbers as on the pages,
suppressed in the same way. A cell that a spreadsheet would take for a formula is marked as text.
"""

import csv
import io
from collections.abc import Iterator
from datetime import date
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from adserver.reports.breakdown import Dimension, Owner, Report, report
from adserver.reports.numbers import NAMES, Numbers
from kernel.money import PER_UNIT, Micros

_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


async def whole_set(
    session: AsyncSession, owner: Owner, *, since: date, until: date, time_zone: str = "UTC"
) -> str:
    """All tables from `since` up to and without `until`, as the text of a CSV file."""
    written = io.StringIO()
    out = csv.writer(written, lineterminator="\r\n")
    out.writerow(["table", "day", "value", *NAMES])
    for by in Dimension:
        table = await report(
            session, owner, by, since=since, until=until, time_zone=time_zone, by_day=True
        )
        out.writerows(_lines(by, table))
    return written.getvalue()


def _lines(by: Dimension, table: Report) -> Iterator[list[str]]:
    for row in table.rows:
        day = "" if row.day is None else row.day.isoformat()
        yield [by.value, day, _as_text(row.value), *_values(row.numbers)]


def _values(numbers: Numbers) -> Iterator[str]:
    for name in NAMES:
        value = getattr(numbers, name)
        yield _units(value) if isinstance(value, Micros) else str(value)


def _units(amount: Micros) -> str:
    """Exact to the micro: ``12.350000``."""
    whole, rest = divmod(abs(amount.amount), PER_UNIT)
    return f"{'-' if amount.amount < 0 else ''}{whole}.{rest:06}"


def _as_text(value: str) -> str:
    return f"'{value}" if value.startswith(_FORMULA) else value

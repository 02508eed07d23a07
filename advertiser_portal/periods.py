"""The periods that numbers are shown for. Pure.

Whole days in UTC, ending now: "7 days" on Tuesday noon begins last Wednesday at midnight. The period
stands in the address of a page, so that a view can be sent to somebody.
"""

from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final


class Period(StrEnum):
    """``Period("7d")``; the value is what stands in the address."""

    TODAY = "today"
    WEEK = "7d"
    MONTH = "30d"

    @property
    def days(self) -> int:
        """How many calendar days it covers, today included."""
        return _DAYS[self]

    @property
    def label(self) -> str:
        """How a page names it."""
        return "Today" if self is Period.TODAY else f"{self.days} days"

    def since(self, now: datetime) -> datetime:
        """The midnight it begins at."""
        midnight = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        return midnight - timedelta(days=self.days - 1)


_DAYS: Final = {Period.TODAY: 1, Period.WEEK: 7, Period.MONTH: 30}
DEFAULT: Final = Period.WEEK


def period_of(text: str) -> Period:
    """Read it from an address; anything unknown is the default, because links get mangled."""
    return Period(text) if text in list(Period) else DEFAULT

"""The daily cap of an advertiser's first days: a limit that nobody names and every charge meets.

One row of `spend_limit` for each of its days, written when the first money comes in. Charges and
leases draw from it as from a budget where there is one, and it is read in the statement that reads
the budgets; after the last day there is no row, so the cap ends by itself.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.database import WriteSession
from kernel.money import ZERO, Micros
from ledger.charging import LimitKey, Scope
from ledger.rows import insert_missing, is_among
from ledger.tables import SpendLimit, rows_of

SCOPE: Final[Scope] = "advertiser_day"
_limits: Final = rows_of(SpendLimit)
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class DayCap:
    """What may be spent today at most, what of it is left, and the end of the last capped day."""

    amount: Micros
    left: Micros
    until: datetime


def cap_of(payer: str) -> LimitKey:
    """The key of a payer's cap, whether there is one or not."""
    return LimitKey(SCOPE, payer)


async def cap_days(
    tx: WriteSession, payer: str, amount: Micros, *, since: datetime, days: int
) -> None:
    """Cap the spending of `days` whole days, in UTC, after the one of `since`, and that one."""
    first = datetime.combine(since.astimezone(UTC).date(), time(), UTC)
    rows = [
        {
            "scope": SCOPE,
            "scope_id": payer,
            "window_start": first + number * _DAY,
            "window_end": first + (number + 1) * _DAY,
            "time_zone": "UTC",
            "limit_micros": amount,
            "renewal_micros": None,
            "spent_micros": ZERO,
            "leased_micros": ZERO,
        }
        for number in range(days + 1)
    ]
    await insert_missing(tx, _limits, rows)


async def caps_on(
    session: AsyncSession, payers: Collection[str], at: datetime
) -> Mapping[str, DayCap]:
    """The caps that hold at `at`, by payer; nothing for those who have none."""
    rows: sa.Result[Any] = await session.execute(
        sa.select(
            _limits.c.scope_id,
            _limits.c.window_start,
            _limits.c.window_end,
            _limits.c.limit_micros,
            _limits.c.spent_micros,
            _limits.c.leased_micros,
        ).where(
            _limits.c.scope == SCOPE,
            is_among(session, _limits.c.scope_id, sorted(payers)),
            _limits.c.window_end > at,
        )
    )
    days = rows.all()
    last = {row.scope_id: row.window_end for row in sorted(days, key=lambda row: row.window_end)}
    return {
        row.scope_id: DayCap(
            row.limit_micros,
            row.limit_micros - row.spent_micros - row.leased_micros,
            last[row.scope_id],
        )
        for row in days
        if row.window_start <= at
    }

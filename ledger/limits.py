"""Spend limits: how much a campaign or an organisation may still spend.

The catalog sets them, charges draw from them, and a limit never holds more spent than allowed: each
draw is a guarded update, and the table's own check stands behind it. At any moment one row counts
for a key. Daily and monthly limits renew themselves at the edge of their window, with the first
charge that needs them. A limit that was never set allows nothing.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.database import WriteSession
from kernel.money import ZERO, Micros
from ledger.charging import LimitKey, Scope
from ledger.rows import insert_missing, update_each
from ledger.tables import SpendLimit, rows_of
from ledger.windows import window_at

_limits: Final = rows_of(SpendLimit)

# Engines bound the variables of a statement; a reader may ask for every campaign there is.
_MOST_KEYS: Final = 1_000


@dataclass(frozen=True, slots=True)
class HeldLimit:
    """A limit as a charge sees it: its row, what is left, and when its window ends."""

    id: int
    left: Micros
    window_end: datetime | None = None


async def set_limit(  # noqa: PLR0917  the window reads as it is spoken
    tx: WriteSession,
    scope: Scope,
    scope_id: str,
    window_start: datetime,
    window_end: datetime | None,
    limit: Micros,
    *,
    time_zone: str = "UTC",
) -> None:
    """Allow `limit` from `window_start` on; a `window_end` of None is for ever.

    Where a window is already running in that time, it keeps its edges and what it has spent, and
    only its amount changes; an amount below what is spent leaves nothing, and takes nothing back.
    Days and months have this amount from then on, and renew at midnight in `time_zone`.
    """
    if limit < ZERO:
        raise ValueError(f"A limit is not negative, got {limit!r}.")
    renews = window_at(scope, time_zone, window_start) is not None
    wanted = {
        "scope": scope,
        "scope_id": scope_id,
        "window_start": window_start,
        "window_end": window_end,
        "time_zone": time_zone,
        "limit_micros": limit,
        "renewal_micros": limit if renews else None,
        "spent_micros": ZERO,
        "leased_micros": ZERO,
    }
    if await _change_running(tx, wanted) or await insert_missing(tx, _limits, [wanted]):
        return
    # Someone opened this very window in between; theirs is running now.
    await _change_running(tx, wanted)


async def remaining(
    session: AsyncSession, keys: Collection[LimitKey], at: datetime
) -> dict[LimitKey, Micros]:
    """What each limit has left at `at`; nothing for a limit that was never set."""
    left: dict[LimitKey, Micros] = {}
    ordered = sorted(keys)
    for start in range(0, len(ordered), _MOST_KEYS):
        some = ordered[start : start + _MOST_KEYS]
        running = await _running(session, some, at)
        due = await _due(session, set(some) - running.keys(), at)
        left |= {key: held.left for key, held in running.items()}
        left |= {key: row["limit_micros"] for key, row in due.items()}
    return {key: left.get(key, ZERO) for key in keys}


async def hold(
    tx: WriteSession,
    keys: Collection[LimitKey],
    at: datetime,
    *,
    caps: Collection[LimitKey] = (),
) -> dict[LimitKey, HeldLimit]:
    """Lock the limits that count at `at`, in id order, opening windows that are due.

    Of `caps` those that there are: they open no windows.
    """
    held = await _running(tx, {*keys, *caps}, at, lock=True)
    due = await _due(tx, set(keys) - held.keys(), at)
    if due:
        await insert_missing(tx, _limits, [due[key] for key in sorted(due)])
        held = await _running(tx, {*keys, *caps}, at, lock=True)
    return held


async def draw(tx: WriteSession, amounts: Mapping[int, int]) -> None:
    """Count micros as spent, by limit id. The caller holds the rows and knows that they fit."""
    rows = [{"limit_id": one, "amount": amounts[one]} for one in sorted(amounts)]
    assert await update_each(tx, _DRAW, rows), "A held spend limit changed under its lock."


async def begin_lease(tx: WriteSession, limit_ids: Collection[int], amount: Micros) -> None:
    """Count an amount as leased. The caller holds the rows and knows that it fits."""
    rows = [{"limit_id": one, "amount": amount.amount} for one in sorted(limit_ids)]
    assert await update_each(tx, _LEASE, rows), "A held spend limit changed under its lock."


async def end_lease(
    tx: WriteSession, limit_ids: Collection[int], *, leased: Micros, spent: Micros
) -> None:
    """Free what was leased and count what came of it as spent."""
    rows = [
        {"limit_id": one, "amount": spent.amount, "leased": leased.amount}
        for one in sorted(limit_ids)
    ]
    assert await update_each(tx, _END_LEASE, rows), "A lease is not counted under its limit."


_amount: Final = sa.bindparam("amount", type_=sa.BigInteger)
_taken: Final = _limits.c.spent_micros + _limits.c.leased_micros
_DRAW: Final = (
    sa.update(_limits)
    .where(_limits.c.id == sa.bindparam("limit_id"), _taken + _amount <= _limits.c.limit_micros)
    .values(spent_micros=_limits.c.spent_micros + _amount)
)

_LEASE: Final = (
    sa.update(_limits)
    .where(_limits.c.id == sa.bindparam("limit_id"), _taken + _amount <= _limits.c.limit_micros)
    .values(leased_micros=_limits.c.leased_micros + _amount)
)
_leased: Final = sa.bindparam("leased", type_=sa.BigInteger)
_END_LEASE: Final = (
    sa.update(_limits)
    .where(_limits.c.id == sa.bindparam("limit_id"), _limits.c.leased_micros >= _leased)
    .values(
        leased_micros=_limits.c.leased_micros - _leased,
        spent_micros=_limits.c.spent_micros + _amount,
    )
)


async def _change_running(tx: WriteSession, wanted: Mapping[str, Any]) -> bool:
    overlaps = [_limits.c.window_end.is_(None) | (_limits.c.window_end > wanted["window_start"])]
    if wanted["window_end"] is not None and wanted["renewal_micros"] is None:
        overlaps.append(_limits.c.window_start < wanted["window_end"])
    taken = sa.type_coerce(_taken, sa.BigInteger)
    limit = wanted["limit_micros"].amount
    changed = await tx.execute(
        sa.update(_limits)
        .where(_limits.c.scope == wanted["scope"], _limits.c.scope_id == wanted["scope_id"])
        .where(*overlaps)
        .values(
            limit_micros=sa.case((taken > limit, taken), else_=limit),
            renewal_micros=wanted["renewal_micros"],
            time_zone=wanted["time_zone"],
        )
        .returning(_limits.c.id)
    )
    return bool(changed.all())


async def _running(
    session: AsyncSession, keys: Collection[LimitKey], at: datetime, *, lock: bool = False
) -> dict[LimitKey, HeldLimit]:
    if not keys:
        return {}
    query = (
        sa.select(_limits)
        .where(
            sa.tuple_(_limits.c.scope, _limits.c.scope_id).in_(_pairs(keys)),
            _limits.c.window_start <= at,
            _limits.c.window_end.is_(None) | (_limits.c.window_end > at),
        )
        .order_by(_limits.c.id)
    )
    if lock:
        query = query.with_for_update(key_share=True)
    rows = await session.execute(query)
    return {
        LimitKey(row.scope, row.scope_id): HeldLimit(
            row.id, row.limit_micros - row.spent_micros - row.leased_micros, row.window_end
        )
        for row in rows
    }


async def _due(
    session: AsyncSession, keys: Collection[LimitKey], at: datetime
) -> dict[LimitKey, dict[str, Any]]:
    """The windows that should hold `at` and are not open yet, renewed from the latest ones."""
    if not keys:
        return {}
    ended = _limits.alias()
    last_start = (
        sa.select(sa.func.max(ended.c.window_start))
        .where(
            ended.c.scope == _limits.c.scope,
            ended.c.scope_id == _limits.c.scope_id,
            ended.c.window_end <= at,
        )
        .scalar_subquery()
    )
    rows = await session.execute(
        sa.select(_limits).where(
            sa.tuple_(_limits.c.scope, _limits.c.scope_id).in_(_pairs(keys)),
            _limits.c.window_start == last_start,
        )
    )
    latest = {LimitKey(row["scope"], row["scope_id"]): dict(row) for row in rows.mappings()}
    return {
        key: _renewed(key, row, at)
        for key, row in latest.items()
        if row["renewal_micros"] is not None
    }


def _renewed(key: LimitKey, row: dict[str, Any], at: datetime) -> dict[str, Any]:
    window = window_at(key.scope, row["time_zone"], at)
    assert window is not None, "Only days and months renew."
    start, end = window
    return {name: value for name, value in row.items() if name != "id"} | {
        # Never into the old window: its edges may come from another time zone.
        "window_start": max(start, row["window_end"]),
        "window_end": end,
        "limit_micros": row["renewal_micros"],
        "spent_micros": ZERO,
        "leased_micros": ZERO,
    }


def _pairs(keys: Collection[LimitKey]) -> list[tuple[str, str]]:
    return [(key.scope, key.scope_id) for key in sorted(keys)]

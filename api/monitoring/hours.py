"""Every call of this process, summed up by hour, app, model and upstream.

    call ─► sums and sketches in memory ─► every ten seconds this worker's row of the hour, anew

Each worker writes rows of its own and writes them whole, so a repeated or late write does no harm;
who reads merges them over workers and hours. While the database is away the sums wait in memory,
bounded. Ids and counts only.
"""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from api.monitoring.called import Called
from api.monitoring.sketch import Sketch
from api.tables import CallHour
from kernel.database import Database, WriteSession
from kernel.ids import new_id
from kernel.money import Micros
from kernel.telemetry import counter, logger

_FLUSH_SECONDS: Final = 10.0
_MOST_KEPT: Final = 20_000
_HOUR: Final = 3_600
_LEFT: Final = 499

_log = logger(__name__)
_lost: Final = counter("call_sums_lost", "Sums of an hour that were dropped for want of room.")


@dataclass(slots=True)
class Sums:
    """Calls that were added up; times are those of answered calls."""

    calls: int = 0
    failed: int = 0
    left: int = 0
    tokens: int = 0
    cached_tokens: int = 0
    cost: int = 0
    with_ad: int = 0
    first_token: Sketch = field(default_factory=Sketch)
    total: Sketch = field(default_factory=Sketch)

    def note(self, call: Called) -> None:
        """Add one call."""
        self.calls += 1
        self.tokens += call.prompt_tokens + call.completion_tokens
        self.cached_tokens += call.cached_tokens
        self.cost += call.cost_micros.amount
        self.with_ad += call.ad_outcome == "ad"
        if call.status >= 400:
            self.left += call.status == _LEFT
            self.failed += call.status != _LEFT
            return
        self.total.add(call.total_ms)
        if call.first_token_ms is not None:
            self.first_token.add(call.first_token_ms)

    def merge(self, other: "Sums") -> None:
        """Add what others counted."""
        for name in ("calls", "failed", "left", "tokens", "cached_tokens", "cost", "with_ad"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.first_token.merge(other.first_token)
        self.total.merge(other.total)


@dataclass(frozen=True, slots=True)
class HourOfCalls:
    """The calls of one hour of one app, by one model and upstream."""

    app_id: str
    model: str
    upstream: str
    sums: Sums


class CallHours:
    """The sums of this process; start `run`, and `flush` at the end."""

    def __init__(self, database: Database) -> None:
        self._database, self._worker = database, new_id("wrk")
        self._sums: dict[tuple[int, str, str, str], Sums] = {}
        self._unwritten: set[tuple[int, str, str, str]] = set()
        self._newest = 0

    def note(self, call: Called) -> None:
        """Add one call to its hour."""
        hour = int(call.at.timestamp()) // _HOUR
        key = (hour, call.app_id, call.model, call.upstream)
        sums = self._sums.get(key)
        if sums is None:
            if len(self._sums) >= _MOST_KEPT:
                _lost.inc()
                return
            sums = self._sums[key] = Sums()
            self._newest = max(self._newest, hour)
        sums.note(call)
        self._unwritten.add(key)

    async def run(self) -> None:
        """Write what was added now and then, until cancelled."""
        while True:
            await asyncio.sleep(_FLUSH_SECONDS)
            await self.flush()

    async def flush(self) -> None:
        """Write what was added since the last time. What cannot be written is kept for the next."""
        unwritten, self._unwritten = self._unwritten, set()
        if not unwritten:
            return
        try:
            async with self._database.writing() as tx:
                await _write(tx, [self._row(key) for key in sorted(unwritten)])
        except (SQLAlchemyError, OSError, TimeoutError) as error:
            self._unwritten |= unwritten
            _log.warning("call_hours_not_written", kind=type(error).__name__)
            return
        # Calls are noted at their end and belong to the hour in which they began.
        for key in [key for key in self._sums if key[0] < self._newest - 1]:
            if key not in self._unwritten:
                del self._sums[key]

    def _row(self, key: tuple[int, str, str, str]) -> dict[str, Any]:
        hour, app_id, model, upstream = key
        sums = self._sums[key]
        return {
            "hour": datetime.fromtimestamp(hour * _HOUR, UTC),
            "worker": self._worker,
            "app_id": app_id,
            "model": model,
            "upstream": upstream,
            "calls": sums.calls,
            "failed": sums.failed,
            "left_early": sums.left,
            "tokens": sums.tokens,
            "cached_tokens": sums.cached_tokens,
            "cost_micros": Micros(sums.cost),
            "with_ad": sums.with_ad,
            "first_token": sums.first_token.stored(),
            "total": sums.total.stored(),
        }


async def hours_since(
    session: AsyncSession, since: datetime, *, app_ids: Sequence[str] | None = None
) -> list[HourOfCalls]:
    """What all workers wrote, from the hour that `since` is in on."""
    whole = since.replace(minute=0, second=0, microsecond=0)
    query = sa.select(CallHour).where(CallHour.hour >= whole)
    if app_ids is not None:
        query = query.where(CallHour.app_id.in_(app_ids))
    return [_read(row) for row in await session.scalars(query)]


def merged(parts: Iterable[Sums]) -> Sums:
    """All of them as one."""
    whole = Sums()
    for part in parts:
        whole.merge(part)
    return whole


async def _write(tx: WriteSession, rows: list[dict[str, Any]]) -> None:
    dialect = tx.get_bind().dialect.name
    insert: Any = postgresql.insert if dialect == "postgresql" else sqlite.insert
    keys = ["hour", "worker", "app_id", "model", "upstream"]
    statement = insert(CallHour)
    counted = {name: statement.excluded[name] for name in rows[0] if name not in keys}
    await tx.execute(statement.on_conflict_do_update(index_elements=keys, set_=counted), rows)


def _read(row: CallHour) -> HourOfCalls:
    sums = Sums(
        row.calls,
        row.failed,
        row.left_early,
        row.tokens,
        row.cached_tokens,
        row.cost_micros.amount,
        row.with_ad,
        Sketch.from_stored(row.first_token),
        Sketch.from_stored(row.total),
    )
    return HourOfCalls(row.app_id, row.model, row.upstream, sums)

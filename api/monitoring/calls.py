"""What the calls of a span of time were like, from their rows.

Percentiles are those of the rows themselves (nearest rank). A span with more calls than are worth
reading is told from the sums and sketches of its hours, merged over all workers.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from operator import attrgetter
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from api.monitoring.hours import HourOfCalls, hours_since, merged
from api.tables import ApiKey, Completion
from kernel.money import Micros

_MOST_ROWS: Final = 50_000
_LEFT: Final = 499
_SHARES: Final = (0.5, 0.9, 0.95, 0.99)
_COLUMNS: Final = (
    Completion.key_id,
    Completion.app_id,
    Completion.model,
    Completion.upstream,
    Completion.prompt_group,
    Completion.status,
    Completion.first_token_ms,
    Completion.total_ms,
    Completion.prompt_tokens,
    Completion.completion_tokens,
    Completion.cost_micros,
    Completion.ad_outcome,
    Completion.cached_tokens,
    Completion.signals,
)


@dataclass(frozen=True, slots=True)
class Percentiles:
    """Milliseconds; all None when nothing was measured."""

    p50: float | None
    p90: float | None
    p95: float | None
    p99: float | None


@dataclass(frozen=True, slots=True)
class Group:
    """The calls of one upstream, or of one group of prompts. `name` is None for ungrouped ones.

    `signals` counts what was seen of the quality of answers, such as ``{"truncated": 3}``, and
    `statuses` the failures by what their callers were told, such as ``{429: 12}``.
    """

    name: str | None
    calls: int
    failed: int
    left: int
    tokens: int
    cost: Micros
    with_ad: int
    first_token: Percentiles
    total: Percentiles
    cached_tokens: int = 0
    signals: Mapping[str, int] = field(default_factory=dict)
    statuses: Mapping[int, int] = field(default_factory=dict)

    @property
    def failure_rate(self) -> float:
        """Failed calls among those whose caller stayed."""
        stayed = self.calls - self.left
        return self.failed / stayed if stayed else 0.0


@dataclass(frozen=True, slots=True)
class CallReport:
    """One span of time. `is_sampled`: groups of prompts are those of its newest rows only.

    All else is then told from the sums of whole hours, where workers have written any.
    """

    since: datetime
    overall: Group
    upstreams: Sequence[Group]
    apps: Sequence[Group]
    models: Sequence[Group]
    costliest: Sequence[Group]
    slowest: Sequence[Group]
    is_sampled: bool


async def report(
    session: AsyncSession,
    *,
    since: datetime,
    app_ids: Sequence[str] | None = None,
    most: int = 10,
    most_rows: int = _MOST_ROWS,
) -> CallReport:
    """The calls since then, of all apps or of some; at most `most` groups of prompts each."""
    query = sa.select(*_COLUMNS).where(Completion.at >= since).order_by(Completion.at.desc())
    if app_ids is not None:
        query = query.where(Completion.app_id.in_(app_ids))
    rows: Sequence[Any] = (await session.execute(query.limit(most_rows + 1))).all()
    is_sampled, rows = len(rows) > most_rows, rows[:most_rows]
    hours = await hours_since(session, since, app_ids=app_ids) if is_sampled else []
    prompts = _grouped(rows, lambda row: row.prompt_group)
    named = [group for group in prompts if group.name is not None]
    return CallReport(
        since=since,
        overall=_summed(None, hours) if hours else _group(None, rows),
        upstreams=_apart(rows, hours, "upstream"),
        apps=_apart(rows, hours, "app_id"),
        models=_apart(rows, hours, "model"),
        costliest=sorted(prompts, key=lambda group: group.cost.amount, reverse=True)[:most],
        slowest=sorted(named, key=lambda group: group.total.p95 or 0, reverse=True)[:most],
        is_sampled=is_sampled,
    )


async def by_key(
    session: AsyncSession, *, since: datetime, app_ids: Sequence[str], most_rows: int = _MOST_ROWS
) -> dict[str, Group]:
    """The calls since then of each key of these apps; keys without calls are missing."""
    query = (
        sa.select(*_COLUMNS)
        .where(Completion.at >= since, Completion.app_id.in_(app_ids))
        .order_by(Completion.at.desc())
        .limit(most_rows)
    )
    rows: Sequence[Any] = (await session.execute(query)).all()
    return {group.name: group for group in _grouped(rows, lambda row: row.key_id) if group.name}


async def first_answer_ms(session: AsyncSession, key_id: str) -> float | None:
    """How long the first answered call with a key took; None while there is none."""
    query = (
        sa.select(Completion.total_ms)
        .join(ApiKey, ApiKey.id == Completion.key_id)
        .where(
            # By app and time, as the index is ordered: the table may be long.
            Completion.app_id == ApiKey.app_id,
            Completion.at >= ApiKey.created_at,
            Completion.key_id == key_id,
            Completion.status < 400,
        )
        .order_by(Completion.at)
        .limit(1)
    )
    return await session.scalar(query)


def percentiles(values: Iterable[float | None]) -> Percentiles:
    """Nearest rank: each is a value that really was measured."""
    known = sorted(value for value in values if value is not None)
    if not known:
        return Percentiles(None, None, None, None)
    return Percentiles(*(known[math.ceil(len(known) * at) - 1] for at in _SHARES))


def _apart(rows: Sequence[Any], hours: Sequence[HourOfCalls], name: str) -> list[Group]:
    """Groups by one member, from the sums where there are any."""
    if not hours:
        return _grouped(rows, attrgetter(name))
    apart: defaultdict[str, list[HourOfCalls]] = defaultdict(list)
    for hour in hours:
        apart[getattr(hour, name)].append(hour)
    groups = [_summed(named, members) for named, members in apart.items()]
    return sorted(groups, key=lambda group: group.calls, reverse=True)


def _summed(name: str | None, hours: Sequence[HourOfCalls]) -> Group:
    sums = merged(hour.sums for hour in hours)
    return Group(
        name=name,
        calls=sums.calls,
        failed=sums.failed,
        left=sums.left,
        tokens=sums.tokens,
        cost=Micros(sums.cost),
        with_ad=sums.with_ad,
        first_token=Percentiles(*map(sums.first_token.at, _SHARES)),
        total=Percentiles(*map(sums.total.at, _SHARES)),
        cached_tokens=sums.cached_tokens,
    )


def _grouped(rows: Sequence[Any], name_of: Callable[[Any], str | None]) -> list[Group]:
    apart: defaultdict[str | None, list[Any]] = defaultdict(list)
    for row in rows:
        apart[name_of(row)].append(row)
    groups = [_group(name, members) for name, members in apart.items()]
    return sorted(groups, key=lambda group: group.calls, reverse=True)


def _group(name: str | None, rows: Sequence[Any]) -> Group:
    answered = [row for row in rows if row.status < 400]
    return Group(
        name=name,
        calls=len(rows),
        failed=sum(row.status >= 400 and row.status != _LEFT for row in rows),
        left=sum(row.status == _LEFT for row in rows),
        tokens=sum(row.prompt_tokens + row.completion_tokens for row in rows),
        cost=Micros(sum(row.cost_micros.amount for row in rows)),
        with_ad=sum(row.ad_outcome == "ad" for row in rows),
        first_token=percentiles(row.first_token_ms for row in answered),
        total=percentiles(row.total_ms for row in answered),
        cached_tokens=sum(row.cached_tokens for row in rows),
        signals=dict(
            Counter(word for row in rows if row.signals for word in row.signals.split(","))
        ),
        statuses=dict(Counter(row.status for row in rows if row.status >= 400)),
    )

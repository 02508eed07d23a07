"""Count what came of decisions, so that ranking can learn from it.

Adds up the steps since the last time, an hour at most in one go, in one transaction with the mark
that says how far it came: counted twice is impossible, interrupted means not counted. Waits a
minute, because a step is recorded a moment after it happened; the rare step that comes later than
that is not learned from. Test traffic is not counted.
"""

from datetime import datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa

from adserver.decision.click_rate import click_rate
from adserver.decision.tables import RankingCountRow, RankingHourRow, RankingMarkRow
from adserver.events.tables import DecisionRow, StepRow
from adserver.once import insert_once
from kernel.clock import Clock
from kernel.database import Database, WriteSession, insert_into
from kernel.ids import id_from_bytes
from tollfree_sdk.contract import Step

_LAG: Final = timedelta(seconds=60)
_AT_ONCE: Final = timedelta(hours=1)
_LOOKED_BACK: Final = timedelta(days=7)
_THE_ROW: Final = 1
_BUCKETS: Final = 20
_COLUMNS: Final = {
    Step.DELIVERED.value: "delivered",
    Step.CLICK.value: "clicks",
    Step.CONVERSION.value: "conversions",
}


async def count(database: Database, *, clock: Clock) -> None:
    """Bring the counts up to a minute ago."""
    while True:
        async with database.writing() as tx:
            if await count_on(tx, clock=clock):
                return


async def count_on(tx: WriteSession, *, clock: Clock) -> bool:
    """Count the next hour at most; says whether that was all."""
    newest = clock.now() - _LAG
    mark = await tx.get(RankingMarkRow, _THE_ROW, with_for_update=True, populate_existing=True)
    if mark is None:
        mark = await _first_mark(tx, newest)
    since = mark.counted_until
    until = min(newest, since + _AT_ONCE)
    if until <= since:
        return True
    await _count_steps(tx, since, until)
    await _count_turns(tx, since, until)
    mark.counted_until = until
    return until == newest


async def _first_mark(tx: WriteSession, newest: datetime) -> RankingMarkRow:
    """Where counting begins: at the oldest decision, a week back at most."""
    oldest = await tx.scalar(sa.select(DecisionRow.created_at).order_by(DecisionRow.id).limit(1))
    since = max(newest - _LOOKED_BACK, min(newest, oldest or newest) - _LAG)
    await insert_once(tx, RankingMarkRow, {"id": _THE_ROW, "counted_until": since})
    return await tx.get_one(RankingMarkRow, _THE_ROW, with_for_update=True, populate_existing=True)


async def _count_steps(tx: WriteSession, since: datetime, until: datetime) -> None:
    # Named first and grouped outside: PostgreSQL does not see that two expressions with parameters
    # are the same.
    each = (
        sa.select(
            DecisionRow.creative_number,
            DecisionRow.campaign_id,
            sa.func.coalesce(DecisionRow.topic, "").label("topic"),
            sa.func.round(DecisionRow.relevance * _BUCKETS).label("bucket"),
            StepRow.step,
        )
        .join(StepRow, StepRow.decision_id == DecisionRow.id)
        .where(
            StepRow.at > since,
            StepRow.at <= until,
            StepRow.step.in_(_COLUMNS),
            DecisionRow.test.is_(sa.false()),
            DecisionRow.creative_number.is_not(None),
        )
        .subquery()
    )
    rows = await tx.execute(sa.select(*each.c, sa.func.count().label("times")).group_by(*each.c))
    sums: dict[tuple[int, str], dict[str, Any]] = {}
    for row in rows:
        counted = sums.setdefault(
            (row.creative_number, row.topic),
            {
                "creative_number": row.creative_number,
                "topic": row.topic,
                "campaign_id": row.campaign_id,
                **dict.fromkeys(_COLUMNS.values(), 0),
                "expected": 0.0,
            },
        )
        counted[_COLUMNS[row.step]] += row.times
        if row.step == Step.DELIVERED.value:
            counted["expected"] += row.times * click_rate(float(row.bucket) / _BUCKETS)
    added = [*_COLUMNS.values(), "expected"]
    for key in sorted(sums):
        await _add(tx, RankingCountRow, sums[key], keys=["creative_number", "topic"], added=added)


async def _count_turns(tx: WriteSession, since: datetime, until: datetime) -> None:
    # Ids sort by age, so that this reads a range of the primary key and not the whole table.
    turns = await tx.scalar(
        sa.select(sa.func.count()).where(
            DecisionRow.id > _oldest_id(since),
            DecisionRow.id <= _oldest_id(until),
            DecisionRow.outcome == "ad",
            DecisionRow.test.is_(sa.false()),
        )
    )
    if turns:
        middle = since + (until - since) / 2
        row = {"hour": middle.hour, "turns": turns}
        await _add(tx, RankingHourRow, row, keys=["hour"], added=["turns"])


async def _add(
    tx: WriteSession, table: type[Any], row: dict[str, Any], *, keys: list[str], added: list[str]
) -> None:
    await tx.execute(
        insert_into(tx, table)
        .values(row)
        .on_conflict_do_update(
            index_elements=keys,
            set_={name: getattr(table, name) + row[name] for name in added},
        )
    )


def _oldest_id(at: datetime) -> str:
    milliseconds = int(at.timestamp() * 1000)
    return id_from_bytes("dec", milliseconds.to_bytes(6, "big") + bytes(10))

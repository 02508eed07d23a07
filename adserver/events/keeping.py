"""Keep events no longer than they are needed.

    30 days     the candidates of a decision, with their scores: by then nobody asks why
    13 months   decisions, steps, conversions and everything about them

Money is kept as the law asks and facts of reports name nobody; neither is touched here. Works in
small transactions, so that serving never waits for it, and can be stopped at any moment.
"""

from datetime import datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa

from adserver.events.tables import (
    ConversionRow,
    DecisionRow,
    InvalidRow,
    RefusedVisitRow,
    StepRow,
)
from kernel.clock import Clock
from kernel.database import Database, WriteSession

CANDIDATES_FOR: Final = timedelta(days=30)
EVENTS_FOR: Final = timedelta(days=396)
_AT_ONCE: Final = 500
_ABOUT_DECISIONS: Final = (StepRow, RefusedVisitRow, ConversionRow, InvalidRow)


async def purge(database: Database, clock: Clock) -> int:
    """Forget what is due; returns how many decisions were shortened or deleted."""
    now, done = clock.now(), 0
    for forget, before in ((_delete, now - EVENTS_FOR), (_shorten, now - CANDIDATES_FOR)):
        while True:
            async with database.writing() as tx:
                forgotten = await forget(tx, before)
            done += forgotten
            if forgotten < _AT_ONCE:
                break
    return done


async def _delete(tx: WriteSession, before: datetime) -> int:
    due = list(
        await tx.scalars(
            sa.select(DecisionRow.id)
            .where(DecisionRow.created_at < before)
            .order_by(DecisionRow.created_at)
            .limit(_AT_ONCE)
        )
    )
    for table in _ABOUT_DECISIONS:
        await tx.execute(sa.delete(table).where(table.decision_id.in_(due)))
    await tx.execute(sa.delete(DecisionRow).where(DecisionRow.id.in_(due)))
    return len(due)


async def _shorten(tx: WriteSession, before: datetime) -> int:
    written = sa.cast(DecisionRow.trace, sa.Text)
    detailed = written.like('%"candidates":[{%') | written.like('%"candidates": [{%')
    due = await tx.execute(
        sa.select(DecisionRow.id, DecisionRow.trace)
        .where(DecisionRow.created_at < before, detailed)
        .limit(_AT_ONCE)
    )
    rows: list[dict[str, Any]] = [
        {"id": row.id, "trace": row.trace | {"candidates": []}} for row in due
    ]
    if rows:
        await tx.execute(sa.update(DecisionRow), rows)
    return len(rows)

"""Work that must follow a commit, written in the same transaction as its cause.

A rollback discards the job with the data; a crash after the commit leaves the job to be found.
Delivery is at least once, so every handler is idempotent. Payloads hold ids, never text of a
conversation.
"""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from kernel.clock import Clock
from kernel.database import Base, Database, WriteSession
from kernel.ids import new_id

Handler = Callable[[WriteSession, dict[str, Any]], Awaitable[None]]

_MAX_ATTEMPTS = 12
_MAX_DELAY = timedelta(hours=1)


class OutboxJob(Base):
    """One job: `done_at` when handled, `dead_at` when given up, else due at `run_after`."""

    __tablename__ = "outbox_job"

    id: Mapped[str] = mapped_column(sa.String(40), primary_key=True)
    kind: Mapped[str] = mapped_column(sa.String(60))
    payload: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]
    run_after: Mapped[datetime] = mapped_column(index=True)
    attempts: Mapped[int] = mapped_column(default=0)
    done_at: Mapped[datetime | None]
    dead_at: Mapped[datetime | None]
    last_error: Mapped[str | None] = mapped_column(sa.String(200))


async def enqueue(tx: WriteSession, kind: str, payload: dict[str, Any], *, clock: Clock) -> str:
    """Add a job to this transaction; returns its id."""
    job_id = new_id("job")
    now = clock.now()
    tx.add(OutboxJob(id=job_id, kind=kind, payload=payload, created_at=now, run_after=now))
    await tx.flush()
    return job_id


async def drain(
    database: Database, handlers: Mapping[str, Handler], *, clock: Clock, limit: int = 100
) -> int:
    """Run up to `limit` due jobs, each in its own transaction; returns how many succeeded."""
    async with database.reading() as session:
        due = await session.scalars(
            sa.select(OutboxJob.id)
            .where(
                OutboxJob.done_at.is_(None),
                OutboxJob.dead_at.is_(None),
                OutboxJob.run_after <= clock.now(),
                OutboxJob.kind.in_(handlers),
            )
            .order_by(OutboxJob.run_after)
            .limit(limit)
        )
        job_ids = list(due)
    done = 0
    for job_id in job_ids:
        done += await _run(database, handlers, job_id, clock)
    return done


async def _run(
    database: Database, handlers: Mapping[str, Handler], job_id: str, clock: Clock
) -> bool:
    try:
        async with database.writing() as tx:
            job = await _claim(tx, job_id, clock)
            if job is None:
                return False
            await handlers[job.kind](tx, job.payload)
    except Exception as error:  # noqa: BLE001  a process edge: noted on the row, tried again later
        await _postpone(database, job_id, error, clock)
        return False
    return True


async def _claim(tx: WriteSession, job_id: str, clock: Clock) -> OutboxJob | None:
    # The guarded update is the lock: of two workers, one sees a row and the other none.
    claimed = await tx.execute(
        sa.update(OutboxJob)
        .where(OutboxJob.id == job_id, OutboxJob.done_at.is_(None))
        .values(done_at=clock.now(), attempts=OutboxJob.attempts + 1)
        .returning(OutboxJob.id)
    )
    if claimed.scalar_one_or_none() is None:
        return None
    return await tx.get_one(OutboxJob, job_id)


async def _postpone(database: Database, job_id: str, error: Exception, clock: Clock) -> None:
    async with database.writing() as tx:
        job = await tx.get_one(OutboxJob, job_id)
        job.attempts += 1
        # The class only: a message may quote what the job was about.
        job.last_error = type(error).__name__
        job.run_after = clock.now() + min(timedelta(seconds=2**job.attempts), _MAX_DELAY)
        if job.attempts >= _MAX_ATTEMPTS:
            job.dead_at = clock.now()

"""The outbox: work follows its commit, once when all goes well, again when it does not."""

import asyncio
from typing import Any

import pytest
import sqlalchemy as sa

from kernel.clock import FrozenClock
from kernel.database import Database, WriteSession
from kernel.outbox import Handler, OutboxJob, drain, enqueue


class Hands:
    """A handler that notes what it did and fails as often as told."""

    def __init__(self, *, failures: int = 0) -> None:
        self.failures = failures
        self.seen: list[dict[str, Any]] = []

    async def __call__(self, tx: WriteSession, payload: dict[str, Any]) -> None:
        self.seen.append(payload)
        await tx.execute(sa.select(1))
        if self.failures:
            self.failures -= 1
            raise ConnectionError(payload)


async def ask(database: Database, clock: FrozenClock, kind: str = "mail", number: int = 1) -> str:
    async with database.writing() as tx:
        return await enqueue(tx, kind, {"number": number}, clock=clock)


async def job(database: Database, job_id: str) -> OutboxJob:
    async with database.reading() as session:
        return await session.get_one(OutboxJob, job_id)


async def test_a_job_runs_once(database: Database, clock: FrozenClock) -> None:
    hands = Hands()
    job_id = await ask(database, clock)

    counts = [await drain(database, {"mail": hands}, clock=clock) for _ in range(2)]

    assert counts == [1, 0]
    assert hands.seen == [{"number": 1}]
    done = await job(database, job_id)
    assert (done.done_at, done.attempts, done.last_error) == (clock.now(), 1, None)


async def test_a_job_of_a_transaction_undone_never_runs(
    database: Database, clock: FrozenClock
) -> None:
    hands = Hands()

    async def change_our_mind() -> None:
        async with database.writing() as tx:
            await enqueue(tx, "mail", {}, clock=clock)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await change_our_mind()

    assert await drain(database, {"mail": hands}, clock=clock) == 0
    assert hands.seen == []


async def test_a_job_that_fails_is_tried_again_later_and_its_work_undone(
    database: Database, clock: FrozenClock
) -> None:
    hands = Hands(failures=1)
    job_id = await ask(database, clock)

    assert await drain(database, {"mail": hands}, clock=clock) == 0
    assert await drain(database, {"mail": hands}, clock=clock) == 0
    failed = await job(database, job_id)
    assert (failed.done_at, failed.attempts, failed.last_error) == (None, 1, "ConnectionError")
    clock.advance(seconds=2)

    assert await drain(database, {"mail": hands}, clock=clock) == 1
    assert len(hands.seen) == 2


async def test_a_job_that_always_fails_is_given_up(database: Database, clock: FrozenClock) -> None:
    hands = Hands(failures=100)
    job_id = await ask(database, clock)

    for _ in range(20):
        await drain(database, {"mail": hands}, clock=clock)
        clock.advance(hours=1)

    given_up = await job(database, job_id)
    assert given_up.dead_at is not None
    assert len(hands.seen) == given_up.attempts == 12


async def test_one_bad_job_does_not_hold_up_the_others(
    database: Database, clock: FrozenClock
) -> None:
    bad, good = Hands(failures=1), Hands()
    await ask(database, clock, "bad")
    await ask(database, clock, "good")

    assert await drain(database, {"bad": bad, "good": good}, clock=clock) == 1
    assert len(good.seen) == 1


async def test_jobs_run_oldest_first_and_no_more_than_asked(
    database: Database, clock: FrozenClock
) -> None:
    hands = Hands()
    for number in range(5):
        await ask(database, clock, number=number)
        clock.advance(seconds=1)

    assert await drain(database, {"mail": hands}, clock=clock, limit=3) == 3
    assert [payload["number"] for payload in hands.seen] == [0, 1, 2]


async def test_jobs_of_other_kinds_wait_for_who_knows_them(
    database: Database, clock: FrozenClock
) -> None:
    hands = Hands()
    await ask(database, clock, "unknown")

    assert await drain(database, {"mail": hands}, clock=clock) == 0
    assert await drain(database, {}, clock=clock) == 0
    assert await drain(database, {"unknown": hands}, clock=clock) == 1


async def test_workers_that_meet_run_each_job_once(database: Database, clock: FrozenClock) -> None:
    hands = Hands()
    for number in range(10):
        await ask(database, clock, number=number)
    handlers: dict[str, Handler] = {"mail": hands}

    done = await asyncio.gather(*(drain(database, handlers, clock=clock) for _ in range(4)))

    assert sum(done) == 10
    assert sorted(payload["number"] for payload in hands.seen) == list(range(10))

"""Group commit: few commits, and every waiter hears the truth."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress

import pytest
import sqlalchemy as sa

from kernel.clock import FrozenClock
from kernel.database import Database, WriteSession
from kernel.errors import Unavailable
from kernel.group_commit import GroupCommit
from kernel.outbox import OutboxJob, enqueue


class Desk:
    """Writes rows as jobs, and remembers how they were batched."""

    def __init__(self, clock: FrozenClock) -> None:
        self.clock = clock
        self.batches: list[list[str]] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.began = asyncio.Event()

    async def write(self, tx: WriteSession, rows: Sequence[str]) -> None:
        self.batches.append(list(rows))
        self.began.set()
        await self.gate.wait()
        for row in rows:
            if row == "bad":
                raise RuntimeError(row)
            await enqueue(tx, row, {}, clock=self.clock)


@pytest.fixture
def desk(clock: FrozenClock) -> Desk:
    return Desk(clock)


@pytest.fixture
async def group(database: Database, desk: Desk) -> AsyncIterator[GroupCommit[str]]:
    made = GroupCommit(database, desk.write, max_delay_ms=5, max_rows=10, capacity=30)
    running = asyncio.create_task(made.run())
    yield made
    await made.close()
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running


async def written(database: Database) -> list[str]:
    async with database.reading() as session:
        return list(await session.scalars(sa.select(OutboxJob.kind).order_by(OutboxJob.kind)))


class TestRowsHandedIn:
    async def test_together_are_written_in_one_commit(
        self, group: GroupCommit[str], desk: Desk, database: Database
    ) -> None:
        await asyncio.gather(*(group.put(f"row{i}") for i in range(8)))

        assert [len(batch) for batch in desk.batches] == [8]
        assert await written(database) == [f"row{i}" for i in range(8)]

    async def test_are_written_in_their_order_and_in_batches_of_bounded_size(
        self, group: GroupCommit[str], desk: Desk
    ) -> None:
        rows = [f"row{i:02d}" for i in range(25)]

        await asyncio.gather(*(group.put(row) for row in rows))

        assert [len(batch) for batch in desk.batches] == [10, 10, 5]
        assert [row for batch in desk.batches for row in batch] == rows

    async def test_later_are_written_too(self, group: GroupCommit[str], database: Database) -> None:
        await group.put("first")
        await asyncio.sleep(0.02)
        await group.put("second")

        assert await written(database) == ["first", "second"]

    async def test_beyond_the_capacity_are_refused(
        self, group: GroupCommit[str], desk: Desk
    ) -> None:
        desk.gate.clear()
        accepted = [group.put(f"row{i}") for i in range(30)]

        with pytest.raises(Unavailable):
            group.put("one too many")

        desk.gate.set()
        await asyncio.gather(*accepted)


class TestABatchThatFails:
    async def test_tells_each_of_its_waiters_and_writes_nothing(
        self, group: GroupCommit[str], database: Database
    ) -> None:
        results = await asyncio.gather(group.put("good"), group.put("bad"), return_exceptions=True)

        assert [type(result) for result in results] == [RuntimeError, RuntimeError]
        assert group.failures == 1
        assert await written(database) == []

    async def test_does_not_stop_the_next_one(
        self, group: GroupCommit[str], database: Database
    ) -> None:
        with pytest.raises(RuntimeError):
            await group.put("bad")

        await group.put("good")

        assert await written(database) == ["good"]

    async def test_that_nobody_waits_for_is_only_counted(self, group: GroupCommit[str]) -> None:
        group.put("bad")

        await group.close()

        assert group.failures == 1

    async def test_leaves_a_waiter_that_gave_up_alone(
        self, group: GroupCommit[str], database: Database
    ) -> None:
        given_up, patient = group.put("one"), group.put("two")
        given_up.cancel()

        await patient

        assert await written(database) == ["one", "two"]


class TestClosing:
    async def test_writes_what_is_waiting(
        self, group: GroupCommit[str], database: Database
    ) -> None:
        rows = [group.put(f"row{i}") for i in range(3)]

        await group.close()

        assert all(row.done() for row in rows)
        assert len(await written(database)) == 3

    async def test_waits_for_the_batch_that_is_being_written(
        self, group: GroupCommit[str], desk: Desk, database: Database
    ) -> None:
        desk.gate.clear()
        row = group.put("slow")
        await desk.began.wait()

        closing = asyncio.create_task(group.close())
        await asyncio.sleep(0.01)
        assert not closing.done()
        desk.gate.set()
        await closing

        assert row.done()
        assert await written(database) == ["slow"]

    async def test_refuses_rows_that_come_later(self, group: GroupCommit[str]) -> None:
        await group.close()

        with pytest.raises(Unavailable):
            group.put("late")

    async def test_ends_the_loop(self, database: Database, desk: Desk) -> None:
        made = GroupCommit(database, desk.write, max_delay_ms=5)
        running = asyncio.create_task(made.run())
        await asyncio.sleep(0)

        await made.close()

        await asyncio.wait_for(running, 1)

    async def test_by_stopping_the_loop_mid_write_leaves_no_waiter_hanging(
        self, database: Database, desk: Desk
    ) -> None:
        made = GroupCommit(database, desk.write, max_delay_ms=1)
        running = asyncio.create_task(made.run())
        desk.gate.clear()
        row = made.put("stopped")
        await desk.began.wait()

        running.cancel()

        with pytest.raises(Unavailable, match="may or may not"):
            await asyncio.wait_for(row, 1)
        assert await written(database) == []

"""The database: who may write, what a look sees, how money and time come back."""

import asyncio
from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.exc import DBAPIError, StatementError

import kernel.database
from kernel.database import Database, MicrosColumn, UtcDateTime, async_url
from kernel.errors import SettingsInvalid
from kernel.ids import new_id
from kernel.money import Micros
from kernel.outbox import OutboxJob

AT = datetime(2026, 11, 22, 12, 30, 15, 123456, tzinfo=UTC)


def a_job(**changed: object) -> OutboxJob:
    row = {"kind": "k", "payload": {}, "created_at": AT, "run_after": AT, "attempts": 0}
    return OutboxJob(id=new_id("job"), **(row | changed))


async def count(database: Database) -> int:
    async with database.reading() as session:
        return await session.scalar(sa.select(sa.func.count()).select_from(OutboxJob)) or 0


class TestAWritingTransaction:
    async def test_commits_when_its_block_ends(self, database: Database) -> None:
        async with database.writing() as tx:
            tx.add(a_job())

        assert await count(database) == 1

    async def test_is_undone_when_its_block_raises(self, database: Database) -> None:
        async def write() -> None:
            async with database.writing() as tx:
                tx.add(a_job())
                await tx.flush()
                raise RuntimeError

        with pytest.raises(RuntimeError):
            await write()

        assert await count(database) == 0

    async def test_is_undone_when_its_task_is_cancelled(self, database: Database) -> None:
        inside = asyncio.Event()

        async def write() -> None:
            async with database.writing() as tx:
                tx.add(a_job())
                await tx.flush()
                inside.set()
                await asyncio.sleep(60)

        task = asyncio.create_task(write())
        await inside.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        async with database.writing() as tx:
            tx.add(a_job())

        assert await count(database) == 1

    async def test_lets_thirty_tasks_write_without_losing_one(self, database: Database) -> None:
        async with database.writing() as tx:
            job = a_job()
            tx.add(job)

        async def increment() -> None:
            async with database.writing() as tx:
                await tx.execute(sa.update(OutboxJob).values(attempts=OutboxJob.attempts + 1))

        await asyncio.gather(*(increment() for _ in range(30)))

        async with database.reading() as session:
            assert (await session.get_one(OutboxJob, job.id)).attempts == 30


class TestALook:
    async def test_cannot_write(self, database: Database) -> None:
        with pytest.raises(DBAPIError):
            async with database.reading() as session:
                await session.execute(sa.delete(OutboxJob))

        async with database.writing() as tx:
            tx.add(a_job())
        assert await count(database) == 1

    async def test_sees_one_moment_however_long_it_takes(self, database: Database) -> None:
        query = sa.select(sa.func.count()).select_from(OutboxJob)
        async with database.reading() as session:
            before = await session.scalar(query)
            async with database.writing() as tx:
                tx.add(a_job())
            after = await session.scalar(query)

        assert before == after == 0
        assert await count(database) == 1

    async def test_leaves_its_rows_readable(self, database: Database) -> None:
        async with database.writing() as tx:
            job = a_job()
            tx.add(job)

        async with database.reading() as session:
            found = await session.get_one(OutboxJob, job.id)

        assert found.kind == "k"

    async def test_answers_a_ping(self, database: Database) -> None:
        await database.ping()


class TestColumns:
    async def test_times_come_back_aware_and_in_utc(self, database: Database) -> None:
        local = AT.astimezone(timezone(timedelta(hours=5, minutes=45)))
        async with database.writing() as tx:
            job = a_job(run_after=local)
            tx.add(job)

        async with database.reading() as session:
            found = (await session.get_one(OutboxJob, job.id)).run_after

        assert found == AT
        assert found.tzinfo is UTC

    async def test_a_naive_time_is_refused(self, database: Database) -> None:
        with pytest.raises(StatementError, match="aware"):
            async with database.writing() as tx:
                tx.add(a_job(run_after=AT.replace(tzinfo=None)))

    @pytest.mark.parametrize("amount", [-(2**63), -1, 0, 350_000, 2**63 - 1])
    async def test_money_comes_back_as_money(self, amount: int, database: Database) -> None:
        async with database.reading() as session:
            query = sa.select(sa.literal(Micros(amount), MicrosColumn()))
            assert await session.scalar(query) == Micros(amount)

    def test_nothing_stays_nothing(self) -> None:
        dialect = sa.create_mock_engine("sqlite://", lambda *_: None).dialect

        for column in (UtcDateTime(), MicrosColumn()):
            assert column.process_bind_param(None, dialect) is None
            assert column.process_result_value(None, dialect) is None


class TestTheUrl:
    @pytest.mark.parametrize(
        ("given_url", "used"),
        [
            ("sqlite:////data/t.db", "sqlite+aiosqlite:////data/t.db"),
            ("postgres://u:p@h:5432/n", "postgresql+psycopg://u:p@h:5432/n"),
            ("postgresql://u@h/n?sslmode=require", "postgresql+psycopg://u@h/n?sslmode=require"),
            ("postgresql+asyncpg://u@h/n", "postgresql+psycopg://u@h/n"),
        ],
    )
    def test_goes_through_our_drivers(self, given_url: str, used: str) -> None:
        assert async_url(given_url) == used

    @pytest.mark.parametrize("wrong", ["", "nonsense", "://", "mysql://u:hunter2@h/n"])
    def test_that_is_wrong_is_named_without_its_password(self, wrong: str) -> None:
        with pytest.raises(SettingsInvalid) as caught:
            async_url(wrong)

        assert caught.value.param == "DATABASE_URL"
        assert "hunter2" not in caught.value.message

    @pytest.mark.parametrize("memory", ["sqlite://", "sqlite:///:memory:", "sqlite+aiosqlite://"])
    def test_must_name_a_file(self, memory: str) -> None:
        with pytest.raises(SettingsInvalid, match="in memory"):
            async_url(memory)

    @given(url=st.text(max_size=40))
    def test_of_any_text_is_used_or_refused_politely(self, url: str) -> None:
        with suppress(SettingsInvalid):
            async_url(url)


class TestALostConnection:
    @pytest.mark.parametrize("engine_kind", ["postgres"])
    async def test_that_was_idle_is_replaced_before_it_is_used(
        self, database: Database, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        await database.ping()
        monkeypatch.setattr(kernel.database, "_BELIEVED_S", 0.0)
        await _cut_all_others(database)

        async with database.glancing() as session:
            assert await session.scalar(sa.text("SELECT 1")) == 1


async def _cut_all_others(database: Database) -> None:
    other = Database(database.url)
    async with other.glancing() as session:
        cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        assert (await session.scalars(sa.text(cut))).all()
    await other.close()

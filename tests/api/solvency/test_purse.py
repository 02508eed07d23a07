"""The day's budget: never overdrawn by workers together, used up in memory, booked when lost."""

import asyncio
from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import OperationalError

from api.chat.usage import write_completions
from api.solvency import slices
from api.solvency.breaker import Stage
from api.solvency.purse import Purse, SpendRefused
from api.tables import SpendSlice, SpendWindow
from kernel.clock import FrozenClock
from kernel.database import Database
from kernel.money import Micros
from tests.api.monitoring.test_calls import a_row

DAY = Micros(1_440_000)  # ten minutes of it are 10,000


class Away(Database):
    """A database that can be taken away."""

    is_away = False

    def writing(self):  # type: ignore[no-untyped-def]
        if self.is_away:
            raise OperationalError("", {}, OSError("gone"))
        return super().writing()


@pytest.fixture
async def away(database_url: str):  # type: ignore[no-untyped-def]
    opened = Away(database_url)
    yield opened
    await opened.close()


async def window(database: Database) -> tuple[int, int]:
    async with database.reading() as session:
        row = (await session.scalars(sa.select(SpendWindow))).one()
        return row.drawn_micros.amount, row.limit_micros.amount


async def slice_of(database: Database) -> SpendSlice:
    async with database.reading() as session:
        return (await session.scalars(sa.select(SpendSlice))).one()


async def test_a_call_takes_its_worst_case_and_gives_back_what_it_did_not_cost(
    database: Database, clock: FrozenClock
) -> None:
    purse = Purse(database, clock, per_day=DAY)

    hold = await purse.take(4_000)
    assert hold is not None
    before = purse._left
    hold.settle(150)

    assert purse._left == before + 3_850
    assert await purse.take(0) is None


async def test_workers_together_never_draw_more_than_the_day(
    database: Database, clock: FrozenClock
) -> None:
    limit = Micros(100_000)
    purses = [Purse(database, clock, per_day=limit) for _ in range(5)]
    taken, refused = 0, []
    for purse in purses * 4:
        try:
            hold = await purse.take(9_000)
        except SpendRefused as error:
            refused.append(error)
        else:
            assert hold is not None
            taken += hold.amount
            hold.settle(9_000)

    drawn, most = await window(database)
    assert drawn <= most == 100_000
    assert 80_000 <= taken <= 100_000
    assert {error.code for error in refused} == {"spend_exhausted"}
    assert all(0 < error.retry_after_seconds <= 86_400 for error in refused)


async def test_answers_go_on_without_the_database_until_the_slice_is_used(
    away: Away, clock: FrozenClock
) -> None:
    purse = Purse(away, clock, per_day=DAY)
    first = await purse.take(1_000)
    assert first is not None
    away.is_away = True

    for _ in range(9):
        hold = await purse.take(1_000)
        assert hold is not None
        hold.settle(1_000)
    with pytest.raises(SpendRefused) as refused:
        await purse.take(1_000)

    assert refused.value.code == "spend_unconfirmed"
    away.is_away = False
    assert await purse.take(1_000) is not None


async def test_a_killed_worker_is_booked_with_what_no_row_explains(
    database: Database, clock: FrozenClock
) -> None:
    killed, other = (Purse(database, clock, per_day=DAY) for _ in range(2))
    hold = await killed.take(5_000)
    assert hold is not None
    spent = [a_row(clock, cost_micros=Micros(1_200), slice_id=hold.slice_id) for _ in range(2)]
    async with database.writing() as tx:
        await write_completions(tx, spent)

    clock.advance(minutes=11)
    await other.tend()

    row = await slice_of(database)
    assert row.state == "lost"
    assert row.spent_micros == Micros(2_400)
    assert row.unattributed_micros == row.amount_micros - Micros(2_400)
    late = a_row(clock, cost_micros=Micros(600), slice_id=hold.slice_id)
    async with database.writing() as tx:
        await write_completions(tx, [late])
    row = await slice_of(database)
    assert row.spent_micros + row.unattributed_micros == row.amount_micros
    # What may have been spent stays drawn.
    assert (await window(database))[0] == row.amount_micros.amount


async def test_a_worker_that_ends_gives_back_what_it_did_not_spend(
    database: Database, clock: FrozenClock
) -> None:
    purse = Purse(database, clock, per_day=DAY)
    hold = await purse.take(500)
    assert hold is not None
    hold.settle(300)
    async with database.writing() as tx:
        row = a_row(clock, cost_micros=Micros(300), slice_id=hold.slice_id)
        await write_completions(tx, [row])

    await purse.close()
    await purse.close()

    assert (await slice_of(database)).state == "returned"
    assert (await window(database))[0] == 300


async def test_a_worker_whose_slice_was_booked_as_lost_begins_anew(
    database: Database, clock: FrozenClock
) -> None:
    purse = Purse(database, clock, per_day=DAY)
    assert await purse.take(500) is not None
    async with database.writing() as tx:
        await slices.book_lost(tx, now=clock.now() + timedelta(hours=1))

    await purse.tend()

    assert purse._left == 0
    assert await purse.take(500) is not None


async def test_the_stage_follows_what_is_handed_out(database: Database, clock: FrozenClock) -> None:
    purse = Purse(database, clock, per_day=Micros(10_000))
    stages = []
    for _ in range(10):
        hold = await purse.take(1_000)
        assert hold is not None
        hold.settle(1_000)
        stages.append(purse.stage)

    assert stages[0] == Stage.OPEN
    assert Stage.CHEAP in stages
    assert stages[-1] == Stage.TRUSTED


async def test_many_calls_at_once_wait_for_one_draw(database: Database, clock: FrozenClock) -> None:
    purse = Purse(database, clock, per_day=DAY)

    holds = await asyncio.gather(*(purse.take(100) for _ in range(50)))

    assert all(hold is not None for hold in holds)
    assert (await window(database))[0] <= 10_200

"""A worker is killed while it spends: what the provider bills is in our rows, or booked as lost."""

import asyncio
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from api.solvency.purse import Purse
from api.tables import Completion, SpendSlice
from kernel.clock import FrozenClock, SystemClock
from kernel.database import Database
from kernel.money import Micros
from tests.architecture.source_tree import ROOT


def metered(path: Path) -> int:
    return sum(map(int, path.read_text().split())) if path.is_file() else 0


async def kill_in_full_flight(url: str, meter: Path, *, after_tokens: int) -> None:
    command = [sys.executable, "-m", "tests.api.killed_worker", url, str(meter)]
    worker = subprocess.Popen(command, cwd=ROOT)  # noqa: ASYNC220  starting takes a moment only
    try:
        async with asyncio.timeout(60):
            while metered(meter) < after_tokens:  # noqa: ASYNC110  another process's file has no event
                assert worker.poll() is None
                await asyncio.sleep(0.01)
    finally:
        worker.kill()
        worker.wait()


async def sum_of(database: Database, column: sa.ColumnElement[int] | object) -> int:
    async with database.reading() as session:
        total = await session.scalar(sa.select(sa.func.sum(sa.type_coerce(column, sa.BigInteger))))  # type: ignore[arg-type]
    return int(total or 0)


@pytest.mark.parametrize("engine_kind", ["sqlite"])
async def test_the_bill_lies_between_our_rows_and_what_was_booked_as_lost(
    database: Database, database_url: str, tmp_path: Path
) -> None:
    meter, seen = tmp_path / "meter", 0
    for _ in range(2):
        await kill_in_full_flight(database_url, meter, after_tokens=seen + 4_000)
        seen = metered(meter)

    later = FrozenClock(SystemClock().now() + timedelta(minutes=11))
    await Purse(database, later, per_day=Micros(50_000_000)).tend()

    rows = await sum_of(database, Completion.cost_micros)
    lost = await sum_of(database, SpendSlice.unattributed_micros)
    async with database.reading() as session:
        states = set(await session.scalars(sa.select(SpendSlice.state)))
        without = await session.scalar(
            sa.select(sa.func.count()).where(Completion.cost_micros > 0, Completion.status >= 500)
        )
    assert 0 < rows <= metered(meter) <= rows + lost
    # What the kill left unsaid is little beside what is written: most of the bill has its row.
    assert rows > metered(meter) / 2
    assert (states, without) == ({"lost"}, 0)

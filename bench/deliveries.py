# ruff: noqa: ANN001, ANN201, ANN202, ANN204, D103, D101
"""Deliveries that campaigns pay for: spends from leases, each durable with its charge when told.

Used by bench/money.py. One process, a few campaigns, every view distinct. Views are handed in as
fast as they are written for the rate, and then as they would come, at a steady rate, for the
writes: a write is a statement that changes rows, counted at the engine, whatever it is for.
"""

import asyncio
import time
from datetime import timedelta

from money_rig import an_ad
from sqlalchemy import event

from adserver.events.impressions import ImpressionDesk
from adserver.events.view_rows import View
from kernel.clock import SystemClock
from kernel.database import Database
from kernel.ids import new_id
from kernel.money import Micros
from ledger.charging import LimitKey, Split
from ledger.settlement import settle
from ledger.verify import verify

PRICE = Micros(4_250)
MOST_BEHIND = 100_000
STEADY_RATE, STEADY_SECONDS, HANDED_IN_EVERY = 25_000, 12.0, 0.02


async def measure_deliveries(url, *, count, campaigns):
    """Deliveries per second, and statements that write per second and campaign."""
    database, clock = Database(url), SystemClock()
    writes = _counted(database)
    payers = []
    for number in range(campaigns):
        advertiser, creative = await an_ad(
            database, clock, funds=10**12, total=10**12, organisation=f"org_{number}"
        )
        payers.append((advertiser, creative.campaign_id))
    desk = ImpressionDesk(database, clock, lives=timedelta(seconds=30), capacity=2_000_000)
    await _deliver(desk, _views(payers, count // 4))
    views = _views(payers, count)
    started, cpu = time.perf_counter(), time.process_time()
    told = await _deliver(desk, views)
    took, cpu = time.perf_counter() - started, time.process_time() - cpu
    steady = _views(payers, int(STEADY_RATE * STEADY_SECONDS))
    before, began = writes[0], time.perf_counter()
    waiting = await _as_they_come(desk, steady)
    lasted, wrote = time.perf_counter() - began, writes[0] - before
    told += await asyncio.gather(*waiting)
    await desk.close()
    async with database.writing() as tx:
        await settle(tx, clock=clock)
    async with database.reading() as session:
        violations = await verify(session)
    await database.close()
    assert not violations, violations[:3]
    assert not any(told), set(told)
    return {
        "deliveries_per_s": round(len(views) / took),
        "deliveries_per_cpu_second": round(len(views) / cpu),
        "steady_deliveries_per_s": round(len(steady) / lasted),
        "writes_per_s_per_campaign": round(wrote / lasted / campaigns, 2),
    }


def _views(payers, count):
    """Views of decisions that were made elsewhere, in turn by campaign."""
    split, made = Split("zero", 7_000), []
    limits = {campaign: (LimitKey("campaign_total", campaign),) for _, campaign in payers}
    for _ in range(count // len(payers)):
        made += [
            View(new_id("dec"), campaign, advertiser, limits[campaign], PRICE, split)
            for advertiser, campaign in payers
        ]
    return made


async def _deliver(desk, views):
    """Hand in views as fast as they are written; wait until all are durable."""
    waiting = []
    for start in range(0, len(views), 500):
        waiting += [desk.view(view) for view in views[start : start + 500]]
        # What is handed in has to be written too: the desk's own work needs the loop.
        while len(waiting) > MOST_BEHIND and not waiting[-MOST_BEHIND].done():  # noqa: ASYNC110
            await asyncio.sleep(0.02)
        await asyncio.sleep(0)
    return await asyncio.gather(*waiting)


async def _as_they_come(desk, views):
    """Hand in views at the steady rate; returns what waits for them to be durable."""
    at_once = int(STEADY_RATE * HANDED_IN_EVERY)
    began, waiting = time.perf_counter(), []
    for number, start in enumerate(range(0, len(views), at_once), start=1):
        waiting += [desk.view(view) for view in views[start : start + at_once]]
        await asyncio.sleep(max(0.0, began + number * HANDED_IN_EVERY - time.perf_counter()))
    return waiting


def _counted(database):
    writes = [0]

    @event.listens_for(database.write_engine.sync_engine, "before_cursor_execute")
    def count(_connection, _cursor, statement, _given, _context, _many):
        writes[0] += statement.lstrip()[:6].upper() in {"INSERT", "UPDATE", "DELETE"}

    return writes

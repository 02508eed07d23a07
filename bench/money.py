# ruff: noqa: ANN001, ANN201, ANN202
"""Measure money: click charges from the token's check to the committed group, no HTTP.

    python bench/money.py [--json] [--clicks 6000] [--together 64] [--out FILE]

One hot campaign, all clicks distinct, `together` of them under way at any moment. The latency of a
click is from `follow` to its answer. The database runs on the same cores. `*_per_cpu_second` is the
rate by our own process's CPU time, `*_with_database` by the server's too, which on a shared machine
are the truer figures. Deliveries are those of bench/deliveries.py. Ends with one line of JSON.
"""

import argparse
import asyncio
import gc
import json
import os
import time
from pathlib import Path
from statistics import quantiles

import uvloop
from deliveries import measure_deliveries
from money_rig import an_ad, decisions, migrated

from adserver.catalog.stops import StopBoard
from adserver.events.clicks import ClickDesk
from adserver.events.tokens import ClickTokens
from kernel.clock import SystemClock
from kernel.database import Database
from kernel.signing import SigningKeys
from ledger.settlement import settle
from ledger.verify import verify
from tollfree.serving import _COLLECT_AFTER

BROWSER = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/140.0.0.0 Safari/537.36"
PRICE = 350_000


async def measure(url, *, clicks, together, server=None):
    """Charges per second and the latency of each click in ms; the books are checked after."""
    database, clock = Database(url), SystemClock()
    tokens = ClickTokens(SigningKeys({1: b"k" * 32}))
    budget = PRICE * clicks * 2
    advertiser, creative = await an_ad(database, clock, funds=budget, total=budget, daily=budget)
    ids = await decisions(
        database, clock, advertiser, creative, count=clicks + together, price=PRICE
    )
    links = iter([tokens.mint(one, creative.number) for one in ids])
    desk = ClickDesk(database, tokens, clock, deadline_ms=30_000, board=StopBoard(database))
    await asyncio.gather(*(_follow(desk, next(links)) for _ in range(together)))
    taken, settled, done = [], 0, asyncio.Event()

    async def visitor():
        for link in links:
            took_ms = await _follow(desk, link)
            taken.append(took_ms)

    async def settlement():
        # As in production, beside the clicks.
        nonlocal settled
        while not done.is_set():
            async with database.writing() as tx:
                settled += await settle(tx, clock=clock)
            await asyncio.sleep(1)

    beside = asyncio.create_task(settlement())
    # As a server does when it is warm: what lives as long as the process is not looked through.
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_COLLECT_AFTER)
    started, cpu, served = time.perf_counter(), time.process_time(), cpu_of(server)
    await asyncio.gather(*(visitor() for _ in range(together)))
    seconds, cpu = time.perf_counter() - started, time.process_time() - cpu
    served = cpu_of(server) - served
    done.set()
    await beside
    async with database.reading() as session:
        violations = await verify(session)
    await desk.close()
    await database.close()
    assert not violations, violations[:3]
    return {
        "rate": round(len(taken) / seconds),
        "cpu_rate": round(len(taken) / cpu),
        "cpu_rate_with_database": round(len(taken) / (cpu + served)),
        "p50_ms": round(quantiles(taken, n=100)[49], 1),
        "p99_ms": round(quantiles(taken, n=100)[98], 1),
    }


def cpu_of(server):
    """CPU seconds of a database server and all its processes; nothing for one inside our own."""
    if server is None:
        return 0.0
    total = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        # Its own time, and for the server itself also that of processes which have ended.
        if int(fields[1]) == server.process.pid:
            total += int(fields[11]) + int(fields[12])
        elif stat.parent.name == str(server.process.pid):
            total += sum(map(int, fields[11:15]))
    return total / os.sysconf("SC_CLK_TCK")


async def _follow(desk, link):
    started = time.perf_counter()
    outcome = await desk.follow(link, user_agent=BROWSER)
    assert outcome.billed, outcome
    return (time.perf_counter() - started) * 1000


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--clicks", type=int, default=6_000)
    parser.add_argument("--together", type=int, default=64)
    parser.add_argument("--deliveries", type=int, default=400_000)
    parser.add_argument("--campaigns", type=int, default=4, help="that pay for deliveries")
    parser.add_argument("--out", type=Path)
    asked = parser.parse_args()
    found = {"machine": f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} at the start"}
    for kind in ("postgresql", "sqlite"):
        with migrated(kind) as (url, server):
            got = uvloop.run(
                measure(url, clicks=asked.clicks, together=asked.together, server=server)
            )
        found |= {
            f"charges_per_s_{kind}": got["rate"],
            f"charges_per_cpu_second_{kind}": got["cpu_rate"],
            f"charges_per_cpu_second_with_database_{kind}": got["cpu_rate_with_database"],
            f"charge_p50_ms_{kind}": got["p50_ms"],
            f"charge_p99_ms_{kind}": got["p99_ms"],
        }
    with migrated("postgresql") as (url, _):
        found |= uvloop.run(
            measure_deliveries(url, count=asked.deliveries, campaigns=asked.campaigns)
        )
    found |= {"clicks": asked.clicks, "together": asked.together}
    line = json.dumps(found)
    if asked.out:
        asked.out.write_text(line + "\n")
    if not asked.json:
        for name, value in found.items():
            print(f"{name:36} {value}")
    print(line)


if __name__ == "__main__":
    main()

"""Does the till agree with the books after everything that can happen to a payment?

    python bench/till.py [--json] [--save] [--shuffles 2000] [--depth 5] [--publishers 1000] [--runs 12]

Four storms on SQLite, each through the official client: every order of the events of each flow, or
2,000 shuffles, doubled and dropped; a kill at each point around each kind of write, also over a day
later; every sequence of refunds, disputes and warnings up to length five with nothing, half or all
of the money spent; and publishers paid month after month while transfers fail. Two processes share
the work. Exits 1 when anything ends otherwise than it must.
"""

import argparse
import asyncio
import dataclasses
import json
import logging
import multiprocessing
import os
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import aiosqlite  # noqa: E402
import structlog  # noqa: E402

from kernel.clock import FrozenClock  # noqa: E402
from kernel.database import Database  # noqa: E402
from tests.advertiser_portal.billing.flows import FLOWS  # noqa: E402
from tests.advertiser_portal.billing.kills import KINDS, POINTS, killed_and_resumed  # noqa: E402
from tests.advertiser_portal.billing.payday import months  # noqa: E402
from tests.advertiser_portal.billing.sequences import walk  # noqa: E402
from tests.advertiser_portal.billing.shuffles import every_order  # noqa: E402
from tests.advertiser_portal.billing.till_world import Bench, open_till  # noqa: E402
from tollfree import migrations  # noqa: E402

Result = dict[str, Any]
# The longest flow has a process for itself; the other one does all the rest.
_LONGEST = "a_whole_life"


async def _at_hand(_self: Any, act: Callable[..., Any], *args: Any, **named: Any) -> Any:
    """In place of a thread for each connection: the hop costs more than the statement."""
    return act(*args, **named)


@asynccontextmanager
async def till() -> Any:
    """A till on fresh books, in memory where the machine has room for files there."""
    room = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    with tempfile.TemporaryDirectory(dir=room) as folder:
        url = f"sqlite:///{folder}/till.db"
        await asyncio.to_thread(migrations.upgrade, url)
        aiosqlite.Connection._execute = _at_hand  # noqa: SLF001  the one place where it waits
        database = Database(f"{url}?check_same_thread=false")
        bench = open_till(database, FrozenClock())
        yield bench
        await bench.till.gateway.close()
        await database.close()


async def shuffles(asked: argparse.Namespace, *names: str) -> Result:
    told = {}
    for name in names:
        async with till() as bench:
            told[name] = await every_order(
                bench, FLOWS[name], shuffles=asked.shuffles, seed=asked.seed
            )
    return {
        "shuffle_trials": {name: one.trials for name, one in told.items()},
        "other_ends": sum(one.other_ends for one in told.values()),
    }


async def kills(_asked: argparse.Namespace) -> Result:
    async with till() as bench:
        wrong = [
            await killed_and_resumed(bench, kind, point, **later)
            for kind in KINDS
            for point in POINTS
            for later in ({"minutes": 1}, {"hours": 30})
        ]
    found = [one for one in wrong if one]
    return {"kills": len(wrong), "kinds_of_write": len(KINDS), "not_done_once": found}


async def sequences(asked: argparse.Namespace) -> Result:
    async with till() as bench:
        told = await walk(bench, depth=asked.depth)
    return dataclasses.asdict(told)


async def paydays(asked: argparse.Namespace) -> Result:
    async with till() as bench:
        paid = await months(bench, publishers=asked.publishers, runs=asked.runs, seed=asked.seed)
        await _agree(bench)
    return dataclasses.asdict(paid) | {"runs": asked.runs}


async def _agree(bench: Bench) -> None:
    await bench.books_agree(days=800)


async def longest(asked: argparse.Namespace) -> Result:
    return await shuffles(asked, _LONGEST)


async def others(asked: argparse.Namespace) -> Result:
    return await shuffles(asked, *(name for name in FLOWS if name != _LONGEST))


STORMS: dict[str, Callable[[argparse.Namespace], Awaitable[Result]]] = {
    "longest": longest,
    "paydays": paydays,
    "others": others,
    "sequences": sequences,
    "kills": kills,
}


def run(work: tuple[str, argparse.Namespace]) -> Result:
    """One storm in a process of its own."""
    name, asked = work
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    began, used = time.monotonic(), time.process_time()
    result = asyncio.run(STORMS[name](asked))  # type: ignore[arg-type]
    spent = {"seconds": time.monotonic() - began, "cpu_seconds": time.process_time() - used}
    return {"storm": name} | result | {key: round(value, 1) for key, value in spent.items()}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--save", action="store_true")
    parser.add_argument("--only", choices=STORMS)
    parser.add_argument("--shuffles", type=int, default=2_000)
    parser.add_argument("--depth", type=int, default=5)
    parser.add_argument("--publishers", type=int, default=1_000)
    parser.add_argument("--runs", type=int, default=12)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--note", default="")
    asked = parser.parse_args()
    began = time.monotonic()
    names = [asked.only] if asked.only else list(STORMS)
    with multiprocessing.get_context("spawn").Pool(asked.processes) as pool:
        storms = []
        for one in pool.imap_unordered(run, [(name, asked) for name in names], chunksize=1):
            print(json.dumps(one), file=sys.stderr, flush=True)
            storms.append(one)
    result = {
        "command": " ".join(["python", "bench/till.py", *sys.argv[1:]]),
        "note": asked.note,
        "seed": asked.seed,
        "processes": asked.processes,
        "seconds": round(time.monotonic() - began, 1),
        "cpu_seconds": round(sum(one["cpu_seconds"] for one in storms), 1),
        "storms": storms,
    }
    print(json.dumps(result, indent=None if asked.json else 1))
    if asked.save:
        day = datetime.now(UTC).date().isoformat()
        file = ROOT / "bench" / "results" / f"{day}-till.json"
        file.write_text(json.dumps(result, indent=1) + "\n")
    bad = ("other_ends", "not_done_once", "disagree", "refusals_that_moved")
    bad += ("double_transfers", "double_bank_payouts", "micros_lost")
    return 1 if any(one.get(name) for one in storms for name in bad) else 0


if __name__ == "__main__":
    sys.exit(main())

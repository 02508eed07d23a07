"""Does the till agree with the books after everything that can happen to a payment?

    python bench/till.py [--json] [--save] [--shuffles 2000] [--depth 5] [--publishers 1000] [--runs 12]

Four storms, each through the official client: every order of the events of each flow, or 2,000
shuffles, doubled and dropped; a kill at each point around each kind of write, also over a day
later; every sequence of refunds, disputes and warnings up to length five with nothing, half or all
of the money spent; and publishers paid month after month while transfers fail. Two processes share
the work; the books are SQLite in memory, because nothing here asks whether a disk keeps them. Exits
1 when anything ends otherwise than it must.
"""

import argparse
import asyncio
import dataclasses
import json
import logging
import multiprocessing
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import structlog  # noqa: E402

from kernel.clock import FrozenClock  # noqa: E402
from tests.advertiser_portal.billing.flows import FLOWS  # noqa: E402
from tests.advertiser_portal.billing.kills import KINDS, POINTS, killed_and_resumed  # noqa: E402
from tests.advertiser_portal.billing.payday import months  # noqa: E402
from tests.advertiser_portal.billing.rewinding import RewindingDatabase  # noqa: E402
from tests.advertiser_portal.billing.sequences import walk  # noqa: E402
from tests.advertiser_portal.billing.shuffles import every_order  # noqa: E402
from tests.advertiser_portal.billing.till_world import Bench, open_till  # noqa: E402
from tollfree import migrations  # noqa: E402

Result = dict[str, Any]
# What takes longest comes first, so that neither process waits for the other in the end.
_FIRST = ("a_whole_life",)


async def shuffles(bench: Bench, asked: argparse.Namespace, flow: str) -> Result:
    told = await every_order(bench, FLOWS[flow], shuffles=asked.shuffles, seed=asked.seed)
    return {"flow": flow} | dataclasses.asdict(told)


async def kills(bench: Bench, _asked: argparse.Namespace, _part: str) -> Result:
    wrong = [
        await killed_and_resumed(bench, kind, point, **later)
        for kind in KINDS
        for point in POINTS
        for later in ({"minutes": 1}, {"hours": 30})
    ]
    found = [one for one in wrong if one]
    return {"kills": len(wrong), "kinds_of_write": len(KINDS), "not_done_once": found}


async def sequences(bench: Bench, asked: argparse.Namespace, part: str) -> Result:
    told = await walk(bench, depth=asked.depth, spent=[int(part)])
    return {"spent": int(part)} | dataclasses.asdict(told)


async def paydays(bench: Bench, asked: argparse.Namespace, _part: str) -> Result:
    paid = await months(bench, publishers=asked.publishers, runs=asked.runs, seed=asked.seed)
    await bench.books_agree(days=800)
    return dataclasses.asdict(paid) | {"runs": asked.runs}


Storm = Callable[[Bench, argparse.Namespace, str], Awaitable[Result]]
STORMS: dict[str, tuple[Storm, tuple[str, ...]]] = {
    "paydays": (paydays, ("",)),
    "shuffles": (shuffles, tuple(sorted(FLOWS, key=lambda name: name not in _FIRST))),
    "sequences": (sequences, ("0", "50", "100")),
    "kills": (kills, ("",)),
}
_OPENED: list[tuple[RewindingDatabase, int]] = []


def open_books(template: str) -> None:
    """One database for all the storms of this process: it keeps the statements it has compiled."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    database = RewindingDatabase(Path(template))
    _OPENED.append((database, database.mark()))


def run(work: tuple[str, str, argparse.Namespace]) -> Result:
    """One part of a storm on fresh books."""
    storm, part, asked = work
    began, used = time.monotonic(), time.process_time()
    result = asyncio.run(_on_fresh_books(STORMS[storm][0], asked, part))
    spent = {"seconds": time.monotonic() - began, "cpu_seconds": time.process_time() - used}
    return {"storm": storm} | result | {key: round(value, 1) for key, value in spent.items()}


async def _on_fresh_books(storm: Storm, asked: argparse.Namespace, part: str) -> Result:
    database, birth = _OPENED[0]
    database.rewind(birth)
    bench = open_till(database, FrozenClock())
    try:
        return await storm(bench, asked, part)
    finally:
        await bench.till.gateway.close()
        await database.close()


def storms(asked: argparse.Namespace) -> Iterator[Result]:
    """What came of each part, as it comes."""
    names = [asked.only] if asked.only else list(STORMS)
    work = [(name, part, asked) for name in names for part in STORMS[name][1]]
    with tempfile.TemporaryDirectory() as folder:
        template = f"{folder}/template.db"
        migrations.upgrade(f"sqlite:///{template}")
        spawned = multiprocessing.get_context("spawn")
        with spawned.Pool(asked.processes, open_books, (template,)) as pool:
            yield from pool.imap_unordered(run, work, chunksize=1)


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
    parts = []
    for one in storms(asked):
        print(json.dumps(one), file=sys.stderr, flush=True)
        parts.append(one)
    result = {
        "command": " ".join(["python", "bench/till.py", *sys.argv[1:]]),
        "note": asked.note,
        "seed": asked.seed,
        "processes": asked.processes,
        "seconds": round(time.monotonic() - began, 1),
        "cpu_seconds": round(sum(one["cpu_seconds"] for one in parts), 1),
        "storms": parts,
    }
    print(json.dumps(result, indent=None if asked.json else 1))
    if asked.save:
        day = datetime.now(UTC).date().isoformat()
        file = ROOT / "bench" / "results" / f"{day}-till.json"
        file.write_text(json.dumps(result, indent=1) + "\n")
    bad = ("other_ends", "not_done_once", "disagree", "refusals_that_moved")
    bad += ("double_transfers", "double_bank_payouts", "micros_lost")
    return 1 if any(one.get(name) for one in parts for name in bad) else 0


if __name__ == "__main__":
    sys.exit(main())

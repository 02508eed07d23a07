"""How soon after a pause does no worker show the campaign any more? Two workers, one database.

    python bench/pause.py [--json] [--save] [--rounds 20] [--engine sqlite|postgres]

Each worker is a process of its own with an ad engine that follows the catalog as when serving, and
decides about the same turn over and over. The parent pauses and resumes one campaign of two at
random moments. Measured: from the commit of the pause to the last decision that this campaign won.
"""

import argparse
import asyncio
import json
import random
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from adserver.catalog import commands  # noqa: E402
from bench.saving import save  # noqa: E402
from kernel.clock import SystemClock  # noqa: E402
from kernel.database import Database  # noqa: E402
from tests.adserver.decision.world import SHOES, ZERO, World, asking  # noqa: E402
from tests.rig.postgres import migrate_apart, postgres_server  # noqa: E402

WORKERS, PATIENCE_S = 2, 3.0


async def work(url: str) -> None:
    """Decide until the parent closes our input; each change of the winner is a line."""
    database = Database(url)
    world = World(database, SystemClock())
    engine = await world.open()
    beside = [
        asyncio.create_task(part.run()) for part in (world.index, world.budget, world.decisions)
    ]
    closed = asyncio.create_task(asyncio.to_thread(sys.stdin.read))
    before: str | None = ""
    while not closed.done():
        decision = await engine.decide(asking(SHOES), publisher=ZERO)
        at, ad = time.time(), decision.ad
        winner = None if ad is None else ad.advertiser.name
        if winner != before:
            print(json.dumps([at, winner]), flush=True)
            before = winner
        await asyncio.sleep(0.01)
    for task in beside:
        task.cancel()
    await asyncio.gather(*beside, return_exceptions=True)
    await database.close()


async def pauses(url: str, rounds: int) -> list[float]:
    """The moments of each pause's commit."""
    database, clock, dice = Database(url), SystemClock(), random.Random(7)
    world = World(database, clock)
    campaign, _ = await world.creative(name="Paused", bid=900_000)
    await world.creative(name="Other", bid=50_000)
    workers = [_worker(url) for _ in range(WORKERS)]
    for one in workers:
        assert one.stdout is not None
        while json.loads(one.stdout.readline())[1] != "Paused":
            pass
    moments = []
    for _ in range(rounds):
        await asyncio.sleep(dice.uniform(1.0, 1.5))
        async with database.writing() as tx:
            await commands.pause_campaign(tx, campaign, clock=clock)
        moments.append(time.time())
        await asyncio.sleep(dice.uniform(1.2, 1.7))
        async with database.writing() as tx:
            await commands.resume_campaign(tx, campaign, clock=clock)
    await asyncio.sleep(PATIENCE_S)
    told = [one.communicate()[0].splitlines() for one in workers]
    await database.close()
    return [late for lines in told for late in _late(moments, lines)]


def _worker(url: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, __file__, "--worker", url],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def _late(moments: list[float], lines: list[str]) -> list[float]:
    """For each pause, how long after it this worker first had another winner."""
    changes = [(at, winner) for at, winner in map(json.loads, lines)]
    found = []
    for moment in moments:
        after = [at - moment for at, winner in changes if at > moment and winner != "Paused"]
        found.append(min(after, default=PATIENCE_S))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--save", action="store_true")
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--engine", choices=("sqlite", "postgres"), default="sqlite")
    parser.add_argument("--worker", help="decide on this database, in this process")
    asked = parser.parse_args()
    if asked.worker:
        asyncio.run(work(asked.worker))
        return
    with ExitStack() as stack:
        if asked.engine == "postgres":
            url = stack.enter_context(postgres_server()).new_database()
        else:
            folder = stack.enter_context(tempfile.TemporaryDirectory())
            url = f"sqlite:///{folder}/pause.db"
            migrate_apart(url)
        late = asyncio.run(pauses(url, asked.rounds))
    found = {
        "engine": asked.engine,
        "workers": WORKERS,
        "pauses": asked.rounds,
        "median_s": round(statistics.median(late), 3),
        "slowest_s": round(max(late), 3),
    }
    if asked.save:
        save("pause", found)
    print(json.dumps(found) if asked.json else json.dumps(found, indent=1))


if __name__ == "__main__":
    main()

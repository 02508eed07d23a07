"""Does deciding hold up the event loop? 150 decisions a second on two cores, and three times that.

    python bench/decision_load.py [--json] [--save] [--seconds 10] [--rate 150]

Open loop: turns come when they come (Poisson), each a message of some 40 tokens that was never seen
before, decided by the engine with its pool, its deadline and its record on a database. The lag is
how late a timer of 5 ms fires. At overload the pool sheds; what is shed has a reason. Also how long
a fresh process takes from its start to its first decision, and whether it imported torch.
"""

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from adserver.decision.settings import DecisionSettings  # noqa: E402
from bench.matching_rig import new_messages  # noqa: E402
from bench.saving import save  # noqa: E402
from kernel.clock import SystemClock  # noqa: E402
from kernel.database import Database  # noqa: E402
from language.embedder import load_embedder  # noqa: E402
from tests.adserver.decision.world import ZERO, World, asking  # noqa: E402
from tests.rig.postgres import migrate_apart  # noqa: E402
from tollfree.settings import StoreSettings  # noqa: E402
from tollfree_sdk.contract import AdDecision  # noqa: E402

_NO_BYTE_CODE = "PYTHONDONTWRITEBYTECODE"
_FIRST = """
import sys, time
started = time.perf_counter()
sys.path.insert(0, {root!r})
from pathlib import Path
import numpy as np
from adserver.decision import decide, engine
from bench.matching import Market, scene_of, build, SETTINGS, Publisher, PUBLISHER_ZERO
from adserver.decision.gates import Asked
from adserver.decision.frequency import NOTHING_SEEN
from adserver.intent.hearing import Hearing
from language.embedder import load_embedder
from tollfree.settings import StoreSettings
from tollfree_sdk.contract import AdRequest, Turn
from datetime import UTC, datetime
from adserver.matching.index import CreativeIndex
from bench.matching_rig import _BLANK
embedder = load_embedder(StoreSettings().model_folder)
index = CreativeIndex([_BLANK], np.ones((1, embedder.dimensions), np.float32) / 20,
                      model_id=embedder.model_id)
request = AdRequest((Turn("user", "Which running shoes should I buy for flat feet?"),))
asked = Asked(request, Publisher(PUBLISHER_ZERO, "Tollfree"), datetime.now(UTC), 1, NOTHING_SEEN)
decide.decide(asked, scene_of(index), Hearing(embedder), settings=SETTINGS)
heavy = sorted(set(sys.modules) & {{"torch", "transformers", "sentence_transformers", "sklearn"}})
print(round((time.perf_counter() - started) * 1e3), round(time.process_time() * 1e3), heavy)
"""


async def lag(found: list[float], every_s: float = 0.005) -> None:
    loop = asyncio.get_running_loop()
    while True:
        due = loop.time() + every_s
        await asyncio.sleep(every_s)
        found.append((loop.time() - due) * 1e3)


async def storm(world: World, *, rate: float, seconds: float, texts: list[str]) -> dict[str, Any]:
    dice = np.random.default_rng(int(rate))
    lags: list[float] = []
    took: list[float] = []
    outcomes: Counter[str] = Counter()

    async def one(text: str) -> None:
        started = time.perf_counter()
        decision: AdDecision = await world.engine.decide(asking(text), publisher=ZERO)
        took.append((time.perf_counter() - started) * 1e3)
        outcomes[str(decision.no_fill_reason or "ad")] += 1

    watching = asyncio.create_task(lag(lags))
    cpu, loop = time.process_time(), asyncio.get_running_loop()
    at, ends, tasks = loop.time(), loop.time() + seconds, []
    while at < ends and texts:
        at += float(dice.exponential(1 / rate))
        await asyncio.sleep(max(0.0, at - loop.time()))
        tasks.append(asyncio.create_task(one(texts.pop())))
    await asyncio.gather(*tasks)
    watching.cancel()
    shed = sum(outcomes[name] for name in ("overloaded", "timeout"))
    return {
        "rate": rate,
        "decided": len(took),
        "p50_ms": round(float(np.percentile(took, 50)), 2),
        "p99_ms": round(float(np.percentile(took, 99)), 2),
        "loop_lag_p50_ms": round(float(np.percentile(lags, 50)), 2),
        "loop_lag_p99_ms": round(float(np.percentile(lags, 99)), 2),
        "shed_share": round(shed / len(took), 3),
        "outcomes": dict(outcomes),
        "cpu_s": round(time.process_time() - cpu, 2),
    }


async def measure(rate: float, seconds: float) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/load.db"
        migrate_apart(url)
        database = Database(url)
        embedder = load_embedder(StoreSettings().model_folder)
        world = World(database, SystemClock(), settings=DecisionSettings(), embedder=embedder)
        for at in range(20):
            await world.creative(name=f"Brand {at}", wallet=10**9)
        await world.open()
        running = [
            asyncio.create_task(part.run()) for part in (world.decisions, world.steps, world.budget)
        ]
        texts = new_messages(int(rate * seconds * 5) + 100)
        for text in texts[:20]:
            await world.engine.decide(asking(text), publisher=ZERO)
        texts = texts[20:]
        even = await storm(world, rate=rate, seconds=seconds, texts=texts)
        over = await storm(world, rate=rate * 3, seconds=seconds, texts=texts)
        await world.write_down()
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        await database.close()
    return {"even": even, "overload": over}


def first_decision() -> dict[str, Any]:
    """Milliseconds from the start of a fresh interpreter to its first decision; best of five."""
    found = []
    for _ in range(5):
        code = _FIRST.format(root=str(ROOT))
        # An installation has its byte code; the first of the five writes what is missing here.
        env = {name: value for name, value in os.environ.items() if name != _NO_BYTE_CODE}
        out = subprocess.run(
            [sys.executable, "-c", code], check=True, capture_output=True, text=True, env=env
        ).stdout.split(maxsplit=2)
        found.append((int(out[0]), int(out[1]), out[2].strip()))
    wall, cpu, heavy = min(found)
    return {"wall_ms": wall, "cpu_ms": cpu, "heavy_imports": heavy}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--save", action="store_true")
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--rate", type=float, default=150)
    asked = parser.parse_args()
    found = {"first_decision": first_decision()}
    found |= asyncio.run(measure(asked.rate, asked.seconds))
    if asked.save:
        save("decision-load", found)
    print(json.dumps(found) if asked.json else json.dumps(found, indent=1))


if __name__ == "__main__":
    main()

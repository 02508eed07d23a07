"""How long does a decision take among 10,000, 100,000 and a million creatives, on one core?

    python bench/matching.py [--json] [--save] [--sizes 10000,100000,1000000] [--decisions 600]

Each decision is about a message of some 40 tokens that was never seen before: distilled, screened,
embedded by the real model, filtered, searched, judged, auctioned, announced and written as an
event. The inventory is synthetic: unit vectors mixed from the demo's creatives with noise, twenty
creatives to a campaign, about a quarter eligible by country, format and money. Recall is against
exact scores of the unrounded vectors behind the same mask. One process for each size; resident
memory is that of the whole process, model included, after the last decision.
"""

import argparse
import ctypes
import gc
import json
import os
import subprocess
import sys
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_name] = "1"

import numpy as np  # noqa: E402
import orjson  # noqa: E402

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from adserver.catalog.publisher import PUBLISHER_ZERO, Publisher  # noqa: E402
from adserver.decision.announcement import announced, event_of  # noqa: E402
from adserver.decision.budget import BudgetBook, Funds, books_of  # noqa: E402
from adserver.decision.decide import decide  # noqa: E402
from adserver.decision.frequency import NOTHING_SEEN  # noqa: E402
from adserver.decision.gates import Asked  # noqa: E402
from adserver.decision.inventory import Inventory  # noqa: E402
from adserver.decision.judging import Scene  # noqa: E402
from adserver.decision.settings import DecisionSettings  # noqa: E402
from adserver.decision.vocabulary import Opportunity  # noqa: E402
from adserver.events.tokens import ClickTokens  # noqa: E402
from adserver.intent.hearing import Hearing  # noqa: E402
from adserver.matching.bits import Bits  # noqa: E402
from adserver.matching.index import CreativeIndex  # noqa: E402
from bench.matching_rig import CHUNK, Market, new_messages  # noqa: E402
from bench.saving import save  # noqa: E402
from kernel.clock import SystemClock  # noqa: E402
from kernel.money import Micros  # noqa: E402
from kernel.signing import SigningKeys  # noqa: E402
from language.embedder import Embedder, load_embedder  # noqa: E402
from tollfree.settings import StoreSettings  # noqa: E402
from tollfree_sdk.contract import AdRequest, Turn  # noqa: E402

SIZES = (10_000, 100_000, 1_000_000)
_NOTHING: Any = None
SETTINGS = DecisionSettings(explores=True)
KEYS = ClickTokens(SigningKeys({1: b"k" * 32}))


def resident_mb() -> float:
    text = Path("/proc/self/status").read_text(encoding="utf-8")
    line = next(line for line in text.splitlines() if line.startswith("VmRSS"))
    return round(int(line.split()[1]) * 1024 / 1e6, 1)


def build(size: int, market: Market) -> tuple[CreativeIndex, float]:
    started = time.process_time()
    first = min(size, CHUNK)
    index = CreativeIndex(
        market.creatives(0, first), market.vectors(0, first), model_id=market.embedder.model_id
    )
    for start in range(first, size, CHUNK):
        end = min(size, start + CHUNK)
        index = index.followed_by(
            added=market.creatives(start, end),
            vectors=market.vectors(start, end),
            gone=(),
            campaigns=(),
            generation=1,
        )
    return index, time.process_time() - started


def scene_of(index: CreativeIndex) -> Scene:
    clock = SystemClock()
    budget = BudgetBook(_NOTHING, _NOTHING, clock)
    funds = [
        Funds(one.campaign_id, one.advertiser_id, Micros(10**9 if at % 10 else 0))
        for at, one in enumerate(index.campaigns)
    ]
    return Scene(index, Inventory(index), books_of(clock.monotonic(), funds), budget)


def measure(size: int, decisions: int) -> dict[str, Any]:
    embedder = load_embedder(StoreSettings().model_folder)
    market = Market(embedder)
    before_mb = resident_mb()
    index, build_s = build(size, market)
    scene, hearing = scene_of(index), Hearing(embedder)
    gc.collect()
    gc.freeze()
    # What building left behind is given back, as an allocator does in time.
    ctypes.CDLL("libc.so.6").malloc_trim(0)
    publisher = Publisher(PUBLISHER_ZERO, "Tollfree")
    messages = new_messages(decisions + 40)
    took, cpu, outcomes = [], [], Counter[str]()
    for at, text in enumerate(messages):
        request = AdRequest((Turn("user", text),), country="US", language="en")
        now = datetime.now(UTC)
        wall, used = time.perf_counter(), time.process_time()
        asked = Asked(request, publisher, now, at + 1, NOTHING_SEEN)
        verdict = decide(asked, scene, hearing, settings=SETTINGS)
        name = f"dec_{at:026d}"
        if verdict.creative is not None:
            announced(verdict, name, tokens=KEYS, public_url="https://ads.example")
        event = event_of(verdict, name, request=request, publisher=publisher, at=now)
        orjson.dumps(event.trace)
        outcomes[str(verdict.outcome.reason or "ad")] += 1
        # What a gate turns away is cheaper; only whole decisions count.
        if at >= 40 and verdict.candidates:
            took.append((time.perf_counter() - wall) * 1e3)
            cpu.append((time.process_time() - used) * 1e3)
    embedding = embedding_ms(embedder, messages[:200])
    turn = Opportunity(datetime.now(UTC), country="US", language="en")
    mask = scene.inventory.standing(turn) & scene.books.funded(scene.inventory)
    found = {
        "decision_p50_ms": round(float(np.percentile(took, 50)), 2),
        "decision_p99_ms": round(float(np.percentile(took, 99)), 2),
        "cpu_p50_ms": round(float(np.percentile(cpu, 50)), 2),
        "cpu_p99_ms": round(float(np.percentile(cpu, 99)), 2),
        "decisions_per_s": round(1e3 / float(np.mean(cpu)), 1),
        "rss_mb": resident_mb(),
        "rss_before_mb": before_mb,
        "index_mb": round(resident_mb() - before_mb, 1),
        "embedding_cpu_ms": embedding,
        "whole_decisions": len(took),
        "eligible_share": round(mask.count() / size, 3),
        "build_cpu_s": round(build_s, 1),
        "outcomes": dict(outcomes),
    }
    found["recall_at_50"] = recall(index, market, mask, messages[:100])
    found["search_only"] = search_only(index, market, mask, messages[:100])
    return found


def embedding_ms(embedder: Embedder, messages: list[str]) -> float:
    """The part of a decision that is the model's: CPU ms for a message, in the same run."""
    started = time.process_time()
    for text in messages:
        embedder.embed(text)
    return round((time.process_time() - started) * 1e3 / len(messages), 2)


def search_only(
    index: CreativeIndex, market: Market, mask: Bits, messages: list[str]
) -> dict[str, float]:
    queries = [market.embedder.embed(text) for text in messages]
    took = []
    for query in queries:
        started = time.perf_counter()
        index.search(query, mask, SETTINGS.shortlist)
        took.append((time.perf_counter() - started) * 1e3)
    return {f"p{share}_ms": round(float(np.percentile(took, share)), 2) for share in (50, 99)}


def recall(index: CreativeIndex, market: Market, mask: Bits, messages: list[str]) -> float:
    """The share of the fifty best that search finds, over real messages."""
    queries = np.stack([market.embedder.embed(text) for text in messages])
    flags = mask.flags()
    best = np.full((len(queries), 50), -2.0, dtype=np.float32)
    where = np.zeros((len(queries), 50), dtype=np.int64)
    for start in range(0, index.extent, CHUNK):
        end = min(index.extent, start + CHUNK)
        scores = queries @ market.vectors(start, end).T
        scores[:, ~flags[start:end]] = -2.0
        both = np.concatenate((best, scores), axis=1)
        places = np.concatenate((where, np.tile(np.arange(start, end), (len(queries), 1))), axis=1)
        top = np.argpartition(-both, 50, axis=1)[:, :50]
        best = np.take_along_axis(both, top, axis=1)
        where = np.take_along_axis(places, top, axis=1)
    shares = []
    for query, exact in zip(queries, where, strict=True):
        hits = {hit.position for hit in index.search(query, mask, 50)}
        shares.append(len(hits & set(exact.tolist())) / 50)
    return round(float(np.mean(shares)), 4)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--save", action="store_true")
    parser.add_argument("--sizes", default=",".join(map(str, SIZES)))
    parser.add_argument("--decisions", type=int, default=600)
    parser.add_argument("--one", type=int, help="measure one size in this process")
    asked = parser.parse_args()
    if asked.one:
        print(json.dumps(measure(asked.one, asked.decisions)))
        return
    by_size: dict[str, dict[str, Any]] = {}
    for size in asked.sizes.split(","):
        command = [sys.executable, __file__, "--one", size, "--decisions", str(asked.decisions)]
        out = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        by_size[size] = json.loads(out.splitlines()[-1])
        print(size, by_size[size], file=sys.stderr)
    names = list(next(iter(by_size.values())))
    found = {name: {size: one[name] for size, one in by_size.items()} for name in names}
    if asked.save:
        save("matching", found)
    print(json.dumps(found) if asked.json else json.dumps(found, indent=1))


if __name__ == "__main__":
    main()

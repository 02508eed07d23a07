"""What an ad network in trouble costs a service that embeds it: 10,000 calls, none may raise.

    python bench/sdk_outage.py [--calls 10000] [--json]

A canned ad server in a process of its own is killed, slow, trickling, garbled, failing or silent; `Tollfree` and
`AsyncTollfree` ask it with the timeout that they ship with (250 ms). Prints exceptions, the slowest
call, and the reasons. The circuit breaker is reset for each call of half the runs, because an open
breaker answers at once and would flatter the figures.
"""

import argparse
import asyncio
import json
import os
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "sdk" / "python"))

from tollfree_sdk import AsyncTollfree, Tollfree  # noqa: E402
from tollfree_sdk.breaker import CircuitBreaker  # noqa: E402
from tollfree_sdk.testing import Behaviour, CannedAdServer  # noqa: E402

QUESTION = [{"role": "user", "content": "Which trail shoes?"}]
MOST_MS = 300
# Slow ones cost their whole timeout in each call, so they get fewer.
SHARES = {
    "killed": 0.4,
    Behaviour.GARBLED: 0.2,
    Behaviour.FAILING: 0.2,
    Behaviour.HALF: 0.15,
    Behaviour.HANGING_UP: 0.03,
    Behaviour.SLOW: 0.01,
    Behaviour.TRICKLING: 0.01,
}


class Tally:
    def __init__(self) -> None:
        self.calls = self.raised = 0
        self.slowest_ms = 0.0
        self.over = 0
        self.reasons: Counter[str] = Counter()

    def note(self, started: float, reason: str | None) -> None:
        took = (time.monotonic() - started) * 1000
        self.calls += 1
        self.slowest_ms = max(self.slowest_ms, took)
        self.over += took > MOST_MS
        self.reasons[str(reason)] += 1


def threaded(url: str, calls: int, tally: Tally, *, resets: bool) -> None:
    with Tollfree("tf_pub_bench", base_url=url) as network:
        for _ in range(calls):
            if resets:
                network.watch.breaker = CircuitBreaker()
            started = time.monotonic()
            try:
                reason = network.ads.match(messages=QUESTION).no_fill_reason
            except Exception as error:  # noqa: BLE001  what must never happen is what is counted
                tally.raised += 1
                reason = type(error).__name__
            tally.note(started, reason)


async def looped(url: str, calls: int, tally: Tally, *, resets: bool) -> None:
    async with AsyncTollfree("tf_pub_bench", base_url=url) as network:
        for _ in range(calls):
            if resets:
                network.watch.breaker = CircuitBreaker()
            started = time.monotonic()
            try:
                reason = (await network.ads.match(messages=QUESTION)).no_fill_reason
            except Exception as error:  # noqa: BLE001  what must never happen is what is counted
                tally.raised += 1
                reason = type(error).__name__
            tally.note(started, reason)


def served_by(behaviour: str) -> tuple[str, int]:
    """A canned server in another process: its address and the process."""
    reading, writing = os.pipe()
    process = os.fork()
    if process == 0:
        os.close(reading)
        with CannedAdServer() as server:
            if behaviour != "killed":
                server.behaviour = Behaviour(behaviour)
            os.write(writing, server.url.encode())
            os.close(writing)
            while True:
                time.sleep(60)
    os.close(writing)
    url = os.read(reading, 200).decode()
    os.close(reading)
    return url, process


def run(calls: int) -> dict[str, Any]:
    report: dict[str, Any] = {}
    for behaviour, share in SHARES.items():
        tally = Tally()
        url, process = served_by(behaviour)
        if behaviour == "killed":
            os.kill(process, 9)
        each = max(1, int(calls * share / 4))
        for resets in (True, False):
            threaded(url, each, tally, resets=resets)
            asyncio.run(looped(url, each, tally, resets=resets))
        if behaviour != "killed":
            os.kill(process, 9)
        os.waitpid(process, 0)
        report[str(behaviour)] = {
            "calls": tally.calls,
            "raised": tally.raised,
            "slowest_ms": round(tally.slowest_ms, 1),
            f"over_{MOST_MS}_ms": tally.over,
            "reasons": dict(tally.reasons),
        }
    return report


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--calls", type=int, default=10_000)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    report = run(asked.calls)
    rows = list(report.values())
    report["all"] = {
        "calls": sum(row["calls"] for row in rows),
        "raised": sum(row["raised"] for row in rows),
        "slowest_ms": max(row["slowest_ms"] for row in rows),
        "over": sum(row[f"over_{MOST_MS}_ms"] for row in rows),
    }
    if asked.json:
        print(json.dumps(report, indent=1))
    else:
        for name, row in report.items():
            print(f"{name:12} {row}")
    return 0 if not report["all"]["raised"] and not report["all"]["over"] else 1


if __name__ == "__main__":
    raise SystemExit(main())

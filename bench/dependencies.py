"""How long calls take while the shared state is killed, paused or slow, beside a run where it is well.

    python bench/dependencies.py [--calls 400] [--json]

A real Valkey behind a proxy that breaks the way to it; keys, quotas and claims of Idempotency-Keys
go there. No call may wait longer than its few waits of 50 ms. Ends with one line of JSON.
"""

import argparse
import asyncio
import json
import sys
import tempfile
import time
from pathlib import Path
from statistics import quantiles
from typing import Any

import httpx

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "sdk" / "python")]

from api.access.idempotency import Shelf  # noqa: E402
from api.chat.once import OnceHeart  # noqa: E402
from api.http.chat_completions import ChatCompletions  # noqa: E402
from api.http.turnstile import Turnstile  # noqa: E402
from kernel.clock import SystemClock  # noqa: E402
from tests.api.test_dependencies_away import GENEROUS, Gateway, running, two_keys  # noqa: E402
from tests.rig.fault_proxy import fault_proxy  # noqa: E402
from tests.rig.valkey import valkey_server  # noqa: E402
from tollfree.migrations import upgrade  # noqa: E402

_SAID = {"model": "demo", "messages": [{"role": "user", "content": "Which shoes?"}]}


async def measured(asked: argparse.Namespace, folder: Path, redis_url: str) -> dict[str, Any]:
    """Milliseconds by fault and kind of call."""
    url = f"sqlite:///{folder / 'bench.db'}"
    await asyncio.to_thread(upgrade, url)
    secret, _ = await two_keys(url)
    told: dict[str, Any] = {}
    async with fault_proxy(redis_url) as way, running(url, way.url) as gateway:
        await _calls(gateway, secret, 50, once=False)
        for fault in ("fine", "killed", "paused", "slow"):
            way.become(fault)
            for once in (False, True):
                times = await _calls(gateway, secret, asked.calls, once=once)
                cuts = quantiles(times, n=100)
                kind = f"{fault}_{'once' if once else 'plain'}"
                told |= {f"{kind}_p50_ms": round(cuts[49], 2), f"{kind}_p99_ms": round(cuts[98], 2)}
                told[f"{kind}_max_ms"] = round(max(times), 2)
    return told


async def _calls(gateway: Gateway, secret: str, count: int, *, once: bool) -> list[float]:
    shelf = Shelf(gateway.state, gateway.state, SystemClock())
    heart = OnceHeart(gateway.road.heart, shelf)
    app = Turnstile(ChatCompletions(heart, gateway.keys), gateway.quotas, GENEROUS)
    times = []
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://api") as client:
        for number in range(count):
            headers = {"authorization": f"Bearer {secret}"}
            if once:
                headers["idempotency-key"] = f"{time.monotonic_ns()}-{number}"
            began = time.perf_counter()
            answer = await client.post("/v1/chat/completions", json=_SAID, headers=headers)
            times.append((time.perf_counter() - began) * 1000)
            assert answer.status_code == 200, answer.text
    await heart.close()
    return times


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--calls", type=int, default=400, help="of each kind under each fault")
    parser.add_argument("--json", action="store_true", help="print the line of JSON only")
    asked = parser.parse_args()
    cpu = time.process_time()
    with tempfile.TemporaryDirectory() as folder, valkey_server() as redis_url:
        told = asyncio.run(measured(asked, Path(folder), redis_url))
    told["cpu_seconds"] = round(time.process_time() - cpu, 1)
    if not asked.json:
        for name, value in told.items():
            print(f"{name:24} {value}", file=sys.stderr)
    print(json.dumps(told))
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Does a crowd with bad manners hurt a good caller? 5,000 half-open and 1,000 unread connections.

    python bench/crowd.py [--half-open 5000] [--unread 1000] [--json]

The chat runs in a process of its own over a model that answers at once. A good caller asks one
thing after another, first alone, then beside the crowd; the exit code says whether every answer
came.
"""

import argparse
import asyncio
import contextlib
import json
import multiprocessing
import resource
import socket
import statistics
import sys
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import httpx  # noqa: E402
import orjson  # noqa: E402
import psutil  # noqa: E402
import uvicorn  # noqa: E402

from api.access.ad_settings import AdSettings  # noqa: E402
from api.upstream.upstream import UpstreamAnswer  # noqa: E402
from tests.api.fakes import RecordingUpstream, Road, post, stream_events  # noqa: E402
from tests.rig.crowd import half_open, slow_readers  # noqa: E402
from tests.rig.processes import free_port  # noqa: E402
from tollfree.patience import PatientProtocol  # noqa: E402

SAID = [{"role": "user", "content": "Which shoes?"}]
LONG = stream_events("A long answer that goes on and on. " * 2_000, size=20_000)


class Long(RecordingUpstream):
    """Streams 70 kB, answers whole with a sentence."""

    async def open(self, body: bytes, *, stream: bool) -> UpstreamAnswer:
        self.reads = LONG if stream else None
        return await super().open(body, stream=stream)


def serve(port: int) -> None:
    """The server's process: streams are long, whole answers short."""
    # Without ads: their gate would read 70 kB a thousand times, which is not the matter here.
    road = Road(upstream=Long("Look at the heel first."), settings=AdSettings(enabled=False))
    uvicorn.run(
        road.app, port=port, log_config=None, lifespan="off", http=PatientProtocol, ws="none"
    )


async def asked(port: int, times: int) -> list[float]:
    """Milliseconds of each answer."""
    took = []
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=300) as client:
        for _ in range(times):
            started = time.perf_counter()
            answer = await post(client, SAID)
            assert answer.status_code == 200
            took.append((time.perf_counter() - started) * 1000)
    return took


def told(took: list[float]) -> dict[str, float]:
    cuts = statistics.quantiles(took, n=100)
    return {"p50_ms": round(cuts[49], 2), "p99_ms": round(cuts[98], 2)}


async def measured(port: int, half: int, unread: int) -> dict[str, Any]:
    await asked(port, 20)
    alone = await asked(port, 300)
    body = orjson.dumps({"model": "demo", "stream": True, "messages": SAID})
    crowd = await half_open(port, half)
    readers = await slow_readers(port, unread, body)
    beside = await asked(port, 300)
    for _, writer in crowd:
        writer.close()
    for one in readers:
        one.close()
    return {"alone": told(alone), "beside": told(beside), "answers": len(alone) + len(beside)}


def _listens(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--half-open", type=int, default=5_000)
    parser.add_argument("--unread", type=int, default=1_000)
    parser.add_argument("--json", action="store_true", help="end with one line of JSON only")
    asked_for = parser.parse_args()
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    port = free_port()
    server = multiprocessing.get_context("spawn").Process(target=serve, args=(port,))
    server.start()
    try:
        while not _listens(port):
            time.sleep(0.1)
        result = asyncio.run(measured(port, asked_for.half_open, asked_for.unread))
        rss = psutil.Process(server.pid).memory_info().rss
    finally:
        server.kill()
        server.join()
    result |= {
        "half_open": asked_for.half_open,
        "unread": asked_for.unread,
        "server_rss_mb": round(rss / 2**20),
    }
    print(json.dumps(result))
    return 0


if __name__ == "__main__":
    sys.exit(main())

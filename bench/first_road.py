"""How much does the whole road cost over calling the upstream directly? In one run.

    python bench/first_road.py [--json] [--save] [--seconds 4]

An upstream on the loopback answers at once, so that what is measured is ours: key, history, ad
decision, placement, rows. 200 conversations rotate, so vectors are warm. Requests per second are
taken with 16 callers, latencies with one. `--save` dates the result under bench/results/.
"""

import argparse
import asyncio
import json
import os
import platform
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests.rig.processes import free_port  # noqa: E402
from tests.rig.programs import demo  # noqa: E402

_CALLERS = 16
_SUBJECTS = ("running shoes", "a laptop", "a tent", "coffee", "a bicycle", "a camera", "headphones")
_WORDS = [f"word{number} " for number in range(62)]


@dataclass(frozen=True)
class Measured:
    """One way of calling: requests/s with many callers, milliseconds with one."""

    requests_per_second: float
    streams_per_second: float
    whole_p50_ms: float
    whole_p99_ms: float
    first_token_p50_ms: float
    first_token_p99_ms: float


class Upstream:
    """Answers at once, in OpenAI's format, 62 chunks when streamed."""

    def __init__(self, port: int) -> None:
        self._port = port

    async def run(self) -> None:
        import uvicorn

        config = uvicorn.Config(
            _answer, port=self._port, log_level="critical", lifespan="off", access_log=False
        )
        await uvicorn.Server(config).serve()


def _bodies() -> tuple[bytes, bytes]:
    usage = {"prompt_tokens": 12, "completion_tokens": 62, "total_tokens": 74}
    envelope = {"id": "chatcmpl-1", "created": 1, "model": "bench"}
    message = {"role": "assistant", "content": "".join(_WORDS)}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    plain = json.dumps(
        envelope | {"object": "chat.completion", "choices": [choice], "usage": usage}
    )
    chunk = envelope | {"object": "chat.completion.chunk"}
    parts = [
        chunk | {"choices": [{"index": 0, "delta": {"content": word}, "finish_reason": None}]}
        for word in _WORDS
    ]
    parts.append(chunk | {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
    parts.append(chunk | {"choices": [], "usage": usage})
    events = "".join(f"data: {json.dumps(part)}\n\n" for part in parts) + "data: [DONE]\n\n"
    return plain.encode(), events.encode()


_PLAIN, _EVENTS = _bodies()


async def _answer(scope: Any, receive: Any, send: Any) -> None:
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            break
    if scope["path"].endswith("/models"):
        answer, kind = b'{"object":"list","data":[{"id":"bench"}]}', b"application/json"
    elif b'"stream":true' in body.replace(b" ", b""):
        answer, kind = _EVENTS, b"text/event-stream"
    else:
        answer, kind = _PLAIN, b"application/json"
    headers = [(b"content-type", kind)]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    pieces = answer.split(b"\n\n") if kind.startswith(b"text") else [answer]
    for piece in pieces:
        end = b"\n\n" if kind.startswith(b"text") and piece else b""
        await send({"type": "http.response.body", "body": piece + end, "more_body": True})
    await send({"type": "http.response.body", "body": b"", "more_body": False})


class Caller:
    """Sends chats to one address."""

    def __init__(self, session: aiohttp.ClientSession, base_url: str, key: str, model: str) -> None:
        self._session, self._url, self._model = session, f"{base_url}/chat/completions", model
        self._headers = {"authorization": f"Bearer {key}"}
        self._number = 0
        self.outcomes: Counter[str] = Counter()

    async def plain(self) -> float:
        started = time.perf_counter()
        async with self._session.post(
            self._url, json=self._body(stream=False), headers=self._headers
        ) as answer:
            body = await answer.json()
        took = time.perf_counter() - started
        field = body.get("tollfree") or {}
        self.outcomes["ad" if field.get("ads") else str(field.get("no_fill_reason"))] += 1
        return took * 1000

    async def stream(self) -> float:
        """Milliseconds to the first token; reads to the end."""
        started, first = time.perf_counter(), 0.0
        async with self._session.post(
            self._url, json=self._body(stream=True), headers=self._headers
        ) as answer:
            async for _ in answer.content.iter_any():
                first = first or time.perf_counter() - started
        return first * 1000

    def _body(self, *, stream: bool) -> dict[str, Any]:
        self._number += 1
        number = self._number % 200
        subject = _SUBJECTS[number % len(_SUBJECTS)]
        question = f"What should I look for when I buy {subject}, for under {number + 50} dollars?"
        messages = [{"role": "user", "content": question}]
        return {"model": self._model, "stream": stream, "messages": messages}


async def _rate(call: Callable[[], Awaitable[float]], seconds: float) -> float:
    done, until = 0, time.perf_counter() + seconds

    async def keep_calling() -> None:
        nonlocal done
        while time.perf_counter() < until:
            await call()
            done += 1

    started = time.perf_counter()
    await asyncio.gather(*(keep_calling() for _ in range(_CALLERS)))
    return done / (time.perf_counter() - started)


async def _measure(caller: Caller, seconds: float) -> Measured:
    for _ in range(220):
        await caller.plain()
    caller.outcomes.clear()
    whole = [await caller.plain() for _ in range(300)]
    first = [await caller.stream() for _ in range(150)]
    return Measured(
        requests_per_second=round(await _rate(caller.plain, seconds), 1),
        streams_per_second=round(await _rate(caller.stream, seconds), 1),
        whole_p50_ms=round(statistics.median(whole), 3),
        whole_p99_ms=round(statistics.quantiles(whole, n=100)[98], 3),
        first_token_p50_ms=round(statistics.median(first), 3),
        first_token_p99_ms=round(statistics.quantiles(first, n=100)[98], 3),
    )


async def _compare(upstream_url: str, told: dict[str, Any], seconds: float) -> dict[str, Any]:
    connector = aiohttp.TCPConnector(limit=_CALLERS)
    async with aiohttp.ClientSession(connector=connector) as session:
        direct = Caller(session, upstream_url, "none", "bench")
        ours = Caller(session, told["base_url"], told["api_key"], "demo")
        bare = await _measure(direct, seconds)
        road = await _measure(ours, seconds)
    total = sum(ours.outcomes.values())
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": {
            "python": platform.python_version(),
            "system": platform.platform(),
            "cores": os.cpu_count(),
            "load": [round(one, 1) for one in os.getloadavg()],
        },
        "direct": asdict(bare),
        "tollfree": asdict(road),
        "added": {
            "whole_p50_ms": round(road.whole_p50_ms - bare.whole_p50_ms, 3),
            "first_token_p50_ms": round(road.first_token_p50_ms - bare.first_token_p50_ms, 3),
            "first_token_p99_ms": round(road.first_token_p99_ms - bare.first_token_p99_ms, 3),
        },
        "outcomes": {name: round(count / total, 4) for name, count in ours.outcomes.most_common()},
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--save", action="store_true", help="date the result in bench/results/")
    parser.add_argument("--seconds", type=float, default=4.0, help="length of each rate")
    parser.add_argument("--upstream-port", type=int, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.upstream_port:
        asyncio.run(Upstream(asked.upstream_port).run())
        return 0
    result = _run(asked.seconds)
    if asked.save:
        folder = ROOT / "bench" / "results"
        folder.mkdir(exist_ok=True)
        path = folder / f"{result['at'][:10]}-first-road.json"
        path.write_text(json.dumps(result, indent=1) + "\n")
    print(json.dumps(result) if asked.json else json.dumps(result, indent=1))
    return 0


def _run(seconds: float) -> dict[str, Any]:
    import subprocess

    port = free_port()
    upstream = subprocess.Popen([sys.executable, __file__, "--upstream-port", str(port)])
    url = f"http://127.0.0.1:{port}/v1"
    settings = {"TOLLFREE_UPSTREAM_URL": url, "TOLLFREE_UPSTREAM_MODEL": "bench"}
    try:
        with (
            tempfile.TemporaryDirectory() as folder,
            demo(Path(folder), settings=settings) as (_, told),
        ):
            return asyncio.run(_compare(url, told, seconds))
    finally:
        upstream.terminate()
        upstream.wait()


if __name__ == "__main__":
    sys.exit(main())

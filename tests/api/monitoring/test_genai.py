"""OpenTelemetry: the conventions' names, true numbers, and nothing that could be text."""

import asyncio
from typing import Any

import pytest
from aiohttp import web

from api.monitoring.genai import INSTRUMENTS, GenAiMetrics, otlp
from kernel.clock import FrozenClock, SystemClock
from kernel.errors import SettingsInvalid
from tests.api.monitoring.test_calls import a_row
from tollfree.otlp import OtlpExporter, headers_from


def told_of(*rows: Any) -> dict[str, list[dict[str, Any]]]:
    metrics = GenAiMetrics()
    for row in rows:
        metrics.note(row)
    told = otlp(metrics, started_ns=1, now_ns=2, instance="wrk_1")
    (resource,) = told["resourceMetrics"]
    (scope,) = resource["scopeMetrics"]
    return {one["name"]: one["histogram"]["dataPoints"] for one in scope["metrics"]}


def attributes_of(point: dict[str, Any]) -> dict[str, str]:
    return {one["key"]: one["value"]["stringValue"] for one in point["attributes"]}


def test_a_call_is_told_by_the_names_of_the_conventions(clock: FrozenClock) -> None:
    told = told_of(a_row(clock, first_token_ms=200.0, total_ms=700.0, completion_tokens=11))

    assert set(told) == set(INSTRUMENTS)
    (request,) = told["gen_ai.server.request.duration"]
    assert attributes_of(request) == {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "one",
        "gen_ai.request.model": "demo",
    }
    assert (request["count"], request["sum"]) == ("1", 0.7)
    (each,) = told["gen_ai.server.time_per_output_token"]
    assert each["sum"] == pytest.approx(0.05)
    by_type = {attributes_of(one)["gen_ai.token.type"]: one["sum"] for one in told["gen_ai.client.token.usage"]}  # fmt: skip
    assert by_type == {"input": 10, "output": 11}


def test_buckets_hold_every_call_once(clock: FrozenClock) -> None:
    told = told_of(*(a_row(clock, total_ms=ms) for ms in (10.0, 10.1, 500.0, 900_000.0)))
    (point,) = told["gen_ai.server.request.duration"]

    assert len(point["bucketCounts"]) == len(point["explicitBounds"]) + 1
    assert sum(map(int, point["bucketCounts"])) == int(point["count"]) == 4
    assert (point["bucketCounts"][0], point["bucketCounts"][1]) == ("1", "1")
    assert point["bucketCounts"][-1] == "1"


def test_a_failure_has_its_status_and_no_tokens(clock: FrozenClock) -> None:
    told = told_of(a_row(clock, status=502))

    assert set(told) == {"gen_ai.server.request.duration"}
    assert attributes_of(told["gen_ai.server.request.duration"][0])["error.type"] == "502"


def test_tokens_that_were_only_guessed_are_not_reported(clock: FrozenClock) -> None:
    assert "gen_ai.client.token.usage" not in told_of(a_row(clock, tokens_estimated=True))


async def test_a_collector_hears_of_them_and_its_trouble_is_nobodys(clock: FrozenClock) -> None:
    heard: list[Any] = []
    twice = asyncio.Event()

    async def collect(request: web.Request) -> web.Response:
        heard.append((request.headers["api-key"], await request.json()))
        if len(heard) > 1:
            twice.set()
        return web.Response(status=503 if len(heard) == 1 else 200)

    app = web.Application()
    app.router.add_post("/v1/metrics", collect)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    metrics = GenAiMetrics()
    metrics.note(a_row(clock))
    exporter = OtlpExporter(metrics, str(site.name), headers_from("Api-Key= abc"), SystemClock())
    running = asyncio.create_task(exporter.run(every_seconds=0.01))
    try:
        async with asyncio.timeout(10):
            await twice.wait()
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await runner.cleanup()

    assert heard[1][0] == "abc"
    assert heard[1][1]["resourceMetrics"]


def test_headers_that_make_no_sense_are_refused_by_name() -> None:
    with pytest.raises(SettingsInvalid, match="OTEL_EXPORTER_OTLP_HEADERS"):
        headers_from("abc")
    assert headers_from("") == {}

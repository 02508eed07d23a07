"""What the calls were like, from their rows: percentiles, failures, costs."""

import asyncio
import time
from datetime import timedelta
from typing import Any

import pytest

from api.chat.usage import CompletionRow, write_completions
from api.monitoring.calls import percentiles, report
from api.monitoring.prompt_groups import group_of
from api.monitoring.pulse import Pulse
from api.monitoring.timings import observe
from kernel.clock import FrozenClock
from kernel.database import Database
from kernel.ids import new_id
from kernel.money import Micros
from kernel.telemetry import REGISTRY
from tests.api.fakes import Road


def a_row(clock: FrozenClock, **changes: Any) -> CompletionRow:
    values = {
        "id": new_id("cpl"),
        "app_id": "app_1",
        "key_id": "key_1",
        "at": clock.now(),
        "model": "demo",
        "upstream": "one",
        "stream": True,
        "status": 200,
        "prompt_tokens": 10,
        "completion_tokens": 5,
        "tokens_estimated": False,
        "first_token_ms": 20.0,
        "total_ms": 100.0,
        "decision_id": None,
        "ad_outcome": "ad",
    }
    return CompletionRow(**(values | changes))


async def written(database: Database, rows: list[CompletionRow]) -> None:
    async with database.writing() as tx:
        await write_completions(tx, rows)


async def test_a_report_names_slow_failing_and_costly_calls(
    database: Database, clock: FrozenClock
) -> None:
    clock.advance(hours=2)
    await written(
        database,
        [
            *(a_row(clock, first_token_ms=float(ms), total_ms=ms * 10.0) for ms in range(1, 101)),
            a_row(clock, upstream="two", status=502, first_token_ms=None, ad_outcome="none_placed"),
            a_row(clock, upstream="two", status=499, first_token_ms=None),
            a_row(clock, upstream="two", prompt_group="dear", cost_micros=Micros(900)),
            a_row(clock, upstream="two", prompt_group="slow", total_ms=9_000.0),
            a_row(clock, upstream="gone", at=clock.now() - timedelta(hours=1, seconds=1)),
            a_row(clock, upstream="foreign", app_id="app_2"),
        ],
    )
    async with database.reading() as session:
        found = await report(session, since=clock.now() - timedelta(hours=1), app_ids=["app_1"])
    one, two = found.upstreams
    assert (one.name, one.calls, one.failure_rate) == ("one", 100, 0.0)
    assert (one.first_token.p50, one.first_token.p90) == (50.0, 90.0)
    assert (one.first_token.p95, one.total.p99) == (95.0, 990.0)
    assert (two.name, two.failed, two.left) == ("two", 1, 1)
    assert two.failure_rate == pytest.approx(1 / 3)
    assert found.overall.calls == 104
    assert (found.costliest[0].name, found.costliest[0].cost) == ("dear", Micros(900))
    assert found.slowest[0].name == "slow"
    assert not found.is_sampled


async def test_a_report_of_very_many_calls_says_that_it_is_of_the_newest(
    database: Database, clock: FrozenClock
) -> None:
    old = clock.now()
    clock.advance(minutes=1)
    await written(database, [a_row(clock, at=old, upstream="old"), a_row(clock), a_row(clock)])
    async with database.reading() as session:
        found = await report(session, since=old, most_rows=2)
    assert [group.name for group in found.upstreams] == ["one"]
    assert found.is_sampled


def test_percentiles_are_values_that_were_measured() -> None:
    assert percentiles([3.0, None, 1.0]).p99 == 3.0
    assert percentiles([7.0]).p50 == 7.0
    assert percentiles([None]).p50 is None


def test_a_group_is_the_callers_name_and_never_text() -> None:
    assert group_of({"metadata": {"prompt": "checkout/summary-v3"}}) == "checkout/summary-v3"
    told = group_of({"metadata": {"prompt": "My knee hurts when I run"}})
    assert told is not None
    assert told.startswith("unnamed-")
    assert "knee" not in told
    assert told == group_of({"metadata": {"prompt": "My knee hurts when I run"}})
    assert told != group_of({"metadata": {"prompt": "My knee hurts when I run"}}, key=b"ours")
    assert [group_of(body) for body in ({}, {"metadata": 1}, {"metadata": {"prompt": ""}})] == [
        None
    ] * 3


def test_prompts_of_one_template_are_one_group_and_nobody_can_read_it() -> None:
    def asked(text: str, app_id: str = "app_1", **more: Any) -> str | None:
        said = [{"role": "user", "content": text}]
        return group_of({"messages": said} | more, app_id, key=b"a secret")

    one = asked('Order 4711 of "Ada": what of https://shop.example/4711?')

    assert one is not None
    assert one.startswith("fp-")
    assert one == asked('order 12  of "Grace Hopper": what of https://shop.example/1?')
    assert one != asked("Order 4711 of Ada")
    assert one != asked('Order 4711 of "Ada": what of https://shop.example/4711?', "app_2")
    system = {"role": "system", "content": "You are a cook."}
    first, second = (
        group_of({"messages": [system, {"role": "user", "content": text}]}, "app_1")
        for text in ("Soup?", "Bread?")
    )
    assert first == second


async def test_a_loop_that_is_late_shows_and_so_do_open_answers() -> None:
    def of(name: str) -> float:
        return REGISTRY.get_sample_value(f"tollfree_{name}") or 0.0

    lag, turns = of("loop_lag_seconds_sum"), of("loop_lag_seconds_count")
    feeling = asyncio.create_task(Pulse(lambda: 7).run())
    await asyncio.sleep(0)
    # Whoever blocks the loop makes it late.
    time.sleep(0.4)  # noqa: ASYNC251
    await asyncio.sleep(0.05)
    feeling.cancel()

    assert of("loop_lag_seconds_count") == turns + 1
    assert of("loop_lag_seconds_sum") - lag > 0.1
    assert of("open_answers") == 7


async def test_our_own_part_of_a_call_is_in_a_histogram() -> None:
    before = REGISTRY.get_sample_value("tollfree_overhead_seconds_count") or 0
    await Road().ask()

    assert REGISTRY.get_sample_value("tollfree_overhead_seconds_count") == before + 1


def test_every_call_is_in_the_histograms() -> None:
    observe("a-monitored-one", first_token_ms=30.0, total_ms=700.0)
    labels = {"upstream": "a-monitored-one"}
    assert REGISTRY.get_sample_value("tollfree_first_token_seconds_sum", labels) == 0.03
    assert REGISTRY.get_sample_value("tollfree_answer_seconds_sum", labels) == 0.7

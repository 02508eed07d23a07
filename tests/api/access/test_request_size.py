"""How large one request may be, by tier; and how many requests all callers together may make."""

import asyncio
from dataclasses import replace
from typing import Any

import orjson
import pytest

from api.access.limits import GENEROUS, Limits
from api.upstream.routing import Leg, ModelAlias
from kernel.clock import FrozenClock
from tests.api.access.test_quota import Gate, a_plan
from tests.api.fakes import RecordingUpstream

_LONG = "Which running shoes are good for flat feet on asphalt? " * 30


def a_gate(clock: FrozenClock, tier: str = "standard", **plan: Any) -> Gate:
    return Gate(clock, replace(a_plan(), **plan), tier)


def a_talk(rounds: int) -> list[dict[str, Any]]:
    pair = ({"role": "user", "content": _LONG}, {"role": "assistant", "content": "Firm ones."})
    return [*pair * rounds, {"role": "user", "content": "And for the rain?"}]


def a_loop(rounds: int) -> list[dict[str, Any]]:
    call = {"id": "c", "type": "function", "function": {"name": "look", "arguments": "{}"}}
    asked = {"role": "assistant", "content": None, "tool_calls": [call]}
    told = {"role": "tool", "tool_call_id": "c", "content": "nothing"}
    return [{"role": "user", "content": "Look for shoes."}, *(asked, told) * rounds]


class TestAConversation:
    async def test_that_is_longer_than_the_tier_allows_is_refused_and_told_what_to_do(
        self, clock: FrozenClock
    ) -> None:
        gate = a_gate(clock, max_context_tokens=2_000)
        refused = await gate.ask(messages=a_talk(6))

        error = refused.json()["error"]
        assert (refused.status_code, error["code"]) == (400, "context_length_exceeded")
        assert error["param"] == "messages"
        assert "allows 2,000" in error["message"]
        assert "x-tollfree-trim: on" in error["message"]
        assert gate.road.upstream.bodies == []
        assert (await gate.ask(messages=a_talk(2))).status_code == 200

    @pytest.mark.parametrize(
        ("tier", "status"), [("new", 400), ("standard", 200), ("trusted", 200)]
    )
    async def test_may_be_as_long_as_the_tier_says(
        self, tier: str, status: int, clock: FrozenClock
    ) -> None:
        gate = a_gate(clock, tier, max_context_tokens=4_000)

        assert (await gate.ask(messages=a_talk(4))).status_code == status

    async def test_loses_its_oldest_rounds_on_request_and_a_header_says_so(
        self, clock: FrozenClock
    ) -> None:
        gate = a_gate(clock, max_context_tokens=2_000)
        talk = [{"role": "system", "content": "Be honest."}, *a_talk(6)]
        body = orjson.dumps({"model": "demo", "messages": talk})
        async with gate.client() as client:
            headers = {"authorization": "Bearer k", "x-tollfree-trim": "on"}
            answer = await client.post("/v1/chat/completions", content=body, headers=headers)

        sent = orjson.loads(gate.road.upstream.bodies[0])["messages"]
        assert answer.status_code == 200
        told = dict(part.split("=") for part in answer.headers["x-tollfree-trimmed"].split(", "))
        assert int(told["messages"]) == len(talk) - len(sent) > 0
        assert int(told["kept"]) == len(sent)
        assert int(told["tokens"]) <= 2_000
        assert (sent[0], sent[-1]) == (talk[0], talk[-1])

    @pytest.mark.parametrize(("wish", "says"), [("yes", "on, off"), ("12", "from 256"), ("-5", "")])
    async def test_is_trimmed_to_nothing_that_makes_no_sense(
        self, wish: str, says: str, clock: FrozenClock
    ) -> None:
        gate = a_gate(clock)
        async with gate.client() as client:
            headers = {"authorization": "Bearer k", "x-tollfree-trim": wish}
            body = {"model": "demo", "messages": a_talk(1)}
            refused = await client.post("/v1/chat/completions", json=body, headers=headers)

        assert refused.status_code == 400
        assert says in refused.json()["error"]["message"]

    async def test_is_sent_whole_unless_trimming_is_asked_for(self, clock: FrozenClock) -> None:
        gate = a_gate(clock)
        await gate.ask(messages=a_talk(20))

        assert len(orjson.loads(gate.road.upstream.bodies[0])["messages"]) == 41


class TestToolsInALoop:
    async def test_end_at_the_bound_of_the_tier(self, clock: FrozenClock) -> None:
        gate = a_gate(clock, max_tool_rounds=4)

        assert (await gate.ask(messages=a_loop(4))).status_code == 200
        refused = await gate.ask(messages=a_loop(5))
        assert refused.status_code == 400
        assert refused.json()["error"]["code"] == "tool_loop_too_long"
        assert len(gate.road.upstream.bodies) == 1

    async def test_begin_anew_with_a_word_of_the_user(self, clock: FrozenClock) -> None:
        gate = a_gate(clock, max_tool_rounds=4)

        assert (await gate.ask(messages=a_loop(4) + a_loop(4))).status_code == 200


class TestAllCallersTogether:
    _TWO = Limits(rpm=2, rpd=100, tpm=10**6, tpd=10**6, concurrent=10)

    async def test_are_stopped_at_the_limit_of_the_service_whoever_asks(
        self, clock: FrozenClock
    ) -> None:
        gate = a_gate(clock, everyone=self._TWO)
        clock.advance(seconds=18)
        assert [(await gate.ask()).status_code for _ in range(2)] == [200, 200]

        refused = await gate.ask()

        error = refused.json()["error"]
        assert (refused.status_code, error["code"]) == (503, "service_at_capacity")
        assert refused.headers["retry-after"] == "42"
        assert len(gate.road.upstream.bodies) == 2
        clock.advance(seconds=42)
        assert (await gate.ask()).status_code == 200

    async def test_are_nobodys_own_limit_to_see(self, clock: FrozenClock) -> None:
        gate = a_gate(clock, everyone=self._TWO)
        answer = await gate.ask()

        assert int(answer.headers["x-ratelimit-limit-requests"]) == GENEROUS.key.rpm

    async def test_a_refusal_counts_for_nobody(self, clock: FrozenClock) -> None:
        gate = a_gate(clock, everyone=self._TWO)
        for _ in range(5):
            await gate.ask()

        mine = gate.book.subject("key", "key_1", a_plan().key)
        assert gate.book.standings([mine])[0].used == 2


class TestALongAnswer:
    async def test_is_set_aside_as_long_as_it_may_be_before_it_is_asked_for(
        self, clock: FrozenClock
    ) -> None:
        gate = Gate(clock, replace(a_plan(tpm=10_000), max_output_tokens=100_000))
        hung = gate.road.upstream
        hung.hangs_after = 0
        first = asyncio.create_task(gate.ask(max_tokens=8_000))
        await asyncio.wait_for(hung.silent.wait(), 10)

        refused = await gate.ask(max_tokens=8_000)

        assert refused.status_code == 429
        assert "tokens per minute" in refused.json()["error"]["message"]
        assert len(hung.bodies) == 1
        first.cancel()
        await asyncio.gather(first, return_exceptions=True)

    async def test_counts_as_what_it_was_when_it_is_over(self, clock: FrozenClock) -> None:
        gate = Gate(clock, replace(a_plan(tpm=10_000), max_output_tokens=100_000))

        assert [(await gate.ask(max_tokens=8_000)).status_code for _ in range(5)] == [200] * 5
        mine = gate.book.subject("key", "key_1", a_plan(tpm=10_000).key)
        row = gate.road.rows[0]
        used = row.prompt_tokens + row.completion_tokens
        assert gate.book.standings([mine])[2].used == 5 * used

    async def test_that_could_never_fit_is_let_through_alone(self, clock: FrozenClock) -> None:
        gate = Gate(clock, replace(a_plan(tpm=2_000), max_output_tokens=100_000))

        assert (await gate.ask(max_tokens=50_000)).status_code == 200
        clock.advance(seconds=60)
        await gate.ask()
        assert (await gate.ask(max_tokens=50_000)).status_code == 429


async def test_an_answer_says_how_many_upstreams_were_tried_in_vain(clock: FrozenClock) -> None:
    gate, silent = Gate(clock, a_plan()), RecordingUpstream()
    silent.reads = []
    other = Leg(gate.road.upstream, "m", tier=1)
    gate.road.routing.take([ModelAlias("demo", silent, "m", others=(other,))])

    answer = await gate.ask(stream=True)

    assert answer.headers["x-tollfree-fallbacks"] == "1"
    assert gate.road.rows[0].fallbacks == 1

"""The demo model: honest, deterministic, and useful for trying everything else."""

import re
import time
from typing import Any

import orjson
import pytest
from openai.types.chat import ChatCompletion, ChatCompletionChunk

from api.chat.answer_gate import Finished, reason_against_an_ad
from api.upstream.demo import DemoUpstream
from api.upstream.demo_reply import reply_to
from api.upstream.upstream import UpstreamRefused
from kernel.clock import FrozenClock
from language.refusals import is_refusal

SHOES = "What are the best running shoes for flat feet?"
WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "parameters": {
            "type": "object",
            "properties": {
                "city": {"type": "string"},
                "days": {"type": "integer"},
                "unit": {"enum": ["celsius", "fahrenheit"]},
            },
        },
    },
}


def ask(content: Any, **members: Any) -> dict[str, Any]:
    return {"model": "demo", "messages": [{"role": "user", "content": content}]} | members


def said(content: Any, **members: Any) -> str:
    return reply_to(ask(content, **members)).text or ""


async def streamed(request: dict[str, Any], clock: FrozenClock) -> list[dict[str, Any]]:
    demo = DemoUpstream(clock, first_token_ms=0, pace_ms=0)
    answer = await demo.open(orjson.dumps(request | {"stream": True}), stream=True)
    events = b"".join([chunk async for chunk in answer.chunks]).split(b"\n\n")
    assert events[-2:] == [b"data: [DONE]", b""]
    return [orjson.loads(event[6:]) for event in events[:-2]]


async def whole(request: dict[str, Any], clock: FrozenClock) -> dict[str, Any]:
    demo = DemoUpstream(clock, first_token_ms=0, pace_ms=0)
    answer = await demo.open(orjson.dumps(request), stream=False)
    return dict(orjson.loads(b"".join([chunk async for chunk in answer.chunks])))


class TestAnAnswer:
    def test_says_that_a_small_program_wrote_it(self) -> None:
        assert "demo model" in said(SHOES).split("\n\n")[0]
        assert "not as facts" in said(SHOES)

    def test_uses_the_users_own_words_in_several_paragraphs(self) -> None:
        answer = said(SHOES)

        assert SHOES in answer
        assert "running shoes" in answer
        assert len(answer.split("\n\n")) >= 4
        assert re.search(r"^1\. ", answer, re.MULTILINE)

    def test_is_the_same_each_time_and_another_for_other_words(self) -> None:
        assert said(SHOES) == said(SHOES)
        assert said(SHOES) != said("Which laptop for university?")

    def test_can_carry_an_ad(self) -> None:
        for question in (SHOES, "Which laptop for university?", "What is a good hotel in Lisbon?"):
            assert reason_against_an_ad(Finished(said(question), "stop")) is None

    def test_remembers_what_came_before(self) -> None:
        request = ask("And socks?")
        request["messages"] = [*ask(SHOES)["messages"], *request["messages"]]

        assert "running shoes" in (reply_to(request).text or "")

    def test_to_a_grieving_person_sells_nothing_and_pretends_nothing(self) -> None:
        answer = said("My grandmother died last week")

        assert "person" in answer
        assert "options" not in answer

    @pytest.mark.parametrize(
        ("question", "pattern"),
        [
            ("how do I write a for-loop in python", r"```python\nitems = .*?\n```"),
            ("a javascript function for shoes", r"```javascript\n.*?\n```"),
            ("Compare laptops and tablets", r"\| --- \| --- \| --- \|\n\| laptops \|"),
            ("Where can I buy an espresso machine?", r"\]\(https://[\w.-]+\.example/\S+\)"),
            ("Say this is a test", r"^this is a test$"),
            ("Hello!", r"^Hello! This is Tollfree’s demo model"),
            ("", r"^Hello! This is Tollfree’s demo model"),
        ],
    )
    def test_has_what_was_asked_for(self, question: str, pattern: str) -> None:
        assert re.search(pattern, said(question), re.DOTALL)

    def test_refuses_when_asked_to(self) -> None:
        assert is_refusal(said("Please refuse this request"))

    @pytest.mark.parametrize(
        "odd",
        [
            "```",
            "<script>alert(1)</script>",
            "| * _ # [x](y) \\",
            "{subject} {0} %s",
            "\x00",
            "靴?",
        ],
    )
    def test_survives_odd_words(self, odd: str) -> None:
        answer = said(odd)

        assert "demo model" in answer
        assert "<script>" not in answer

    def test_takes_little_time_over_a_long_text(self) -> None:
        started = time.perf_counter()

        for text in ("word " * 60_000, "(" * 300_000, "```" * 100_000, "x" * 300_000):
            said(text)

        assert time.perf_counter() - started < 2


class TestParameters:
    def test_that_limit_the_answer_are_honoured(self) -> None:
        short = reply_to(ask(SHOES, max_tokens=5))

        assert (short.finish_reason, len(short.tokens)) == ("length", 5)
        assert said(SHOES).startswith(short.text or "nothing")
        assert "outline" not in said(SHOES, stop=["outline"])
        assert said(SHOES, stop="This is") == ""

    def test_for_json_give_json(self) -> None:
        assert orjson.loads(said(SHOES, response_format={"type": "json_object"}))["keywords"]

    def test_for_a_schema_give_what_fits_it(self) -> None:
        schema = {
            "type": "object",
            "properties": {
                "name": {"type": "string"},
                "size": {"type": "number", "maximum": 50},
                "tags": {"type": "array", "items": {"type": "string"}},
                "kind": {"$ref": "#/$defs/kind"},
                "note": {"anyOf": [{"type": "null"}, {"type": "string"}]},
                "self": {"$ref": "#"},
            },
            "$defs": {"kind": {"enum": ["road", "trail"]}},
        }
        wanted = {"type": "json_schema", "json_schema": {"name": "shoe", "schema": schema}}

        value = orjson.loads(said("A trail shoe in size 42.5", response_format=wanted))

        assert value["size"] == 42.5
        assert value["kind"] == "trail"
        assert isinstance(value["note"], str)
        assert all(isinstance(tag, str) for tag in value["tags"])

    def test_with_tools_call_the_one_that_is_meant(self) -> None:
        reply = reply_to(ask("What is the weather in Paris for 3 days?", tools=[WEATHER]))

        assert [call.name for call in reply.tool_calls] == ["get_weather"]
        assert orjson.loads(reply.tool_calls[0].arguments) == {
            "city": "Paris",
            "days": 3,
            "unit": "celsius",
        }
        assert reply.finish_reason == "tool_calls"

    def test_with_tools_that_are_not_meant_call_none(self) -> None:
        assert reply_to(ask(SHOES, tools=[WEATHER])).tool_calls == ()
        assert reply_to(ask("Weather?", tools=[WEATHER], tool_choice="none")).tool_calls == ()
        assert reply_to(ask(SHOES, tools=[WEATHER], tool_choice="required")).tool_calls

    def test_with_a_tools_result_use_it(self) -> None:
        request = ask("What is the weather in Paris?", tools=[WEATHER])
        request["messages"].append({"role": "tool", "tool_call_id": "c", "content": "18 degrees"})

        assert "18 degrees" in (reply_to(request).text or "")


class TestTheWire:
    @pytest.mark.parametrize(
        "request_",
        [
            ask(SHOES),
            ask(SHOES, n=3),
            ask("Weather in Paris?", tools=[WEATHER]),
            ask(SHOES, stream_options={"include_usage": True}),
        ],
        ids=["text", "choices", "tools", "usage"],
    )
    async def test_is_openais_in_both_forms(
        self, request_: dict[str, Any], clock: FrozenClock
    ) -> None:
        chunks = await streamed(request_, clock)
        body = await whole(request_, clock)

        for chunk in chunks:
            ChatCompletionChunk.model_validate(chunk, strict=True)
        parsed = ChatCompletion.model_validate(body, strict=True)
        assert len(parsed.choices) == request_.get("n", 1)
        texts = ["" for _ in parsed.choices]
        arguments = ""
        for chunk in chunks:
            for choice in chunk["choices"]:
                texts[choice["index"]] += choice["delta"].get("content") or ""
                for call in choice["delta"].get("tool_calls", ()):
                    arguments += call["function"]["arguments"]
        assert texts == [choice.message.content or "" for choice in parsed.choices]
        if parsed.choices[0].message.tool_calls:
            assert arguments == parsed.choices[0].message.tool_calls[0].function.arguments
        if "stream_options" in request_:
            assert chunks[-1]["choices"] == []
            assert chunks[-1]["usage"] == body["usage"]

    async def test_refuses_what_is_no_json_object(self, clock: FrozenClock) -> None:
        for wrong in (b"{", b"[]", b"7"):
            with pytest.raises(UpstreamRefused):
                await DemoUpstream(clock).open(wrong, stream=False)

    async def test_takes_its_time_like_a_model(self, clock: FrozenClock) -> None:
        demo = DemoUpstream(clock, first_token_ms=30, pace_ms=1)
        started = time.monotonic()
        answer = await demo.open(orjson.dumps(ask(SHOES)), stream=True)

        async for _ in answer.chunks:
            break

        assert time.monotonic() - started >= 0.03

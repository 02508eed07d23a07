"""The Responses surface: translation there and back, events in order, the ad in its place."""

from typing import Any

import pytest
from openai.types.responses import Response, ResponseStreamEvent
from pydantic import TypeAdapter

from kernel.errors import UpstreamFailed
from tests.api.fakes import ANSWER, AdSettings, Road, stream_events
from tests.api.hearing import without_spans
from tests.api.http.surfaces import events_in, send, sent_upstream, tool_stream

PATH = "/v1/responses"
ASKED = {"model": "demo", "input": "Which shoes?"}
EVENT: TypeAdapter[Any] = TypeAdapter(ResponseStreamEvent)
OFF = AdSettings(enabled=False)


def text_of(response: dict[str, Any]) -> str:
    return response["output"][-1]["content"][-1]["text"]


class TestAPlainResponse:
    async def test_ends_in_the_ad_and_tells_about_it(self) -> None:
        body = (await send(Road(), PATH, ASKED)).json()

        Response.model_validate(body, strict=True)
        assert "Sponsored · Strideworks" in text_of(body)
        assert without_spans(text_of(body), body["tollfree"]["ads"]) == ANSWER
        assert body["status"] == "completed"
        assert body["usage"]["output_tokens"] == 5

    async def test_without_ads_is_the_answer_alone(self) -> None:
        body = (await send(Road(settings=OFF), PATH, ASKED)).json()

        assert text_of(body) == ANSWER
        assert body["tollfree"]["no_fill_reason"] == "ads_off"

    async def test_says_that_nothing_was_stored(self) -> None:
        body = (await send(Road(), PATH, ASKED | {"store": True})).json()

        assert body["store"] is False

    @pytest.mark.parametrize("stream", [False, True])
    async def test_sends_the_same_bytes_upstream_with_ads_on_and_off(self, stream: bool) -> None:
        on, off = Road(), Road(settings=OFF)

        for road in (on, off):
            await send(road, PATH, ASKED | {"stream": stream})

        assert on.upstream.bodies == off.upstream.bodies


class TestAStreamedResponse:
    async def test_has_every_event_in_order_and_counted(self) -> None:
        events = events_in(await send(Road(), PATH, ASKED | {"stream": True}))

        for event in events:
            EVENT.validate_python(event, strict=True)
        assert [event["sequence_number"] for event in events] == list(range(len(events)))
        kinds = [event["type"].removeprefix("response.") for event in events]
        assert kinds[:4] == ["created", "in_progress", "output_item.added", "content_part.added"]
        assert kinds[-4:] == [
            "output_text.done",
            "content_part.done",
            "output_item.done",
            "completed",
        ]
        assert set(kinds[4:-4]) == {"output_text.delta"}

    async def test_carries_the_ad_in_its_last_delta_and_the_field_at_its_end(self) -> None:
        events = events_in(await send(Road(), PATH, ASKED | {"stream": True}))

        deltas = [one["delta"] for one in events if one["type"].endswith("output_text.delta")]
        assert "Sponsored · Strideworks" in deltas[-1]
        assert "".join(deltas[:-1]) == ANSWER
        last = events[-1]
        assert text_of(last["response"]) == "".join(deltas)
        assert last["tollfree"] == last["response"]["tollfree"]
        assert [one for one in events[:-1] if "tollfree" in one] == []

    async def test_says_the_same_as_a_plain_one(self) -> None:
        plain = (await send(Road(), PATH, ASKED)).json()
        events = events_in(await send(Road(), PATH, ASKED | {"stream": True}))

        assert events[-1]["response"] == plain

    async def test_that_breaks_off_ends_in_an_error(self) -> None:
        road = Road()
        road.upstream.reads = [*stream_events(ANSWER)[:3], UpstreamFailed("It broke.")]

        events = events_in(await send(road, PATH, ASKED | {"stream": True}))

        EVENT.validate_python(events[-1])
        assert events[-1]["type"] == "error"
        assert events[-1]["error"]["code"] == events[-1]["code"] == "upstream_failed"
        assert events[-1]["sequence_number"] == len(events) - 1

    async def test_of_parallel_tool_calls_streams_their_arguments(self) -> None:
        road = Road()
        road.upstream.reads = tool_stream(("c1", "a", '{"x": 1}'), ("c2", "b", '{"y": 2}'))

        events = events_in(await send(road, PATH, ASKED | {"stream": True}))

        for event in events:
            EVENT.validate_python(event, strict=True)
        done = events[-1]["response"]
        assert [item["type"] for item in done["output"]] == [
            "reasoning",
            "function_call",
            "function_call",
        ]
        assert [item["arguments"] for item in done["output"][1:]] == ['{"x": 1}', '{"y": 2}']
        assert done["tollfree"]["no_fill_reason"] == "not_placeable"
        added = [one["item"] for one in events if one["type"].endswith("item.added")]
        assert [item["call_id"] for item in added[1:]] == ["c1", "c2"]

    async def test_that_was_cut_short_is_incomplete(self) -> None:
        road = Road()
        road.upstream.reads = [
            event.replace(b'"stop"', b'"length"') for event in stream_events(ANSWER)
        ]

        events = events_in(await send(road, PATH, ASKED | {"stream": True}))

        assert events[-1]["type"] == "response.incomplete"
        assert events[-1]["response"]["incomplete_details"] == {"reason": "max_output_tokens"}


class TestTheChatRequest:
    async def test_means_the_same(self) -> None:
        road = Road()
        body = {
            "model": "demo",
            "instructions": "Be brief.",
            "input": [
                {"role": "user", "content": [{"type": "input_text", "text": "Look"},
                 {"type": "input_image", "image_url": "https://pics.example/1", "detail": "low"}]},
                {"type": "reasoning", "id": "rs_1", "summary": []},
                {"type": "message", "role": "assistant", "content": "One moment."},
                {"type": "function_call", "call_id": "c1", "name": "see", "arguments": "{}"},
                {"type": "function_call_output", "call_id": "c1", "output": "a cat"},
            ],
            "tools": [{"type": "function", "name": "see", "parameters": {"type": "object"},
                       "strict": True}],
            "tool_choice": {"type": "function", "name": "see"},
            "parallel_tool_calls": False,
            "text": {"format": {"type": "json_schema", "name": "n", "schema": {}}},
            "reasoning": {"effort": "low"},
            "max_output_tokens": 50,
            "include": ["message.output_text.logprobs"],
            "top_logprobs": 2,
        }  # fmt: skip

        response = await send(road, PATH, body)

        assert response.status_code == 200, response.text
        assert sent_upstream(road) == {
            "model": "upstream-model",
            "messages": [
                {"role": "system", "content": "Be brief."},
                {"role": "user", "content": [
                    {"type": "text", "text": "Look"},
                    {"type": "image_url",
                     "image_url": {"url": "https://pics.example/1", "detail": "low"}}]},
                {"role": "assistant", "content": "One moment.", "tool_calls": [
                    {"id": "c1", "type": "function",
                     "function": {"name": "see", "arguments": "{}"}}]},
                {"role": "tool", "tool_call_id": "c1", "content": "a cat"},
            ],
            "tools": [{"type": "function", "function": {
                "name": "see", "parameters": {"type": "object"}, "strict": True}}],
            "tool_choice": {"type": "function", "function": {"name": "see"}},
            "parallel_tool_calls": False,
            "response_format": {"type": "json_schema", "json_schema": {"name": "n", "schema": {}}},
            "reasoning_effort": "low",
            "max_completion_tokens": 50,
            "logprobs": True,
            "top_logprobs": 2,
        }  # fmt: skip

    async def test_holds_no_ad_of_an_earlier_turn(self) -> None:
        road = Road()
        first = (await send(road, PATH, ASKED)).json()
        turns = [{"role": "user", "content": "Which shoes?"}, *first["output"]]

        await send(road, PATH, ASKED | {"input": [*turns, {"role": "user", "content": "Why?"}]})

        assert sent_upstream(road)["messages"][1] == {"role": "assistant", "content": ANSWER}

    @pytest.mark.parametrize(
        ("member", "says"),
        [
            ({"previous_response_id": "resp_1"}, "`input`"),
            ({"conversation": "conv_1"}, "`input`"),
            ({"background": True}, "`stream`"),
            ({"tools": [{"type": "web_search"}]}, "function"),
            ({"input": [{"type": "item_reference", "id": "msg_1"}]}, "itself"),
            ({"input": 7}, "string"),
            ({"input": [{"role": "user", "content": [{"type": "input_image"}]}]}, "image_url"),
        ],
        ids=str,
    )
    async def test_that_we_cannot_make_is_refused_with_what_to_send(
        self, member: dict[str, Any], says: str
    ) -> None:
        road = Road()

        response = await send(road, PATH, ASKED | member)

        assert response.status_code == 400
        error = response.json()["error"]
        assert set(error) == {"message", "type", "param", "code"}
        assert says in error["message"]
        assert error["param"].startswith(next(iter(member)))
        assert road.upstream.bodies == []

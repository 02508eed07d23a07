"""The Messages surface of Anthropic's clients."""

from typing import Any

import pytest

from kernel.errors import UpstreamFailed
from tests.api.fakes import ANSWER, AdSettings, Road, stream_events
from tests.api.hearing import without_spans
from tests.api.http.surfaces import events_in, send, sent_upstream, tool_stream

PATH = "/v1/messages"
ASKED: dict[str, Any] = {
    "model": "demo",
    "max_tokens": 200,
    "messages": [{"role": "user", "content": "Which shoes?"}],
}
OFF = AdSettings(enabled=False)


class TestAPlainMessage:
    async def test_ends_in_the_ad_and_tells_about_it(self) -> None:
        body = (await send(Road(), PATH, ASKED)).json()

        text = body["content"][-1]["text"]
        assert "Sponsored · Strideworks" in text
        assert without_spans(text, body["tollfree"]["ads"]) == ANSWER
        assert body["stop_reason"] == "end_turn"
        assert body["usage"]["input_tokens"] == 9

    async def test_with_tool_use_has_no_ad(self) -> None:
        road = Road()
        road.upstream.reads = tool_stream(("c1", "a", '{"x": 1}'), ("c2", "b", '{"y": 2}'))

        events = events_in(await send(road, PATH, ASKED | {"stream": True}))

        starts = [one["content_block"] for one in events if one["type"] == "content_block_start"]
        assert [block["name"] for block in starts] == ["a", "b"]
        pieces = [
            (one["index"], one["delta"]["partial_json"])
            for one in events
            if one["type"] == "content_block_delta"
        ]
        assert pieces == [(0, '{"x"'), (0, ": 1}"), (1, '{"y"'), (1, ": 2}")]
        assert events[-2]["delta"]["stop_reason"] == "tool_use"
        assert events[-2]["tollfree"]["no_fill_reason"] == "not_placeable"

    @pytest.mark.parametrize("stream", [False, True])
    async def test_sends_the_same_bytes_upstream_with_ads_on_and_off(self, stream: bool) -> None:
        on, off = Road(), Road(settings=OFF)

        for road in (on, off):
            await send(road, PATH, ASKED | {"stream": stream})

        assert on.upstream.bodies == off.upstream.bodies


class TestAStreamedMessage:
    async def test_has_the_ad_before_its_block_stops_and_the_field_on_the_message_delta(
        self,
    ) -> None:
        events = events_in(await send(Road(), PATH, ASKED | {"stream": True}))

        kinds = [event["type"] for event in events]
        assert kinds[:2] == ["message_start", "content_block_start"]
        assert kinds[-3:] == ["content_block_stop", "message_delta", "message_stop"]
        assert set(kinds[2:-3]) == {"content_block_delta"}
        texts = [one["delta"]["text"] for one in events[2:-3]]
        assert "Sponsored · Strideworks" in texts[-1]
        assert "".join(texts[:-1]) == ANSWER
        assert without_spans("".join(texts), events[-2]["tollfree"]["ads"]) == ANSWER
        assert events[-2]["usage"]["output_tokens"] == 5

    async def test_that_breaks_off_ends_in_an_error(self) -> None:
        road = Road()
        road.upstream.reads = [*stream_events(ANSWER)[:3], UpstreamFailed("It broke.")]

        events = events_in(await send(road, PATH, ASKED | {"stream": True}))

        assert events[-1]["type"] == "error"
        assert events[-1]["error"]["type"] == "api_error"

    async def test_shows_thoughts_only_to_who_asked_for_them(self) -> None:
        for thinking, shown in (({"type": "enabled", "budget_tokens": 2048}, True), (None, False)):
            road = Road()
            road.upstream.reads = tool_stream(("c1", "a", "{}"))
            asked = ASKED | {"stream": True, "thinking": thinking}

            events = events_in(await send(road, PATH, asked))

            kinds = [one.get("delta", {}).get("type") for one in events]
            assert ("thinking_delta" in kinds) is shown


class TestTheChatRequest:
    async def test_means_the_same(self) -> None:
        road = Road()
        image = {"type": "base64", "media_type": "image/png", "data": "AAAA"}
        body = ASKED | {
            "system": [{"type": "text", "text": "Be brief."}],
            "messages": [
                {"role": "user", "content": [{"type": "text", "text": "Look"},
                                             {"type": "image", "source": image}]},
                {"role": "assistant", "content": [
                    {"type": "thinking", "thinking": "hm", "signature": ""},
                    {"type": "text", "text": "One moment."},
                    {"type": "tool_use", "id": "c1", "name": "see", "input": {"a": 1}}]},
                {"role": "user", "content": [
                    {"type": "tool_result", "tool_use_id": "c1",
                     "content": [{"type": "text", "text": "a cat"}]},
                    {"type": "text", "text": "So?"}]},
            ],
            "tools": [{"name": "see", "description": "sees", "input_schema": {"type": "object"}}],
            "tool_choice": {"type": "any", "disable_parallel_tool_use": True},
            "stop_sequences": ["END"],
            "metadata": {"user_id": "u1"},
            "temperature": 0.5,
        }  # fmt: skip

        response = await send(road, PATH, body)

        assert response.status_code == 200, response.text
        assert sent_upstream(road) == {
            "model": "upstream-model",
            "max_completion_tokens": 200,
            "temperature": 0.5,
            "messages": [
                {"role": "system", "content": "Be brief."},
                {"role": "user", "content": [
                    {"type": "text", "text": "Look"},
                    {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}]},
                {"role": "assistant", "content": "One moment.", "tool_calls": [
                    {"id": "c1", "type": "function",
                     "function": {"name": "see", "arguments": '{"a":1}'}}]},
                {"role": "tool", "tool_call_id": "c1", "content": "a cat"},
                {"role": "user", "content": "So?"},
            ],
            "tools": [{"type": "function", "function": {
                "name": "see", "description": "sees", "parameters": {"type": "object"}}}],
            "tool_choice": "required",
            "parallel_tool_calls": False,
            "stop": ["END"],
            "user": "u1",
        }  # fmt: skip

    async def test_holds_no_ad_of_an_earlier_turn(self) -> None:
        road = Road()
        first = (await send(road, PATH, ASKED)).json()
        turns = [*ASKED["messages"], {"role": "assistant", "content": first["content"]}]

        await send(road, PATH, ASKED | {"messages": [*turns, {"role": "user", "content": "Why?"}]})

        assert sent_upstream(road)["messages"][1] == {"role": "assistant", "content": ANSWER}


class TestAnError:
    @pytest.mark.parametrize(
        ("member", "param"),
        [
            ({"max_tokens": None}, "max_tokens"),
            ({"messages": []}, "messages"),
            ({"messages": [{"role": "robot", "content": "hi"}]}, "messages[0].role"),
            ({"tools": [{"type": "web_search_20250305", "name": "web_search"}]}, "tools[0]"),
        ],
        ids=str,
    )
    async def test_has_the_shape_that_anthropics_clients_read(
        self, member: dict[str, Any], param: str
    ) -> None:
        response = await send(Road(), PATH, ASKED | member)

        assert response.status_code == 400
        body = response.json()
        assert body["type"] == "error"
        assert body["error"]["type"] == "invalid_request_error"
        assert body["error"]["param"] == param
        assert body["request_id"] == response.headers["request-id"]

    async def test_for_a_bad_key_is_a_401_whichever_header_it_came_in(self) -> None:
        for headers in ({"x-api-key": "bad"}, {"authorization": "Bearer bad"}):
            response = await send(Road(), PATH, ASKED, **headers)

            assert response.status_code == 401
            assert response.json()["error"]["type"] == "authentication_error"


class TestCountingTokens:
    async def test_needs_no_upstream_and_grows_with_the_text(self) -> None:
        road = Road()
        longer = ASKED | {"messages": [{"role": "user", "content": "Which shoes? " * 50}]}

        short, long = [
            (await send(road, f"{PATH}/count_tokens", body)).json()["input_tokens"]
            for body in (ASKED, longer)
        ]

        assert 3 < short < 15
        assert 150 < long < 300
        assert road.upstream.bodies == []

"""What the chat format knows arrives as it was sent, in both directions."""

from typing import Any

import orjson
import pytest
from openai.types.chat import ChatCompletion, ChatCompletionChunk

from tests.api.fakes import ANSWER, AdSettings, Road, plain_body
from tests.api.hearing import heard, without_spans
from tests.api.http.surfaces import send, sent_upstream

PATH = "/v1/chat/completions"
PICTURE = {"type": "image_url", "image_url": {"url": "https://pics.example/1", "detail": "high"}}
EVERYTHING: dict[str, Any] = {
    "model": "demo",
    "messages": [
        {"role": "developer", "content": "Be brief.", "name": "dev"},
        {"role": "user", "content": [{"type": "text", "text": "What is this?"}, PICTURE]},
        {"role": "assistant", "content": None, "refusal": None, "tool_calls": [
            {"id": "c1", "type": "function", "function": {"name": "see", "arguments": "{}"}},
            {"id": "c2", "type": "custom", "custom": {"name": "grep", "input": "x"}}]},
        {"role": "tool", "tool_call_id": "c1", "content": [{"type": "text", "text": "a cat"}]},
        {"role": "user", "content": [
            {"type": "input_audio", "input_audio": {"data": "AAAA", "format": "wav"}},
            {"type": "file", "file": {"file_data": "data:;base64,AAAA", "filename": "f"}}]},
    ],
    "audio": {"voice": "alloy", "format": "mp3"},
    "frequency_penalty": 0.5,
    "logit_bias": {"50256": -100},
    "logprobs": True,
    "max_completion_tokens": 99,
    "max_tokens": 98,
    "metadata": {"prompt": "p1"},
    "modalities": ["text"],
    "n": 2,
    "parallel_tool_calls": True,
    "prediction": {"type": "content", "content": "x"},
    "presence_penalty": -0.5,
    "prompt_cache_key": "k",
    "reasoning_effort": "minimal",
    "response_format": {"type": "json_schema", "json_schema": {"name": "n", "schema": {}}},
    "safety_identifier": "s",
    "seed": 7,
    "service_tier": "auto",
    "stop": ["END"],
    "store": False,
    "temperature": 0.1,
    "tool_choice": {"type": "function", "function": {"name": "see"}},
    "tools": [{"type": "function", "function": {"name": "see", "parameters": {}, "strict": True}},
              {"type": "custom", "custom": {"name": "grep"}}],
    "top_logprobs": 5,
    "top_p": 0.9,
    "user": "u",
    "verbosity": "low",
    "web_search_options": {},
    "a_member_of_tomorrow": {"x": [1, None]},
}  # fmt: skip


def events(*chunks: dict[str, Any], done: bool = True) -> list[bytes]:
    shared = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "m"}
    made = [b"data: " + orjson.dumps(shared | chunk) + b"\n\n" for chunk in chunks]
    return [*made, b"data: [DONE]\n\n"] if done else made


def said(index: int, delta: dict[str, Any], reason: str | None = None, **more: Any) -> Any:
    choice = {"index": index, "delta": delta, "finish_reason": reason, "logprobs": None} | more
    return {"choices": [choice]}


def chunks_in(raw: bytes) -> list[dict[str, Any]]:
    lines = [event.removeprefix(b"data: ") for event in raw.split(b"\n\n") if event]
    return [orjson.loads(line) for line in lines if line != b"[DONE]"]


class TestARequest:
    async def test_reaches_the_upstream_with_every_member(self) -> None:
        road = Road()

        await send(road, PATH, EVERYTHING | {"tollfree": {"session": "s"}})

        assert sent_upstream(road) == EVERYTHING | {"model": "upstream-model"}

    async def test_is_never_stored_at_the_provider(self) -> None:
        road = Road()

        await send(road, PATH, EVERYTHING | {"store": True})

        assert sent_upstream(road)["store"] is False


class TestAnAnswer:
    async def test_keeps_every_member_of_the_upstreams(self) -> None:
        thoughts = {"reasoning_content": "Hm.", "annotations": [], "refusal": None}
        body = orjson.loads(plain_body(ANSWER, **thoughts))
        token = {"token": "Look", "logprob": -0.1, "bytes": [76], "top_logprobs": []}
        body["choices"][0]["logprobs"] = {"content": [token], "refusal": None}
        body["choices"].append({**body["choices"][0], "index": 1})
        body["usage"]["completion_tokens_details"] = {"reasoning_tokens": 3}
        road = Road()
        road.upstream.reads = [orjson.dumps(body)]

        got = (await send(road, PATH, {"model": "demo", "messages": [{"role": "user"}]})).json()

        ChatCompletion.model_validate(got)
        field = got.pop("tollfree")
        message = got["choices"][0]["message"]
        message["content"] = without_spans(message["content"], field["ads"])
        assert got == body


class TestAStream:
    ASKED: dict[str, Any] = {  # noqa: RUF012
        "model": "demo",
        "messages": [{"role": "user", "content": "Which shoes?"}],
        "stream": True,
    }

    async def test_of_two_choices_has_the_ad_in_the_first_only(self) -> None:
        road = Road()
        road.upstream.reads = events(
            said(0, {"role": "assistant", "content": ANSWER}),
            said(1, {"role": "assistant", "content": "Half"}),
            said(0, {}, "stop"),
            said(1, {"content": " and half."}),
            said(1, {}, "stop"),
        )

        response = await send(road, PATH, self.ASKED | {"n": 2})

        texts = ["", ""]
        for chunk in chunks_in(response.content):
            ChatCompletionChunk.model_validate(chunk, strict=True)
            for choice in chunk["choices"]:
                texts[choice["index"]] += choice["delta"].get("content") or ""
        assert "Sponsored" in texts[0]
        assert texts[1] == "Half and half."

    async def test_that_ends_while_a_choice_is_unfinished_is_an_error(self) -> None:
        road = Road()
        road.upstream.reads = events(
            said(0, {"content": ANSWER}), said(1, {"content": "Half"}), said(0, {}, "stop"),
            done=False,
        )  # fmt: skip

        result = heard(await send(road, PATH, self.ASKED | {"n": 2}))

        assert not result.is_done
        assert result.error is not None
        assert result.error["code"] == "upstream_truncated"

    async def test_passes_reasoning_logprobs_and_tool_deltas_as_they_are(self) -> None:
        token = {"token": "A", "logprob": -0.1, "bytes": [65], "top_logprobs": []}
        call = {
            "index": 0,
            "id": "c1",
            "type": "function",
            "function": {"name": "see", "arguments": ""},
        }
        chunks = [
            said(0, {"role": "assistant", "content": "", "reasoning_content": "Hm."}),
            said(0, {"content": "A"}, logprobs={"content": [token], "refusal": None}),
            said(0, {"tool_calls": [call]}),
            said(0, {"tool_calls": [{"index": 0, "function": {"arguments": '{"a"'}}]}),
            said(0, {"tool_calls": [{"index": 0, "function": {"arguments": ": 1}"}}]}),
        ]  # fmt: skip
        road = Road()
        road.upstream.reads = events(*chunks, said(0, {}, "tool_calls"))

        response = await send(road, PATH, self.ASKED)

        expected = b"".join(events(*chunks, done=False))
        assert response.content.startswith(expected)

    @pytest.mark.parametrize("wanted", [True, False])
    @pytest.mark.parametrize("where", ["last chunk", "finish chunk", "every chunk"])
    async def test_tells_usage_once_at_its_end_and_only_when_asked(
        self, where: str, wanted: bool
    ) -> None:
        counts = {"prompt_tokens": 9, "completion_tokens": 5, "total_tokens": 14}
        early = {"usage": counts} if where == "every chunk" else {"usage": None}
        at_end = {"usage": None} if where == "last chunk" else {"usage": counts}
        chunks = [
            said(0, {"role": "assistant", "content": ANSWER}) | early,
            said(0, {}, "stop") | at_end,
        ]
        if where == "last chunk":
            chunks.append({"choices": [], "usage": counts})
        road = Road()
        road.upstream.reads = events(*chunks)

        options = {"stream_options": {"include_usage": True}} if wanted else {}
        got = chunks_in((await send(road, PATH, self.ASKED | options)).content)

        told = [chunk["usage"] for chunk in got if chunk.get("usage")]
        assert told == ([counts] if wanted else [])
        assert [chunk for chunk in got if not chunk["choices"]] == ([got[-1]] if wanted else [])

    async def test_without_ads_is_the_upstreams_own_bytes_but_for_the_field(self) -> None:
        road = Road(settings=AdSettings(enabled=False))
        chunks = [said(0, {"content": ANSWER[at : at + 9]}) for at in range(0, len(ANSWER), 9)]
        road.upstream.reads = events(*chunks, said(0, {}, "stop"))

        response = await send(road, PATH, self.ASKED)

        assert response.content.startswith(b"".join(events(*chunks, done=False)))

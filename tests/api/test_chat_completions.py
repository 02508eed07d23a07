"""The route itself: bad input, callers who leave, silence, shutdown."""

import asyncio
import json
from typing import Any

import httpx
import pytest

from api.http import request_body
from tests.api.fakes import ANSWER, RecordingUpstream, Road, plain_body, post
from tests.api.hearing import heard_stream

HELLO = [{"role": "user", "content": "Hello"}]


async def send_raw(body: bytes, **headers: str) -> httpx.Response:
    async with Road().client() as client:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return await client.post("/v1/chat/completions", content=body, headers=named)


def error_in(response: httpx.Response) -> dict[str, Any]:
    error = response.json()["error"]
    assert set(error) == {"message", "type", "param", "code"}
    assert error["message"]
    return dict(error)


BAD_BODIES = {
    "empty": (b"", None),
    "cut": (b'{"model": "demo", "messages": [', None),
    "not utf-8": (b'{"model": "\xff"}', None),
    "not an object": (b"[1, 2]", None),
    "too deep": (b"[" * 100_000, None),
    "no model": (json.dumps({"messages": HELLO}).encode(), "model"),
    "model is a number": (json.dumps({"model": 7, "messages": HELLO}).encode(), "model"),
    "no messages": (b'{"model": "demo"}', "messages"),
    "messages empty": (b'{"model": "demo", "messages": []}', "messages"),
    "messages a string": (b'{"model": "demo", "messages": "hi"}', "messages"),
    "message a string": (b'{"model": "demo", "messages": ["hi"]}', "messages[0]"),
    "no role": (b'{"model": "demo", "messages": [{"content": "hi"}]}', "messages[0].role"),
    "content a number": (
        b'{"model": "demo", "messages": [{"role": "user", "content": 1}]}',
        "messages[0].content",
    ),
}
BAD_MEMBERS = {
    "stream": "yes",
    "stream_options": [],
    "tollfree": "off",
    "tollfree.delivery": "loud",
    "tollfree.formats": ["popup"],
    "tollfree.session": 7,
    "tollfree.consent": "no",
    "tollfree.keywords": [1],
    "tollfree.blocked_domains": ["x"] * 99,
}


class TestABadRequest:
    @pytest.mark.parametrize("name", BAD_BODIES, ids=str)
    async def test_gets_a_clear_400(self, name: str) -> None:
        body, param = BAD_BODIES[name]

        response = await send_raw(body)

        assert response.status_code == 400
        error = error_in(response)
        assert error["type"] == "invalid_request_error"
        assert error["param"] == param

    @pytest.mark.parametrize("name", BAD_MEMBERS, ids=str)
    async def test_names_the_wrong_member(self, name: str) -> None:
        outer, _, inner = name.partition(".")
        member = {inner: BAD_MEMBERS[name]} if inner else BAD_MEMBERS[name]

        response = await Road().ask(**{outer: member})

        assert response.status_code == 400
        assert error_in(response)["param"] == name

    async def test_for_an_unknown_model_names_the_known_ones(self) -> None:
        response = await Road().ask(model="gpt-17")

        assert response.status_code == 404
        error = error_in(response)
        assert error["code"] == "model_not_found"
        assert error["param"] == "model"
        assert "demo" in error["message"]
        assert "gpt-17" not in error["message"]

    async def test_with_a_bad_key_is_a_401_and_reaches_no_upstream(self) -> None:
        road = Road()
        async with road.client() as client:
            client.headers["authorization"] = "Bearer bad"
            response = await post(client, HELLO)

        assert response.status_code == 401
        assert error_in(response)["code"] == "invalid_api_key"
        assert road.upstream.bodies == []

    async def test_of_ten_megabytes_is_a_413(self) -> None:
        response = await send_raw(b'{"model": "' + b"x" * 10_000_000)

        assert response.status_code == 413
        assert error_in(response)["code"] == "payload_too_large"

    async def test_that_is_compressed_is_a_415(self) -> None:
        response = await send_raw(b"\x1f\x8b", content_encoding="gzip")

        assert response.status_code == 415
        assert error_in(response)["code"] == "unsupported_content_encoding"

    async def test_by_another_method_is_a_405(self) -> None:
        async with Road().client() as client:
            response = await client.get("/v1/chat/completions")

        assert response.status_code == 405
        assert response.headers["allow"] == "POST"
        assert error_in(response)["code"] == "method_not_allowed"

    async def test_that_never_ends_is_a_408(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(request_body, "_DEADLINE_SECONDS", 0.05)
        sent = await call(Road(), [{"type": "http.request", "body": b"{", "more_body": True}])

        assert sent[0]["status"] == 408

    async def test_quotes_no_word_of_the_conversation(self) -> None:
        response = await send_raw(b'{"model": "demo", "messages": "canary-4711"')

        assert "canary" not in response.text


class TestEveryAnswer:
    async def test_has_a_request_id(self) -> None:
        fine, wrong = await Road().ask(), await Road().ask(model="none")

        assert fine.headers["x-request-id"].startswith("req_")
        assert wrong.headers["x-request-id"].startswith("req_")

    async def test_names_its_upstream(self) -> None:
        assert (await Road().ask()).headers["x-tollfree-upstream"] == "recording"

    async def test_is_the_upstreams_but_for_the_ad(self) -> None:
        road = Road()

        body = (await road.ask()).json()

        del body["tollfree"]
        original = json.loads(plain_body(ANSWER))
        body["choices"][0]["message"]["content"] = ANSWER
        # Members that OpenAI's document requires and this upstream leaves out.
        original["choices"][0]["logprobs"] = None
        original["choices"][0]["message"]["refusal"] = None
        assert body == original

    async def test_passes_parameters_on_untouched(self) -> None:
        road = Road()
        members = {"temperature": 0.25, "seed": 7, "stop": ["x"], "unknown_to_us": {"a": [1, None]}}

        await road.ask(**members)

        assert json.loads(road.upstream.bodies[0]).items() >= members.items()

    async def test_is_an_error_if_the_upstream_sends_nonsense(self) -> None:
        for nonsense in (b"", b"<html>", b"[]", b'{"choices":[]}', b'{"choices":[{"message":7}]}'):
            road = Road(upstream=RecordingUpstream())
            road.upstream.reads = [nonsense]

            response = await road.ask()

            assert response.status_code == 502
            assert error_in(response)["code"] == "upstream_invalid"
            assert road.rows[0].status == 502

    async def test_hides_what_we_did_not_expect(self) -> None:
        def fail(request: dict[str, Any]) -> str:
            raise LookupError("canary-4711")

        response = await Road(upstream=RecordingUpstream(fail)).ask()

        assert response.status_code == 500
        assert error_in(response)["code"] == "internal_error"
        assert "canary" not in response.text


class TestACallerWhoLeaves:
    @pytest.mark.parametrize("stream", [True, False], ids=["stream", "plain"])
    async def test_stops_even_a_silent_upstream(self, stream: bool) -> None:
        road = Road(upstream=RecordingUpstream())
        road.upstream.hangs_after = 3 if stream else 0
        asked = json.dumps({"model": "demo", "messages": HELLO, "stream": stream}).encode()
        messages = [{"type": "http.request", "body": asked}]

        await asyncio.wait_for(call(road, messages, gone=road.upstream.silent), timeout=2)

        await road.heart.settle()
        assert road.upstream.closed == 1
        assert road.ads.recorded == []
        assert [row.status for row in road.rows] == [499]

    async def test_in_the_middle_of_the_request_gets_no_answer(self) -> None:
        half = {"type": "http.request", "body": b"{", "more_body": True}

        assert await call(Road(), [half, {"type": "http.disconnect"}]) == []


class TestASilentUpstream:
    async def test_is_covered_by_comments(self) -> None:
        road = Road(upstream=RecordingUpstream(), keep_alive_seconds=0.02)
        road.upstream.hangs_after = 3
        asked = json.dumps({"model": "demo", "messages": HELLO, "stream": True}).encode()
        enough = asyncio.Event()
        comments = 0

        def look(message: Any) -> None:
            nonlocal comments
            comments += message.get("body", b"") == b": keep-alive\n\n"
            if comments == 3:
                enough.set()

        await asyncio.wait_for(
            call(road, [{"type": "http.request", "body": asked}], gone=enough, look=look), timeout=5
        )

        assert comments >= 3


class TestShuttingDown:
    async def test_ends_open_streams_with_an_error_event(self) -> None:
        road = Road(upstream=RecordingUpstream())
        road.upstream.hangs_after = 3
        asked = json.dumps({"model": "demo", "messages": HELLO, "stream": True}).encode()
        calls = [
            asyncio.create_task(call(road, [{"type": "http.request", "body": asked}]))
            for _ in range(50)
        ]
        await road.upstream.silent.wait()
        await asyncio.sleep(0.05)

        road.app.shut_down()

        for sent in await asyncio.wait_for(asyncio.gather(*calls), timeout=2):
            answer = heard_stream(b"".join(message.get("body", b"") for message in sent))
            assert answer.error is not None
            assert answer.error["code"] == "server_shutting_down"
            assert not answer.is_done
            assert sent[-1]["more_body"] is False

    async def test_by_force_says_so_too(self) -> None:
        road = Road(upstream=RecordingUpstream())
        road.upstream.hangs_after = 0
        asked = json.dumps({"model": "demo", "messages": HELLO}).encode()
        sent: list[Any] = []
        calling = asyncio.create_task(
            call(road, [{"type": "http.request", "body": asked}], look=sent.append)
        )
        await road.upstream.silent.wait()

        calling.cancel()

        with pytest.raises(asyncio.CancelledError):
            await calling
        assert sent[0]["status"] == 503


async def call(
    road: Road,
    messages: list[Any],
    *,
    gone: asyncio.Event | None = None,
    look: Any = None,
) -> list[Any]:
    """Call the route by hand; the caller leaves when `gone` is set. Returns what was sent."""
    sent: list[Any] = []
    waiting = list(messages)

    async def receive() -> Any:
        if waiting:
            return waiting.pop(0)
        await (gone or asyncio.Event()).wait()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)
        if look is not None:
            look(message)

    scope = {"type": "http", "method": "POST", "path": "/v1/chat/completions", "headers": []}
    await road.app(scope, receive, send)
    return sent

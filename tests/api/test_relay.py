"""The relay against a real server on the loopback that misbehaves on demand."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import orjson
import pytest
from aiohttp import web

from api.upstream.relay import RelaySettings, RelayTimeouts, RelayUpstream
from api.upstream.upstream import UpstreamRefused
from kernel.errors import UpstreamFailed
from tests.api.fakes import ANSWER, plain_body, stream_events

SECRET = "sk-very-secret"
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Provider:
    """A provider whose answer the test chooses; keeps the requests that it got."""

    def __init__(self) -> None:
        self.handler: Handler | None = None
        self.requests: list[web.Request] = []
        self.bodies: list[bytes] = []
        self.gone = asyncio.Event()
        self.url = ""

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.requests.append(request)
        self.bodies.append(await request.read())
        assert self.handler is not None
        return await self.handler(request)


@pytest.fixture
async def provider() -> AsyncIterator[Provider]:
    known = Provider()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", known.handle)
    runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.2)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    known.url = f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
    yield known
    await runner.cleanup()


@pytest.fixture
async def relay(provider: Provider) -> AsyncIterator[RelayUpstream]:
    limits = RelayTimeouts(connect=2, silence=0.3, total=5)
    settings = RelaySettings("provider", provider.url, SECRET, timeouts=limits)
    upstream = RelayUpstream(settings)
    yield upstream
    await upstream.close()


def answers(status: int, body: bytes = b"", **headers: str) -> Handler:
    async def handler(request: web.Request) -> web.StreamResponse:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return web.Response(status=status, body=body, headers=named)

    return handler


def streams(events: list[bytes], *, then: str = "end") -> Handler:
    async def handler(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"content-type": "text/event-stream"})
        await response.prepare(request)
        for event in events:
            await response.write(event)
        if then == "cut":
            assert request.transport is not None
            request.transport.abort()
        if then == "silence":
            await asyncio.sleep(30)
        return response

    return handler


async def read(relay: RelayUpstream, *, stream: bool = True) -> bytes:
    answer = await relay.open(b'{"model":"m"}', stream=stream)
    try:
        return b"".join([chunk async for chunk in answer.chunks])
    finally:
        await answer.close()


class TestBytes:
    async def test_go_both_ways_untouched(self, relay: RelayUpstream, provider: Provider) -> None:
        events = stream_events(ANSWER)
        provider.handler = streams(events)

        received = await read(relay)

        assert received == b"".join(events)
        assert provider.bodies == [b'{"model":"m"}']
        assert provider.requests[0].path == "/v1/chat/completions"

    async def test_carry_our_credentials_and_nothing_of_the_callers(
        self, relay: RelayUpstream, provider: Provider
    ) -> None:
        provider.handler = answers(200, plain_body(ANSWER), content_type="application/json")

        await read(relay, stream=False)

        headers = provider.requests[0].headers
        assert headers["authorization"] == f"Bearer {SECRET}"
        assert headers["accept-encoding"] == "identity"
        assert not [name for name in headers if name.lower().startswith("x-")]

    async def test_use_one_connection_again(self, relay: RelayUpstream, provider: Provider) -> None:
        provider.handler = streams(stream_events(ANSWER))

        for _ in range(3):
            await read(relay)

        assert len({request.transport for request in provider.requests}) == 1

    async def test_that_were_compressed_all_the_same_are_unpacked(
        self, relay: RelayUpstream, provider: Provider
    ) -> None:
        async def compressed(request: web.Request) -> web.StreamResponse:
            response = web.Response(body=plain_body(ANSWER), content_type="application/json")
            response.enable_compression(web.ContentCoding.gzip)
            return response

        provider.handler = compressed

        assert await read(relay, stream=False) == plain_body(ANSWER)


class TestARefusal:
    @pytest.mark.parametrize(
        ("status", "ours", "code"),
        [
            (400, 400, "bad_thing"),
            (422, 422, "bad_thing"),
            (429, 429, "upstream_rate_limited"),
            (401, 502, "upstream_refused_us"),
            (403, 502, "upstream_refused_us"),
            (302, 502, "upstream_failed"),
            (500, 502, "upstream_failed"),
            (503, 503, "upstream_failed"),
            (529, 503, "upstream_failed"),
            (504, 504, "upstream_failed"),
        ],
    )
    async def test_reaches_the_caller_as_what_it_means_there(
        self, status: int, ours: int, code: str, relay: RelayUpstream, provider: Provider
    ) -> None:
        error = {"message": f"no {SECRET}", "code": "bad_thing", "param": "n", "type": "x"}
        body = orjson.dumps({"error": error})
        provider.handler = answers(status, body, retry_after="7", location="http://127.0.0.1:1/")

        with pytest.raises(UpstreamFailed) as caught:
            await read(relay)

        assert (caught.value.status, caught.value.code) == (ours, code)
        assert SECRET not in caught.value.message
        if status in {429, 503}:
            assert isinstance(caught.value, UpstreamRefused)
            assert caught.value.retry_after == "7"
        if status == 400:
            assert caught.value.param == "n"
            assert "no [key]" in caught.value.message

    @pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"error":"no"}', b"x" * 200_000])
    async def test_in_any_shape_is_understood(
        self, body: bytes, relay: RelayUpstream, provider: Provider
    ) -> None:
        provider.handler = answers(400, body)

        with pytest.raises(UpstreamRefused) as caught:
            await read(relay)

        assert caught.value.status == 400
        assert len(caught.value.message) < 1_000


class TestAFault:
    async def test_in_the_middle_is_told_apart_from_the_end(
        self, relay: RelayUpstream, provider: Provider
    ) -> None:
        provider.handler = streams(stream_events(ANSWER)[:4], then="cut")

        with pytest.raises(UpstreamFailed, match="broke off"):
            await read(relay)

    async def test_of_silence_ends(self, relay: RelayUpstream, provider: Provider) -> None:
        provider.handler = streams(stream_events(ANSWER)[:4], then="silence")

        with pytest.raises(UpstreamFailed) as caught:
            await read(relay)

        assert caught.value.code == "upstream_timeout"

    async def test_before_the_first_byte_is_a_timeout(
        self, relay: RelayUpstream, provider: Provider
    ) -> None:
        async def sleep(request: web.Request) -> web.StreamResponse:
            await asyncio.sleep(30)
            return web.Response()

        provider.handler = sleep

        with pytest.raises(UpstreamFailed) as caught:
            await read(relay)

        assert (caught.value.status, caught.value.code) == (504, "upstream_timeout")

    async def test_of_connecting_names_no_address(self) -> None:
        relay = RelayUpstream(RelaySettings("gone", "http://127.0.0.1:1/v1?key=hidden"))

        with pytest.raises(UpstreamFailed) as caught:
            await read(relay)

        assert caught.value.code == "upstream_unreachable"
        assert "hidden" not in str(caught.value)
        assert caught.value.__cause__ is None
        await relay.close()

    async def test_closing_early_reaches_the_provider(
        self, relay: RelayUpstream, provider: Provider
    ) -> None:
        async def endless(request: web.Request) -> web.StreamResponse:
            response = web.StreamResponse(headers={"content-type": "text/event-stream"})
            await response.prepare(request)
            try:
                while True:
                    await response.write(stream_events(ANSWER)[1])
                    await asyncio.sleep(0.005)
            finally:
                provider.gone.set()

        provider.handler = endless
        answer = await relay.open(b"{}", stream=True)
        async for _ in answer.chunks:
            break

        await answer.close()

        await asyncio.wait_for(provider.gone.wait(), timeout=1)


class TestModels:
    async def test_are_listed(self, relay: RelayUpstream, provider: Provider) -> None:
        body = orjson.dumps({"data": [{"id": "a"}, {"id": "b/c"}]})
        provider.handler = answers(200, body, content_type="application/json")

        assert await relay.models() == ["a", "b/c"]

    @pytest.mark.parametrize("body", [b"", b"[]", b'{"data": 7}'])
    async def test_that_are_nonsense_are_a_failure(
        self, body: bytes, relay: RelayUpstream, provider: Provider
    ) -> None:
        provider.handler = answers(200, body)

        with pytest.raises(UpstreamFailed):
            await relay.models()

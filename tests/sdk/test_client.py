"""The client of the ad network fails open, in time, with a typed reason."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable

import httpx
import pytest

from tests.sdk.ads import a_decision
from tollfree_sdk.client import AdNetwork
from tollfree_sdk.contract import AdRequest, NoFill, Step, Turn
from tollfree_sdk.errors import AdNetworkGarbled, AdNetworkRefused, AdNetworkTimeout
from tollfree_sdk.wire import decision_to_json, request_from_json

REQUEST = AdRequest(conversation=(Turn("user", "Which running shoes?"),))
Handler = Callable[[httpx.Request], Awaitable[httpx.Response]]


def a_network(handler: Handler, **given: object) -> AdNetwork:
    http = httpx.AsyncClient(transport=httpx.MockTransport(handler))
    return AdNetwork("https://ads.example/", "tf_pub_x", http=http, **given)  # type: ignore[arg-type]


def answering(response: httpx.Response) -> Handler:
    async def handler(request: httpx.Request) -> httpx.Response:
        return response

    return handler


class TestADecision:
    async def test_is_the_networks_own(self) -> None:
        seen: list[httpx.Request] = []

        async def handler(request: httpx.Request) -> httpx.Response:
            seen.append(request)
            return httpx.Response(200, json=decision_to_json(a_decision()))

        decision = await a_network(handler, defer_delivered=True).decide(REQUEST)

        assert decision == a_decision()
        assert str(seen[0].url) == "https://ads.example/ads/v1/decisions"
        assert seen[0].headers["authorization"] == "Bearer tf_pub_x"
        body = json.loads(seen[0].content)
        assert request_from_json(body) == REQUEST
        assert body["defer_delivered"] is True

    @pytest.mark.parametrize(
        ("response", "reason"),
        [
            (httpx.Response(500), NoFill.UNAVAILABLE),
            (httpx.Response(503, json={"error": {"code": "overloaded"}}), NoFill.UNAVAILABLE),
            (httpx.Response(429), NoFill.UNAVAILABLE),
            (httpx.Response(401, json={"error": {"code": "invalid_api_key"}}), NoFill.ERROR),
            (httpx.Response(200, content=b"<html>"), NoFill.ERROR),
            (httpx.Response(200, content=b"\xff\xfe"), NoFill.ERROR),
            (httpx.Response(200, json=[]), NoFill.ERROR),
            (httpx.Response(200, json={}), NoFill.ERROR),
            (httpx.Response(200, json={"ad": {}, "decision_id": "d"}), NoFill.ERROR),
            (httpx.Response(200, json={"ad": "x", "decision_id": "d"}), NoFill.ERROR),
            (httpx.Response(200, json={"no_fill_reason": "whatever"}), NoFill.ERROR),
            (httpx.Response(302, headers={"location": "https://evil.example"}), NoFill.ERROR),
        ],
    )
    async def test_of_a_failing_network_is_a_no_ad(
        self, response: httpx.Response, reason: NoFill
    ) -> None:
        network = a_network(answering(response))

        decision = await network.decide(REQUEST)

        assert (decision.ad, decision.no_fill_reason) == (None, reason)
        assert network.failures.total() == 1

    async def test_of_an_unreachable_network_is_a_no_ad(self) -> None:
        async def handler(request: httpx.Request) -> httpx.Response:
            raise httpx.ConnectError("refused")

        assert (await a_network(handler).decide(REQUEST)).no_fill_reason is NoFill.UNAVAILABLE

    async def test_of_a_slow_network_is_a_no_ad_in_time(self) -> None:
        class Trickle(httpx.AsyncByteStream):
            async def __aiter__(self) -> AsyncIterator[bytes]:
                while True:
                    yield b" "
                    await asyncio.sleep(0.02)

        network = a_network(answering(httpx.Response(200, stream=Trickle())), deadline_ms=120)

        started = time.monotonic()
        decision = await network.decide(REQUEST)
        took = time.monotonic() - started

        assert decision.no_fill_reason is NoFill.TIMEOUT
        assert took < 1.0

    async def test_raises_when_strict(self) -> None:
        async def slow(request: httpx.Request) -> httpx.Response:
            raise httpx.ReadTimeout("slow")

        with pytest.raises(AdNetworkTimeout):
            await a_network(slow, strict=True).decide(REQUEST)
        with pytest.raises(AdNetworkGarbled):
            await a_network(answering(httpx.Response(200)), strict=True).decide(REQUEST)
        refusing = a_network(answering(httpx.Response(401)), strict=True)
        with pytest.raises(AdNetworkRefused, match="Check the key") as refused:
            await refusing.decide(REQUEST)
        assert refused.value.status == 401


class TestAStep:
    async def test_is_recorded_under_its_decision(self) -> None:
        seen: list[httpx.Request] = []

        async def handler(request: httpx.Request) -> httpx.Response:
            seen.append(request)
            return httpx.Response(204)

        await a_network(handler).record("dec_1", Step.DELIVERED)

        assert seen[0].url.path == "/ads/v1/decisions/dec_1/steps"
        assert json.loads(seen[0].content) == {"step": "delivered"}

    @pytest.mark.parametrize(("status", "calls"), [(503, 3), (404, 1)])
    async def test_is_retried_only_while_that_can_help(self, status: int, calls: int) -> None:
        network = a_network(answering(httpx.Response(status)))

        await network.record("dec_1", Step.DELIVERED)

        assert network.failures.total() == calls

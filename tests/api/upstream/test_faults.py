"""What a caller gets when a provider fails: the documented error, soon, and never half an answer."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from api.chat.completion import ChatHeart, ChatSettings
from api.http.chat_completions import ChatCompletions
from api.upstream.attempts import RetryPolicy
from api.upstream.relay import RelaySettings, RelayTimeouts, RelayUpstream
from api.upstream.routing import Leg, ModelAlias, Routing
from kernel.clock import SystemClock
from tests.api.fakes import ANSWER, PUBLIC_URL, FixedAds, KeptRows, KnownKeys, post, verifies
from tests.api.hearing import Heard, heard_stream, without_spans
from tests.api.upstream.faults import FAULTS, HARMLESS, FaultyProvider, faulty

LIMITS = RelayTimeouts(connect=1, silence=0.25, total=5)
#: Status and code for a plain answer, then for a stream where that differs.
OUTCOMES = {
    "429": (429, "upstream_rate_limited"),
    "429 with retry-after": (429, "upstream_rate_limited"),
    "500": (502, "upstream_failed"),
    "529": (503, "upstream_failed"),
    "refused": (502, "upstream_unreachable"),
    "unknown host": (502, "upstream_unreachable"),
    "tls": (502, "upstream_unreachable"),
    "slow first byte": (504, "upstream_timeout"),
    "stall": (504, "upstream_timeout"),
    "cut": (502, "upstream_failed"),
    "empty": (502, "upstream_invalid", "upstream_truncated"),
    "wrong content type": (502, "upstream_invalid"),
    "huge chunk": (502, "upstream_failed"),
}


def a_relay(provider: FaultyProvider, name: str) -> RelayUpstream:
    return RelayUpstream(RelaySettings(name, provider.base_url, timeouts=LIMITS))


class Gateway:
    """The api in front of providers, in the order in which they are tried."""

    def __init__(self, *providers: FaultyProvider) -> None:
        self.ads, self.rows = FixedAds(), KeptRows()
        first, *others = (a_relay(one, f"p{at}") for at, one in enumerate(providers))
        legs = tuple(Leg(other, "m", tier=1) for other in others)
        self.heart = ChatHeart(
            self.ads,
            Routing([ModelAlias("demo", first, "m", others=legs)]),
            self.rows,  # type: ignore[arg-type]
            SystemClock(),
            public_url=PUBLIC_URL,
            verifies=verifies,
            settings=ChatSettings(retries=RetryPolicy(pause=0.01), decision_deadline_ms=500),
        )
        self.app = ChatCompletions(self.heart, KnownKeys())  # type: ignore[arg-type]

    async def ask(self, *, stream: bool) -> httpx.Response:
        transport = httpx.ASGITransport(self.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://api") as client:
            async with asyncio.timeout(5):
                said = [{"role": "user", "content": "Which shoes?"}]
                response = await post(client, said, stream=stream)
        await self.heart.settle()
        return response


@asynccontextmanager
async def gateway(*providers: FaultyProvider) -> AsyncIterator[Gateway]:
    opened = Gateway(*providers)
    try:
        yield opened
    finally:
        await opened.heart.close()


def heard(response: httpx.Response) -> Heard:
    """What a client makes of it."""
    if response.status_code != 200:
        return Heard("", None, response.json()["error"], is_done=False, finish_reason=None)
    return heard_stream(response.content)


def is_the_whole_answer(response: httpx.Response, *, stream: bool) -> bool:
    body: Any = None if stream else response.json()
    content = heard(response).content if stream else body["choices"][0]["message"]["content"]
    field = heard(response).field if stream else body["tollfree"]
    return without_spans(content, field["ads"]) == ANSWER


@pytest.mark.parametrize("stream", [False, True], ids=["plain", "stream"])
class TestAFaultOfTheOnlyProvider:
    @pytest.mark.parametrize("fault", FAULTS)
    async def test_is_told_as_it_is_documented(self, fault: str, stream: bool) -> None:
        async with faulty(fault) as provider, gateway(provider) as api:
            response = await api.ask(stream=stream)

            if fault in HARMLESS and (stream or fault == "gzip"):
                assert is_the_whole_answer(response, stream=stream)
                return
            told = heard(response)
            status, *codes = OUTCOMES.get(fault, (502, "upstream_invalid"))
            assert told.error is not None
            assert not told.is_done
            assert set(told.error) == {"message", "type", "param", "code"}
            assert told.error["code"] == codes[-1 if stream else 0]
            assert api.ads.recorded == []
            assert [row.status for row in api.rows] == [status]
            if response.status_code != 200:
                assert response.status_code == status
            if fault == "429 with retry-after":
                assert response.headers["retry-after"] == "7"

    @pytest.mark.parametrize("fault", FAULTS)
    async def test_is_made_up_for_by_the_next_one(self, fault: str, stream: bool) -> None:
        async with faulty(fault) as first, faulty("none") as second, gateway(first, second) as api:
            # Before the first word; afterwards a second answer would be another answer.
            first.cut_at = 60

            response = await api.ask(stream=stream)

            assert response.status_code == 200
            assert is_the_whole_answer(response, stream=stream)
            assert len(api.rows) == 1
            if fault not in HARMLESS:
                assert response.headers["x-tollfree-upstream"] == "p1"

    async def test_of_being_cut_anywhere_never_looks_whole(self, stream: bool) -> None:
        async with faulty("cut") as provider, gateway(provider) as api:
            for provider.cut_at in range(0, 1_000, 83):
                told = heard(await api.ask(stream=stream))

                assert told.error is not None
                assert not told.is_done
                assert ANSWER.startswith(told.content)

    async def test_is_not_asked_for_again_before_it_is_over(self, stream: bool) -> None:
        async with faulty("429 with retry-after") as provider, gateway(provider) as api:
            statuses = [(await api.ask(stream=stream)).status_code for _ in range(4)]

            assert statuses == [429] * 4
            assert provider.requests == 1

    async def test_that_lasts_is_left_alone(self, stream: bool) -> None:
        async with faulty("500") as provider, gateway(provider) as api:
            answers = [await api.ask(stream=stream) for _ in range(8)]

            assert {answer.status_code for answer in answers} <= {502, 503}
            assert answers[-1].json()["error"]["code"] == "upstream_unavailable"
            assert "retry-after" in answers[-1].headers
            assert provider.requests <= 6


@pytest.mark.parametrize("stream", [False, True], ids=["plain", "stream"])
@pytest.mark.parametrize("fault", ["stall", "slow first byte"])
async def test_a_caller_who_leaves_is_heard_upstream_within_a_tenth_of_a_second(
    fault: str, stream: bool
) -> None:
    async with faulty(fault) as provider, gateway(provider) as api:
        left = asyncio.Event()
        body = b'{"model":"demo","messages":[{"role":"user","content":"Hi"}],"stream":%s}'
        messages = [
            {"type": "http.request", "body": body % (b"true" if stream else b"false")},
        ]

        async def receive() -> dict[str, Any]:
            if messages:
                return messages.pop()
            await left.wait()
            return {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            return

        scope = {
            "type": "http",
            "method": "POST",
            "path": "/v1/chat/completions",
            "headers": [(b"authorization", b"Bearer good")],
        }
        asking = asyncio.create_task(api.app(scope, receive, send))
        async with asyncio.timeout(2):
            await provider.asked.wait()
        left.set()

        async with asyncio.timeout(0.1):
            await provider.gone.wait()
        await asking
        await api.heart.settle()
        assert [row.status for row in api.rows] == [499]

"""What a call cost, whoever left when: our rows against the meter of a provider that bills."""

import asyncio
from random import Random
from typing import Any

import orjson
import pytest

from api.access.ad_settings import AdSettings
from api.access.key_book import Caller
from api.access.keys import KeyKind
from api.chat.completion import ChatHeart, ChatSettings
from api.chat.plain_answer import PlainAnswer
from api.upstream.attempts import RetryPolicy
from api.upstream.routing import ModelAlias, Routing
from kernel.clock import SystemClock
from tests.api.fakes import PUBLIC_URL, FixedAds, KeptRows, verifies
from tests.api.meter import BillingProvider

CALLER = Caller("app_1", "key_1", KeyKind.LIVE, AdSettings())


class Metered:
    """The heart before such a provider; `mix` sends calls of which many leave early."""

    def __init__(self, provider: BillingProvider) -> None:
        self.provider, self.rows = provider, KeptRows()
        self.heart = ChatHeart(
            FixedAds(),
            Routing([ModelAlias("demo", provider, "m")]),
            self.rows,  # type: ignore[arg-type]
            SystemClock(),
            public_url=PUBLIC_URL,
            verifies=verifies,
            settings=ChatSettings(
                decision_deadline_ms=0, retries=RetryPolicy(tries=9, pause=0, share=9)
            ),
        )

    async def mix(self, count: int, *, together: int = 50, patience: float = 0.02) -> None:
        draw = Random(11)
        for first in range(0, count, together):
            names = range(first, min(count, first + together))
            calls = [
                self._one(name, stream=draw.random() < 0.7,
                          patience=draw.choice([None, draw.random() * patience]))
                for name in names
            ]  # fmt: skip
            await asyncio.gather(*calls, return_exceptions=True)
        await self.heart.settle(patiently=True)

    async def _one(self, name: int, *, stream: bool, patience: float | None) -> None:
        body: dict[str, Any] = {
            "model": "demo",
            "stream": stream,
            "metadata": {"prompt": f"call-{name}"},
            "messages": [{"role": "user", "content": "Which shoes?"}],
        }
        async with asyncio.timeout(patience):
            await self._answer(body)

    async def _answer(self, body: dict[str, Any]) -> None:
        arrived = self.heart.clock.monotonic()
        answer = await self.heart.answer(CALLER, orjson.dumps(body), {}, arrived=arrived)
        if isinstance(answer, PlainAnswer):
            answer.sent()
            return
        try:
            async for _ in answer.blocks():
                await asyncio.sleep(0)
        finally:
            await answer.close()


def reached(rows: KeptRows) -> list[Any]:
    """The rows of calls that the provider began to answer."""
    return [row for row in rows if row.status in {200, 499} and row.completion_tokens]


async def test_a_provider_that_is_drained_agrees_with_every_row() -> None:
    metered = Metered(BillingProvider("drain", pause=0.001))

    await metered.mix(300)

    bills, rows = metered.provider.billed.values(), reached(metered.rows)
    assert any(row.status == 499 for row in rows)
    assert not any(row.tokens_estimated for row in rows)
    assert sum(row.prompt_tokens for row in rows) == sum(prompt for prompt, _ in bills)
    assert sum(row.completion_tokens for row in rows) == sum(said for _, said in bills)


async def test_a_provider_that_is_cancelled_is_estimated_within_a_chunk() -> None:
    metered = Metered(BillingProvider("cancel", pause=0.001))

    await metered.mix(300)

    cut = [row for row in metered.rows if row.status == 499]
    whole = [row for row in metered.rows if row.status == 200]
    assert cut
    assert all(row.tokens_estimated for row in cut)
    assert not any(row.tokens_estimated for row in whole)
    billed = sum(said for _, said in metered.provider.billed.values())
    booked = sum(row.completion_tokens for row in metered.rows)
    assert abs(billed - booked) <= len(cut)
    assert len(metered.rows) == 300


@pytest.mark.parametrize("stream", [True, False])
async def test_a_caller_who_leaves_before_the_first_byte_is_billed_as_the_meter_says(
    stream: bool,
) -> None:
    metered = Metered(BillingProvider("drain", seed=1, pause=0.005))
    with pytest.raises(TimeoutError):
        await metered._one(0, stream=stream, patience=0.002)
    assert not metered.rows
    await metered.heart.settle(patiently=True)

    (row,) = metered.rows
    assert (row.status, row.tokens_estimated) == (499, False)
    assert (row.prompt_tokens, row.completion_tokens) == metered.provider.billed["call-0"]


async def test_a_stop_of_the_server_does_not_wait_for_what_goes_on_alone() -> None:
    metered = Metered(BillingProvider("drain", seed=1, pause=30))
    with pytest.raises(TimeoutError):
        await metered._one(0, stream=True, patience=0.01)
    await asyncio.sleep(0)

    async with asyncio.timeout(5):
        await metered.heart.close()

    (row,) = metered.rows
    assert row.tokens_estimated

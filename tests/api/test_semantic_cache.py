"""The cache by likeness: the same question finds an answer, another one never does."""

from typing import Any

import httpx
import numpy as np
import pytest
from numpy.typing import NDArray

from api.access.answer_cache import AnswerCache
from api.access.limits import GENEROUS
from api.access.quota import QuotaBook
from api.chat.likeness import Likeness
from api.chat.same_question import is_same, question_in
from api.http.turnstile import Turnstile
from kernel.clock import FrozenClock
from language.lexical import LexicalEmbedder
from language.vector import unit
from tests.api.access.test_quota import AdmittedKeys
from tests.api.fakes import Road

WANTED = {"x-tollfree-cache": "similar"}


class Alike(LexicalEmbedder):
    """To which everything looks the same: only words can tell questions apart."""

    def embed(self, text: str) -> NDArray[np.float32]:
        return unit(np.ones(4, dtype=np.float32))


class Cached:
    """The chat with both caches."""

    def __init__(self, clock: FrozenClock) -> None:
        self.road = Road()
        self.road.app._keys = AdmittedKeys()
        self.road.heart._likeness = Likeness(Alike(), clock)
        self.app = Turnstile(self.road.app, QuotaBook(clock), GENEROUS, AnswerCache(clock))

    async def ask(
        self, text: str, headers: dict[str, str] = WANTED, **members: Any
    ) -> httpx.Response:
        body = {"model": "demo", "messages": [{"role": "user", "content": text}]} | members
        transport = httpx.ASGITransport(self.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://api") as client:
            answer = await client.post("/v1/chat/completions", json=body, headers=headers)
        await self.road.heart.settle()
        assert answer.status_code == 200
        return answer


@pytest.mark.parametrize("stream", [True, False])
async def test_the_same_question_in_other_words_is_answered_from_memory(
    stream: bool, clock: FrozenClock
) -> None:
    cached = Cached(clock)
    first = await cached.ask("what's the capital of ny", stream=stream)
    again = await cached.ask("New York capital", stream=stream)

    assert first.headers["x-tollfree-cache"] == "miss"
    assert again.headers["x-tollfree-cache"] == "similar"
    assert len(cached.road.upstream.bodies) == 1
    assert [row.cache for row in cached.road.rows] == [None, "similar"]
    assert cached.road.rows[1].cost_micros.amount == 0


@pytest.mark.parametrize(
    ("headers", "members"),
    [
        ({"x-tollfree-cache": "on"}, {}),
        (WANTED, {"temperature": 0.9}),
        (WANTED, {"n": 2}),
        (WANTED, {"tools": [{"type": "function", "function": {"name": "f"}}]}),
        (WANTED, {"response_format": {"type": "json_object"}}),
        (WANTED, {"max_tokens": 7}),
    ],
)
async def test_likeness_is_for_plain_single_questions_of_callers_who_want_it(
    headers: dict[str, str], members: dict[str, Any], clock: FrozenClock
) -> None:
    cached = Cached(clock)
    await cached.ask("what's the capital of ny")
    await cached.ask("New York capital", headers, **members)

    assert len(cached.road.upstream.bodies) == 2


async def test_a_second_turn_is_never_answered_by_likeness(clock: FrozenClock) -> None:
    cached = Cached(clock)
    await cached.ask("what's the capital of ny")
    turns = [
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": "Hello"},
        {"role": "user", "content": "New York capital"},
    ]
    await cached.ask("", messages=turns)

    assert len(cached.road.upstream.bodies) == 2


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("best laptop under 500 dollars", "best laptop under 900 dollars"),
        ("is it safe to eat raw eggs", "is it not safe to eat raw eggs"),
        ("flights from Paris to Rome", "flights from Rome to Paris"),
        ("population of Kenya", "population of Peru"),
        ("advantages of gas heating", "disadvantages of gas heating"),
        ("should I buy the new phone", "should I sell the new phone"),
    ],
)
def test_words_have_a_veto_however_alike_the_vectors_are(one: str, other: str) -> None:
    first, second = question_in(one), question_in(other)

    assert first is not None
    assert second is not None
    assert not is_same(first, second, 0.9999)
    assert is_same(first, first, 0.9999)

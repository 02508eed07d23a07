"""Quotas: counted exactly in one process, shared among several, and never in anybody's way."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from api.access.ad_settings import AdSettings
from api.access.key_book import Caller
from api.access.keys import KeyKind
from api.access.limits import GENEROUS, PUBLIC, Limits, QuotaPlan, limits_from
from api.access.quota import QuotaBook
from api.access.visit import current_visit, prefix_of
from api.http.quota import routes
from api.http.turnstile import Turnstile
from kernel.clock import FrozenClock
from kernel.errors import QuotaExceeded, SettingsInvalid, Unavailable
from kernel.http import install_error_handlers
from kernel.shared_state import InProcessState, SharedState
from tests.api.fakes import KnownKeys, Road

_FEW = Limits(rpm=3, rpd=100, tpm=10_000, tpd=100_000, concurrent=2)
_SIX = [
    f"x-ratelimit-{what}-{unit}"
    for unit in ("requests", "tokens")
    for what in ("limit", "remaining", "reset")
]


def a_plan(**limits: int) -> QuotaPlan:
    named = {name: getattr(GENEROUS.key, name) for name in ("rpm", "rpd", "tpm", "tpd")}
    key = Limits(**({"concurrent": 100} | named | limits))
    return QuotaPlan(key, GENEROUS.app, GENEROUS.address, max_output_tokens=100, max_choices=2)


class Away(InProcessState):
    """Shared state that is there, or is not."""

    is_away = False

    async def add(self, key: str, amount: int, *, ttl_seconds: float) -> int:
        if self.is_away:
            raise Unavailable("The shared state does not answer.")
        return await super().add(key, amount, ttl_seconds=ttl_seconds)


class AdmittedKeys(KnownKeys):
    async def verify(self, authorization: str | None) -> Caller:
        caller = await super().verify(authorization)
        visit = current_visit()
        if visit is not None:
            visit.admit(caller)
        return caller


class Gate:
    """The chat behind a turnstile."""

    def __init__(self, clock: FrozenClock, plan: QuotaPlan, tier: str = "standard") -> None:
        self.book = QuotaBook(clock)
        self.road = Road()
        keys = AdmittedKeys()
        keys.caller = Caller("app_1", "key_1", KeyKind.LIVE, AdSettings(), tier)
        self.road.app._keys = keys
        rows = self.road.rows
        others = FastAPI()
        install_error_handlers(others)
        others.include_router(routes(keys))

        class Rows:
            def put(self, row: Any) -> None:
                visit = current_visit()
                visit.used(row.prompt_tokens + row.completion_tokens)
                rows.append(row)

        self.road.heart._desk._completions = Rows()

        async def either(scope: Any, receive: Any, send: Any) -> None:
            chat = scope["path"] == "/v1/chat/completions"
            await (self.road.app if chat else others)(scope, receive, send)

        self.app = Turnstile(either, self.book, plan)

    @asynccontextmanager
    async def client(self, address: str = "127.0.0.1") -> AsyncIterator[httpx.AsyncClient]:
        transport = httpx.ASGITransport(self.app, client=(address, 1))
        async with httpx.AsyncClient(transport=transport, base_url="http://api") as client:
            yield client

    async def ask(self, address: str = "127.0.0.1", key: str = "k", **more: Any) -> httpx.Response:
        body = {"model": "demo", "messages": [{"role": "user", "content": "Hello"}]} | more
        async with self.client(address) as client:
            headers = {"authorization": f"Bearer {key}"}
            return await client.post("/v1/chat/completions", json=body, headers=headers)


def counted(book: QuotaBook, limits: Limits = _FEW, name: str = "key_1") -> int:
    return book.standings([book.subject("key", name, limits)])[0].used


class TestAQuota:
    async def test_refuses_the_request_after_the_last_with_the_exact_wait(
        self, clock: FrozenClock
    ) -> None:
        gate = Gate(clock, a_plan(rpm=2))
        clock.advance(seconds=18)
        assert [(await gate.ask()).status_code for _ in range(2)] == [200, 200]
        refused = await gate.ask()
        assert refused.status_code == 429
        error = refused.json()["error"]
        assert (error["code"], error["type"]) == ("rate_limit_exceeded", "rate_limit_error")
        assert set(error) == {"message", "type", "param", "code"}
        assert refused.headers["retry-after"] == "42"
        clock.advance(seconds=41.9)
        assert (await gate.ask()).status_code == 429
        clock.advance(seconds=0.1)
        assert (await gate.ask()).status_code == 200

    async def test_shows_all_six_headers_on_every_answer(self, clock: FrozenClock) -> None:
        gate = Gate(clock, a_plan(rpm=3))
        answers = [
            await gate.ask(),
            await gate.ask(stream=True),
            await gate.ask(model="unknown"),
            await gate.ask(),
        ]
        assert [one.status_code for one in answers] == [200, 200, 404, 429]
        for answer in answers:
            assert [name for name in _SIX if name not in answer.headers] == []
        assert [one.headers["x-ratelimit-remaining-requests"] for one in answers] == list("2100")
        assert answers[0].headers["x-ratelimit-reset-requests"] == "60s"

    async def test_counts_the_tokens_that_were_really_used(self, clock: FrozenClock) -> None:
        gate = Gate(clock, a_plan(tpm=1_000))
        await gate.ask()
        tokens = gate.road.rows[0].prompt_tokens + gate.road.rows[0].completion_tokens
        subject = gate.book.subject("key", "key_1", a_plan(tpm=1_000).key)
        assert gate.book.standings([subject])[2].used == tokens

    async def test_is_not_used_up_by_an_answer_that_was_none(self, clock: FrozenClock) -> None:
        gate = Gate(clock, a_plan(tpm=1_000))
        await gate.ask(model="unknown")
        subject = gate.book.subject("key", "key_1", a_plan(tpm=1_000).key)
        assert gate.book.standings([subject])[2].used == 0
        assert subject.open == 0

    async def test_is_shown_and_asking_for_it_is_free(self, clock: FrozenClock) -> None:
        gate = Gate(clock, a_plan(rpm=3))
        await gate.ask()
        async with gate.client() as client:
            for _ in range(5):
                told = (await client.get("/v1/quota", headers={"authorization": "Bearer k"})).json()
        first = told["limits"][0]
        assert (first["scope"], first["unit"], first["limit"]) == ("key", "requests", 3)
        assert (first["used"], first["remaining"]) == (1, 2)
        assert {one["scope"] for one in told["limits"]} == {"key", "app"}
        assert told["answers_at_once"][0] == {"scope": "key", "limit": 100, "used": 0}

    async def test_holds_for_parallel_requests(self, clock: FrozenClock) -> None:
        gate = Gate(clock, a_plan(rpm=5))
        answers = await asyncio.gather(*(gate.ask() for _ in range(40)))
        assert sorted(one.status_code for one in answers) == [200] * 5 + [429] * 35

    async def test_sets_tokens_aside_so_that_parallel_requests_cannot_overspend(
        self, clock: FrozenClock
    ) -> None:
        book = QuotaBook(clock)
        subject = book.subject("key", "key_1", _FEW)
        book.enter([subject], 6_000)
        with pytest.raises(QuotaExceeded, match="tokens per minute"):
            book.enter([subject], 6_000)
        book.correct([subject], 6_000, 100)
        book.enter([subject], 6_000)

    async def test_limits_how_many_answers_are_written_at_once(self, clock: FrozenClock) -> None:
        book = QuotaBook(clock)
        subject = book.subject("key", "key_1", _FEW)
        book.enter([subject], 1)
        book.enter([subject], 1)
        with pytest.raises(QuotaExceeded, match="answers at once") as refused:
            book.enter([subject], 1)
        assert refused.value.retry_after_seconds == 1
        book.leave([subject])
        book.enter([subject], 1)

    async def test_counts_a_network_even_before_its_keys_are_known(
        self, clock: FrozenClock
    ) -> None:
        plan = QuotaPlan(GENEROUS.key, GENEROUS.app, _FEW)
        gate = Gate(clock, plan)
        tried = [await gate.ask(f"93.184.216.{last}", key="bad") for last in range(4)]
        assert [one.status_code for one in tried] == [401, 401, 401, 429]
        assert all("x-ratelimit-limit-requests" in one.headers for one in tried)
        assert (await gate.ask("93.184.217.1")).status_code == 200


class TestATier:
    async def test_bounds_the_length_and_the_number_of_answers_and_says_so(
        self, clock: FrozenClock
    ) -> None:
        gate = Gate(clock, a_plan())
        answer = await gate.ask(max_tokens=5_000, n=2)
        assert answer.headers["x-tollfree-clamped"] == "max_tokens=100"
        assert b'"max_tokens":100' in gate.road.upstream.bodies[0]
        assert "x-tollfree-clamped" not in (await gate.ask(max_tokens=50)).headers

    async def test_of_a_new_app_is_a_quarter(self, clock: FrozenClock) -> None:
        gate = Gate(clock, a_plan(rpm=8), tier="new")
        answer = await gate.ask()
        assert answer.headers["x-ratelimit-limit-requests"] == "2"
        assert answer.headers["x-tollfree-tier"] == "new"


class TestSeveralProcesses:
    async def test_hear_of_each_others_requests(
        self, shared_state: SharedState, clock: FrozenClock
    ) -> None:
        one, other = QuotaBook(clock, shared_state), QuotaBook(clock, shared_state)
        for book in (one, one, other):
            book.enter([book.subject("key", "key_1", _FEW)], 10)
            book.leave([book.subject("key", "key_1", _FEW)])
        await one.exchange()
        await other.exchange()
        assert (counted(one), counted(other)) == (2, 3)
        with pytest.raises(QuotaExceeded):
            other.enter([other.subject("key", "key_1", _FEW)], 10)

    async def test_each_go_on_alone_while_the_shared_state_is_away(
        self, clock: FrozenClock
    ) -> None:
        state = Away(clock)
        state.is_away = True
        one, other = QuotaBook(clock, state), QuotaBook(clock, state)
        for book in (one, other):
            book.enter([book.subject("key", "key_1", _FEW)], 10)
            await book.exchange()
            assert counted(book) == 1
        state.is_away = False
        await one.exchange()
        await other.exchange()
        assert counted(other) == 2

    async def test_forget_the_open_answers_of_one_that_died(
        self, shared_state: SharedState, clock: FrozenClock
    ) -> None:
        dead, alive = QuotaBook(clock, shared_state), QuotaBook(clock, shared_state)
        for _ in range(2):
            dead.enter([dead.subject("key", "key_1", _FEW)], 1)
        await dead.exchange()
        subject = alive.subject("key", "key_1", _FEW)
        clock.advance(seconds=5)
        alive.correct([subject], 0, 0)
        await alive.exchange()
        assert subject.elsewhere == 2
        clock.advance(seconds=5)
        alive.correct([subject], 0, 0)
        await alive.exchange()
        assert subject.elsewhere == 0


class TestLimits:
    def test_are_read_from_a_setting(self) -> None:
        read = limits_from("rpm=7, tpd=9", PUBLIC.key, setting="TOLLFREE_QUOTA_KEY")
        assert (read.rpm, read.tpd, read.rpd) == (7, 9, PUBLIC.key.rpd)

    @pytest.mark.parametrize("text", ["rpm", "rpm=x", "rps=3", "rpm=0"])
    def test_that_make_no_sense_are_refused_by_name(self, text: str) -> None:
        with pytest.raises(SettingsInvalid) as refused:
            limits_from(text, PUBLIC.key, setting="TOLLFREE_QUOTA_KEY")
        assert refused.value.param == "TOLLFREE_QUOTA_KEY"

    def test_count_networks_and_not_proxies(self) -> None:
        assert prefix_of("93.184.216.34") == "93.184.216.0/24"
        assert prefix_of("2606:4700:4700::1111") == "2606:4700:4700::/48"
        assert [prefix_of(one) for one in ("127.0.0.1", "10.1.2.3", "::1", "proxy", None)] == [
            None
        ] * 5

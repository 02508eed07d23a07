"""An upstream gets as many calls as its account allows, and none that its terms forbid."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import pytest

from api.access.ad_settings import AdSettings
from api.access.quota import QuotaBook
from api.upstream.attempts import Attempts
from api.upstream.bounds import Bounds
from api.upstream.plan_file import aliases_of, read_plan
from api.upstream.room import Room
from api.upstream.routing import Leg, ModelAlias, Routing
from api.upstream.upstream import UpstreamRefused
from kernel.clock import FrozenClock
from kernel.errors import SettingsInvalid, UpstreamFailed
from kernel.shared_state import InProcessState
from tests.api import fakes
from tests.api.hearing import heard


class Named(fakes.RecordingUpstream):
    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name


@dataclass
class Calls:
    """Attempts over legs, with the names of the upstreams that were called."""

    clock: FrozenClock
    legs: list[Leg]
    book: QuotaBook | None = None
    called: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.room = Room(self.book or QuotaBook(self.clock))
        self.attempts = Attempts(self.clock, self.room, seed=7)

    async def call(self, tokens: int = 100) -> str:
        async def attempt(leg: Leg) -> str:
            self.called.append(leg.upstream.name)
            return leg.upstream.name

        return (await self.attempts.first(self.legs, attempt, tokens=tokens)).answer


def a_leg(name: str, *, tier: int = 0, weight: float = 1.0, **bounds: Any) -> Leg:
    return Leg(Named(name), "m", tier=tier, weight=weight, bounds=Bounds(**bounds))


class TestLimits:
    async def test_send_the_calls_beyond_them_to_the_next_upstream(
        self, clock: FrozenClock
    ) -> None:
        calls = Calls(clock, [a_leg("small", rpm=3), a_leg("large", tier=1)])

        for _ in range(5):
            await calls.call()

        assert Counter(calls.called) == {"small": 3, "large": 2}
        clock.advance(seconds=60)
        assert await calls.call() == "small"

    async def test_refuse_with_the_time_to_come_back_where_there_is_no_other(
        self, clock: FrozenClock
    ) -> None:
        calls = Calls(clock, [a_leg("small", tpm=1_000)])
        clock.advance(seconds=20)
        await calls.call(tokens=800)

        with pytest.raises(UpstreamRefused) as refused:
            await calls.call(tokens=800)

        assert (refused.value.status, refused.value.code) == (429, "upstream_rate_limited")
        assert 40 <= int(refused.value.retry_after or 0) <= 41
        assert calls.called == ["small"]

    async def test_count_the_tokens_that_were_really_used(self, clock: FrozenClock) -> None:
        calls = Calls(clock, [a_leg("small", tpm=1_000)])
        await calls.call(tokens=800)
        calls.room.correct(calls.legs[0], 800, 100)

        assert await calls.call(tokens=800) == "small"

    async def test_count_no_tokens_of_a_call_that_failed_but_the_request(
        self, clock: FrozenClock
    ) -> None:
        leg = a_leg("small", rpm=2, tpm=1_000)
        calls = Calls(clock, [leg, a_leg("large", tier=1)])

        async def fails(tried: Leg) -> str:
            if tried is leg:
                raise UpstreamFailed("It failed.")
            return "large"

        await calls.attempts.first(calls.legs, fails, tokens=900)

        assert calls.room.wait(leg, 900) == 0
        assert await calls.call(tokens=900) == "small"
        assert calls.room.wait(leg, 1) > 0

    async def test_are_shared_by_all_workers(self, clock: FrozenClock) -> None:
        state = InProcessState(clock)
        books = [QuotaBook(clock, state) for _ in range(2)]
        one, other = (Calls(clock, [a_leg("small", rpm=4)], book) for book in books)
        for calls in (one, one, other, other):
            await calls.call()
        for book in books + books:
            await book.exchange()
            one.room.enter(one.legs[0], 0)

        with pytest.raises(UpstreamRefused):
            await other.call()

    async def test_of_an_upstream_hold_for_the_whole_road(self) -> None:
        road = fakes.Road()
        alias = ModelAlias("demo", road.upstream, "m", bounds=Bounds(rpm=2))
        road.routing.take([alias])

        statuses = [(await road.ask()).status_code for _ in range(3)]

        assert statuses == [200, 200, 429]
        assert len(road.upstream.bodies) == 2


async def test_weights_share_the_calls_of_one_tier(clock: FrozenClock) -> None:
    calls = Calls(clock, [a_leg("heavy", weight=3), a_leg("light"), a_leg("last", tier=1)])

    for _ in range(2_000):
        await calls.call()

    counted = Counter(calls.called)
    assert 0.72 < counted["heavy"] / 2_000 < 0.78
    assert counted["last"] == 0


class TestTermsAgainstAds:
    def a_road(self, *, other: bool, ads: AdSettings | None = None) -> Any:
        road = fakes.Road(settings=ads or AdSettings())
        self.strict, self.free = Named("strict"), Named("free")
        others = (Leg(self.free, "m", tier=1),) if other else ()
        bounds = Bounds(carries_ads=False)
        road.routing.take([ModelAlias("demo", self.strict, "m", bounds=bounds, others=others)])
        return road

    async def test_an_upstream_is_never_asked_for_an_answer_that_an_ad_may_stand_in(self) -> None:
        road = self.a_road(other=True)

        for stream in (False, True):
            assert heard(await road.ask(stream=stream)).field["ads"]

        assert (len(self.strict.bodies), len(self.free.bodies)) == (0, 2)

    async def test_it_answers_where_there_is_to_be_no_ad(self) -> None:
        road = self.a_road(other=True, ads=AdSettings(enabled=False))
        await road.ask()

        assert (len(self.strict.bodies), len(self.free.bodies)) == (1, 0)

    async def test_a_model_that_has_no_other_upstream_answers_without_an_ad(self) -> None:
        road = self.a_road(other=False)
        answer = heard(await road.ask())

        assert answer.content == fakes.ANSWER
        assert answer.field["no_fill_reason"] == "ads_off"
        assert road.ads.requests == []


class TestTheFile:
    _FILE = """
        [upstreams.strict]
        url = "http://127.0.0.1:1/v1"
        rpm = 30
        tpm = 12000
        terms = ["no-resale"]
        images = "inline"
        note = "no training on inputs"

        [[models]]
        name = "small"
        legs = [{ upstream = "strict", model = "m" }]
    """

    def test_says_what_an_account_allows(self) -> None:
        (alias,) = aliases_of(read_plan(self._FILE, lambda _: None), {})

        assert alias.legs[0].bounds == Bounds(
            rpm=30, tpm=12_000, carries_ads=False, images="inline"
        )
        assert Routing([alias]).route("small").ad_legs == ()

    @pytest.mark.parametrize(
        ("old", "new", "says"),
        [
            ("rpm = 30", "rpm = 0", "whole number above 0"),
            ("rpm = 30", 'rpm = "30"', "whole number above 0"),
            ('["no-resale"]', '"no training"', "no-ads, no-resale"),
            ('["no-resale"]', '["no-fun"]', "no-ads, no-resale"),
            ('images = "inline"', 'images = "fetch"', "images"),
        ],
    )
    def test_that_is_wrong_says_where(self, old: str, new: str, says: str) -> None:
        with pytest.raises(SettingsInvalid, match=says):
            read_plan(self._FILE.replace(old, new), lambda _: None)

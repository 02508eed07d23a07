"""P1, P2, P3 as the caller and the upstream see them."""

import asyncio
import hashlib
import time
from typing import Any

import pytest

from api.access.ad_settings import AdSettings
from kernel.errors import Unavailable
from tests.api.fakes import (
    ANSWER,
    PUBLIC_URL,
    BadAds,
    FixedAds,
    RecordingUpstream,
    Road,
    an_ad,
    post,
    verifies,
)
from tests.api.hearing import Heard, generated_answers, heard, without_spans
from tollfree_sdk.contract import AdDecision, Advertiser, Delivery, Label, NoFill, no_ad

TURNS = 4
STREAM_OR_PLAIN = pytest.mark.parametrize("stream", [True, False], ids=["stream", "plain"])


async def converse(road: Road, answers: list[str], *, stream: bool) -> list[Heard]:
    """A client that resends our answers exactly as it got them."""
    said: list[Heard] = []
    road.upstream.text = lambda request: answers[(len(request["messages"]) - 1) // 2]
    messages: list[dict[str, Any]] = []
    async with road.client() as client:
        for turn in range(TURNS):
            messages.append({"role": "user", "content": f"Question {turn} about shoes?"})
            answer = heard(await post(client, messages, stream=stream))
            said.append(answer)
            messages.append({"role": "assistant", "content": answer.content})
    return said


class TestTheModelNeverSeesAnAd:
    @STREAM_OR_PLAIN
    @pytest.mark.parametrize("delivery", list(Delivery))
    async def test_over_two_hundred_answers_in_conversations_of_four_turns(
        self, stream: bool, delivery: Delivery
    ) -> None:
        answers = generated_answers(200)
        placed = 0
        for start in range(0, len(answers), TURNS):
            told = answers[start : start + TURNS]
            with_ads = Road(settings=AdSettings(delivery=delivery))
            without = Road(settings=AdSettings(enabled=False))

            on = await converse(with_ads, told, stream=stream)
            off = await converse(without, told, stream=stream)

            assert with_ads.upstream.bodies == without.upstream.bodies
            for organic, free, ad_answer in zip(told, off, on, strict=True):
                assert free.content == organic
                assert free.field is not None
                assert free.field["no_fill_reason"] == "ads_off"
                assert ad_answer.field is not None
                assert without_spans(ad_answer.content, ad_answer.field["ads"]) == organic
                digest = hashlib.sha256(organic.encode()).hexdigest()
                assert ad_answer.field["organic_sha256"] == digest
                placed += bool(ad_answer.field["ads"])
        assert placed > 100

    @STREAM_OR_PLAIN
    async def test_nothing_of_ours_reaches_the_upstream(self, stream: bool) -> None:
        road = Road()

        await road.ask(stream=stream, tollfree={"session": "s-1", "country": "DE"})

        sent = road.upstream.bodies[0]
        assert b"tollfree" not in sent
        assert b"s-1" not in sent
        assert b'"model":"upstream-model"' in sent

    async def test_an_answer_resent_as_text_parts_is_cleaned_too(self) -> None:
        road, free = Road(), Road(settings=AdSettings(enabled=False))
        for one in (road, free):
            answer = heard(await one.ask("First?"))
            part = {"type": "text", "text": answer.content}
            async with one.client() as client:
                await post(
                    client,
                    [
                        {"role": "user", "content": "First?"},
                        {"role": "assistant", "content": [part]},
                        {"role": "user", "content": "Second?"},
                    ],
                )

        assert road.upstream.bodies == free.upstream.bodies

    async def test_an_ad_whose_link_could_not_be_taken_out_again_is_not_placed(self) -> None:
        foreign = "https://elsewhere.example/c/" + "0" * 44
        road = Road(ads=FixedAds(lambda number: an_ad(number, click_url=foreign)))

        answer = heard(await road.ask())

        assert answer.content == ANSWER
        assert answer.field is not None
        assert answer.field["no_fill_reason"] == "error"


TRICKY = (
    {"title": "Tempo 3"},
    {"title": "**bold** [link](https://evil.example)", "body": "]( )`<img src=x>`"},
    {"title": "\u202eevil\u0000", "body": "\n\n# Heading\n\n---\n"},
    {"title": "Größe 👟🏽", "body": "Für Füße. 靴", "cta": "Öffnen"},
    {"advertiser": Advertiser("A*B_C", "abc.example"), "label": Label.AD},
    {"title": "x" * 500, "body": "y " * 500, "cta": "z" * 90},
    {"title": "", "body": ""},
    {"advertiser": Advertiser("", "")},
    {"label": Label.AFFILIATE, "cta": ""},
)


class TestEveryAdSaysSo:
    @STREAM_OR_PLAIN
    @pytest.mark.parametrize("delivery", list(Delivery))
    @pytest.mark.parametrize("changes", TRICKY, ids=range(len(TRICKY)))
    async def test_in_whatever_way_it_travels(
        self, changes: dict[str, Any], delivery: Delivery, stream: bool
    ) -> None:
        road = Road(ads=FixedAds(lambda number: an_ad(number, **changes)))

        answer = heard(await road.ask(stream=stream, tollfree={"delivery": delivery}))

        assert answer.field is not None
        ads = answer.field["ads"]
        assert without_spans(answer.content, ads) == ANSWER
        assert len(ads) == (0 if answer.field["no_fill_reason"] else 1)
        for ad in ads:
            disclosure = f"{ad['label']} · {ad['advertiser']['name']}"
            assert ad["label"] in set(Label)
            assert ad["advertiser"]["name"].strip()
            assert ad["text"].startswith(disclosure)
            assert bool(ad["spans"]) == (delivery is not Delivery.FIELD)
            for span in ad["spans"]:
                shown = answer.content[span["start"] : span["end"]].replace("\\", "")
                assert shown.strip("\n-").startswith(f"**{disclosure}**")

    @pytest.mark.parametrize("delivery", list(Delivery))
    @STREAM_OR_PLAIN
    async def test_and_it_looks_the_same_streamed_or_not(
        self, delivery: Delivery, stream: bool
    ) -> None:
        plain = heard(await Road().ask(tollfree={"delivery": delivery}))

        answer = heard(await Road().ask(stream=stream, tollfree={"delivery": delivery}))

        assert answer.content == plain.content
        assert answer.field == plain.field


async def hang() -> AdDecision:
    await asyncio.Event().wait()
    raise AssertionError


async def hang_on_to_it() -> AdDecision:
    """Ignores being cancelled, as code with a bare except does."""
    for _ in range(20):
        try:
            await asyncio.sleep(0.05)
        except asyncio.CancelledError:
            continue
    return no_ad(NoFill.NO_MATCH)


async def give_up() -> AdDecision:
    raise asyncio.CancelledError


def raise_error(error: Exception) -> Any:
    raise error


GARBAGE: tuple[Any, ...] = (
    None,
    "an ad",
    {"ad": {"title": "buy"}},
    object(),
    AdDecision("dec_1", "an ad", None),
    AdDecision("dec_1", an_ad(title=None), None),
    AdDecision("dec_1", an_ad(advertiser=None), None),
    AdDecision("dec_1", an_ad(label="Advertorial"), None),
    AdDecision("dec_1", an_ad(click_url=None), None),
    AdDecision("dec_1", an_ad(why_url="javascript:alert(1)"), None),
    AdDecision("dec_1", an_ad(relevance=object()), None),
)
FAILURES = {
    "raises": lambda: raise_error(RuntimeError("boom")),
    "is unavailable": lambda: raise_error(Unavailable("away")),
    "times out by itself": lambda: raise_error(TimeoutError()),
    "gives up": give_up,
    "hangs": hang,
    "hangs on": hang_on_to_it,
    **{f"returns garbage {number}": lambda it=it: it for number, it in enumerate(GARBAGE)},
}


class TestAnswersFailOpen:
    @STREAM_OR_PLAIN
    @pytest.mark.parametrize("failure", FAILURES, ids=str)
    async def test_when_the_ad_source_does_not_decide(self, failure: str, stream: bool) -> None:
        road = Road(ads=BadAds(FAILURES[failure]))
        started = time.monotonic()

        answer = heard(await road.ask(stream=stream))

        assert time.monotonic() - started < 3
        assert answer.content == ANSWER
        assert answer.is_done
        assert answer.finish_reason == "stop"
        assert answer.field is not None
        assert answer.field["ads"] == []
        assert answer.field["no_fill_reason"] in {"error", "timeout", "unavailable"}

    async def test_and_no_first_token_waits_for_a_decision(self) -> None:
        road = Road(ads=BadAds(hang), deadline_ms=60_000)
        got_text = asyncio.Event()

        async def send(message: Any) -> None:
            if b'"content":"Look at' in message.get("body", b""):
                got_text.set()

        await asyncio.wait_for(_drive_until(road, send, got_text), timeout=5)

    async def test_a_late_decision_is_used_if_nobody_waited_for_it(self) -> None:
        async def slow() -> AdDecision:
            await asyncio.sleep(0.02)
            return AdDecision("dec_1", an_ad(), None)

        answer = heard(await Road(ads=BadAds(slow), deadline_ms=2_000).ask())

        assert answer.field is not None
        assert answer.field["decision_id"] == "dec_1"

    async def test_a_step_that_cannot_be_recorded_costs_nobody_an_answer(self) -> None:
        ads = BadAds(lambda: AdDecision("dec_1", an_ad(), None))

        answer = heard(await Road(ads=ads).ask())

        assert answer.field is not None
        assert answer.field["ads"]


class TestTheDeliveredStep:
    @STREAM_OR_PLAIN
    async def test_is_recorded_after_the_last_byte(self, stream: bool) -> None:
        road = Road()

        await road.ask(stream=stream)

        assert road.ads.recorded == [("dec_1", "delivered")]
        assert [row.ad_outcome for row in road.rows] == ["ad"]
        assert road.rows[0].decision_id == "dec_1"

    @STREAM_OR_PLAIN
    async def test_is_not_recorded_when_the_answer_took_no_ad(self, stream: bool) -> None:
        road = Road(upstream=RecordingUpstream("I'm sorry, but I can't help with that request."))

        await road.ask(stream=stream)

        assert road.ads.recorded == []
        assert [row.ad_outcome for row in road.rows] == ["not_placeable"]


async def _drive_until(road: Road, send: Any, seen: asyncio.Event) -> None:
    """Call the app by hand until `seen`, then hang up."""
    body = b'{"model":"demo","stream":true,"messages":[{"role":"user","content":"Hi"}]}'
    first = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> Any:
        if first:
            return first.pop()
        await seen.wait()
        return {"type": "http.disconnect"}

    scope = {"type": "http", "method": "POST", "path": "/v1/chat/completions", "headers": []}
    await road.app(scope, receive, send)


def test_the_fakes_mint_links_that_verify() -> None:
    assert verifies(an_ad().click_url.removeprefix(f"{PUBLIC_URL}/c/"))

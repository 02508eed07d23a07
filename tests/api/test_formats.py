"""Mentions and links in the answers of the API."""

import asyncio
import re
from typing import Any

import orjson
import pytest

from api.access.ad_settings import AdSettings
from api.chat.completion import ChatHeart, ChatSettings
from api.http.chat_completions import ChatCompletions
from kernel.clock import SystemClock
from tests.api.fakes import (
    PUBLIC_URL,
    BadAds,
    FixedAds,
    RecordingUpstream,
    Road,
    an_ad,
    post,
    stream_events,
    verifies,
)
from tests.api.hearing import Heard, heard, without_spans
from tests.sdk.ads import PREFACE
from tollfree_sdk.contract import Ad, AdDecision, Advertiser, Format, Label, NoFill
from tollfree_sdk.placement.links import Account

ANSWER = (
    f"{PREFACE} Shoes differ in weight and drop.\n\n"
    "A trail shoe grips wet rock.\n\n"
    "A road shoe is light: look at its weight in grams.\n\n"
    "Walk in both before you choose."
)
LINKED = (
    "Look at [the Tarn](https://www.ebay.com/itm/123456789012) or at https://example.org/a first."
)
EBAY = Account("ebay", {"campid": "1234567890"}, store="com")
BOTH = AdSettings(formats=(Format.MENTION, Format.UNIT))


def a_mention(number: int = 1) -> Ad:
    return an_ad(
        number,
        format=Format.MENTION,
        title="Trail shoe Scree: 240 g",
        facts=("Weighs 240 g", "8 mm of drop"),
    )


def a_link(number: int = 1) -> Ad:
    return an_ad(
        number,
        format=Format.LINK,
        label=Label.AFFILIATE,
        advertiser=Advertiser("", ""),
        title="",
        body="",
        cta="",
        click_url="",
    )


def a_linking_road(**given: Any) -> Road:
    road = Road(ads=FixedAds(a_link), upstream=RecordingUpstream(LINKED), **given)
    road.heart = ChatHeart(
        road.ads,
        road.routing,
        road.rows,
        SystemClock(),
        public_url=PUBLIC_URL,
        verifies=verifies,
        settings=ChatSettings(decision_deadline_ms=1_000, affiliates=(EBAY,)),
    )
    road.app = ChatCompletions(road.heart, road.keys)
    return road


async def asked(road: Road, **members: Any) -> Heard:
    return heard(await road.ask(**members))


def organic_of(answer: Heard) -> str:
    assert answer.field is not None
    return without_spans(answer.content, answer.field["ads"])


class TestAMention:
    @pytest.mark.parametrize("stream", [False, True])
    async def test_stands_between_two_paragraphs_with_its_label(self, stream: bool) -> None:
        road = Road(
            ads=FixedAds(a_mention), upstream=RecordingUpstream(ANSWER), settings=BOTH,
            deadline_ms=5_000,
        )  # fmt: skip

        answer = await asked(road, stream=stream)

        (ad,) = answer.field["ads"]
        (span,) = ad["spans"]
        block = answer.content[span["start"] : span["end"]]
        assert ad["format"] == "mention"
        assert block.startswith("**Sponsored · Strideworks:** [")
        assert 0 < span["start"] < len(answer.content) - len(block)
        assert organic_of(answer) == ANSWER

    async def test_is_opted_in_by_the_request(self) -> None:
        road = Road(ads=FixedAds(a_mention), upstream=RecordingUpstream(ANSWER))

        await road.ask(tollfree={"formats": ["mention", "unit"]})
        await road.ask()

        assert [one.formats for one in road.ads.requests] == [
            (Format.MENTION, Format.UNIT),
            (Format.UNIT,),
        ]

    @pytest.mark.parametrize("stream", [False, True])
    async def test_becomes_a_unit_where_there_is_no_place_for_it(self, stream: bool) -> None:
        text = "A trail shoe grips wet rock, and a road shoe is light."
        road = Road(ads=FixedAds(a_mention), upstream=RecordingUpstream(text), settings=BOTH)

        answer = await asked(road, stream=stream)

        assert answer.field["ads"][0]["format"] == "unit"
        assert answer.content.startswith(text + "\n\n---\n**Sponsored · Strideworks** — ")

    async def test_becomes_a_unit_in_a_stream_that_may_call_a_tool(self) -> None:
        road = Road(ads=FixedAds(a_mention), upstream=RecordingUpstream(ANSWER), settings=BOTH)
        tool = {"type": "function", "function": {"name": "look_up", "parameters": {}}}

        answer = await asked(road, stream=True, tools=[tool])

        assert answer.field["ads"][0]["format"] == "unit"

    async def test_never_stands_in_a_text_that_turned_to_grief(self) -> None:
        text = "I am sorry that your mother died.\n\nGrief takes time.\n\nBe gentle with yourself."
        road = Road(ads=FixedAds(a_mention), upstream=RecordingUpstream(text), settings=BOTH)

        answer = await asked(road, stream=True)

        assert answer.content == text
        assert answer.field["no_fill_reason"] == NoFill.SENSITIVE_TOPIC

    async def test_goes_out_of_the_next_turn_before_the_model_reads_it(self) -> None:
        road = Road(
            ads=FixedAds(a_mention), upstream=RecordingUpstream(ANSWER), settings=BOTH,
            deadline_ms=5_000,
        )  # fmt: skip
        answer = await asked(road, stream=True)

        async with road.client() as client:
            await post(client, [
                {"role": "user", "content": "Which shoes?"},
                {"role": "assistant", "content": answer.content},
                {"role": "user", "content": "And socks?"},
            ])  # fmt: skip

        assert orjson.loads(road.upstream.bodies[-1])["messages"][1]["content"] == ANSWER


class TestALateDecision:
    async def test_holds_back_the_first_blank_line_and_nothing_before_it(self) -> None:
        come = asyncio.Event()

        async def decide() -> AdDecision:
            await come.wait()
            return AdDecision("dec_1", a_mention(), None, 1.0)

        sent: list[bytes] = []
        is_at_the_border = asyncio.Event()
        upstream = RecordingUpstream()
        upstream.reads = stream_events(ANSWER, size=1)
        road = Road(ads=BadAds(decide), upstream=upstream, settings=BOTH, deadline_ms=60_000)

        async def send(message: Any) -> None:
            sent.append(message.get("body", b""))
            if _said(sent).endswith("drop."):
                is_at_the_border.set()

        body = {
            "model": "demo",
            "stream": True,
            "messages": [{"role": "user", "content": "Shoes?"}],
        }
        task = asyncio.create_task(_drive(road, orjson.dumps(body), send))
        await is_at_the_border.wait()
        for _ in range(50):
            await asyncio.sleep(0)
        before = _said(sent)
        come.set()
        await task
        await road.heart.settle()

        assert before.endswith("drop.")
        assert "drop.\n\n**Sponsored" in _said(sent)

    async def test_that_never_comes_costs_the_mention_and_nothing_else(self) -> None:
        async def hang() -> AdDecision:
            await asyncio.Event().wait()
            raise AssertionError

        road = Road(ads=BadAds(hang), upstream=RecordingUpstream(ANSWER), settings=BOTH)

        answer = await asked(road, stream=True)

        assert answer.content == ANSWER
        assert answer.field["no_fill_reason"] == NoFill.TIMEOUT


def _said(sent: list[bytes]) -> str:
    """The text of the chunks so far."""
    pieces = re.findall(rb'"content":("(?:[^"\\]|\\.)*")', b"".join(sent))
    return "".join(map(orjson.loads, pieces))


async def _drive(road: Road, body: bytes, send: Any) -> None:
    asked_once = False

    async def receive() -> Any:
        nonlocal asked_once
        if asked_once:
            await asyncio.Event().wait()
        asked_once = True
        return {"type": "http.request", "body": body, "more_body": False}

    scope = {"type": "http", "method": "POST", "path": "/v1/chat/completions", "headers": []}
    await road.app(scope, receive, send)


class TestALinkOfTheModel:
    @pytest.mark.parametrize("stream", [False, True])
    async def test_leads_to_the_operators_account_and_says_so(self, stream: bool) -> None:
        road = a_linking_road(settings=AdSettings(formats=(Format.UNIT, Format.LINK)))

        answer = await asked(road, stream=stream)

        assert (
            "campid=1234567890&toolid=10001&customid=app_1) · eBay (affiliate link)"
            in answer.content
        )
        assert "https://example.org/a first" in answer.content
        (ad,) = answer.field["ads"]
        assert (ad["format"], ad["label"], ad["advertiser"]["name"]) == (
            "link", "Affiliate link", "eBay",
        )  # fmt: skip
        assert organic_of(answer) == LINKED

    async def test_stays_where_the_user_supplied_it(self) -> None:
        road = a_linking_road(settings=AdSettings(formats=(Format.LINK,)))

        answer = await asked(road, content="Is https://www.ebay.com/itm/123456789012 good?")

        assert answer.content == LINKED
        assert answer.field["no_fill_reason"] == NoFill.NOT_PLACEABLE

    async def test_goes_back_to_what_it_was_before_the_model_reads_it(self) -> None:
        road = a_linking_road(settings=AdSettings(formats=(Format.LINK,)))
        answer = await asked(road)

        async with road.client() as client:
            await post(client, [
                {"role": "user", "content": "Which?"},
                {"role": "assistant", "content": answer.content},
                {"role": "user", "content": "Why?"},
            ])  # fmt: skip

        assert orjson.loads(road.upstream.bodies[-1])["messages"][1]["content"] == LINKED

    async def test_stays_without_an_account(self) -> None:
        road = Road(
            ads=FixedAds(a_link),
            upstream=RecordingUpstream(LINKED),
            settings=AdSettings(formats=(Format.LINK,)),
        )

        answer = await asked(road)

        assert answer.content == LINKED
        assert answer.field["no_fill_reason"] == NoFill.NOT_PLACEABLE

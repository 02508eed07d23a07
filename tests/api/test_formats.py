"""Mentions and links in the answers of the API, and what requests may wish about ads."""

import asyncio
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
    plain_body,
    post,
    stream_events,
    verifies,
)
from tests.api.hearing import Heard, heard, without_spans
from tollfree_sdk.contract import Ad, AdDecision, Advertiser, Delivery, Format, Label, NoFill
from tollfree_sdk.placement.links import Account

ANSWER = (
    "Shoes differ in weight and drop.\n\n"
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
        upstream.reads = stream_events(ANSWER, size=4)
        road = Road(ads=BadAds(decide), upstream=upstream, settings=BOTH, deadline_ms=60_000)

        async def send(message: Any) -> None:
            sent.append(message.get("body", b""))
            if b"rop." in sent[-1]:
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
        before = b"".join(sent)
        come.set()
        await task
        await road.heart.settle()

        assert b"A trail" not in before
        assert b"**Sponsored" in b"".join(sent)

    async def test_that_never_comes_costs_the_mention_and_nothing_else(self) -> None:
        async def hang() -> AdDecision:
            await asyncio.Event().wait()
            raise AssertionError

        road = Road(ads=BadAds(hang), upstream=RecordingUpstream(ANSWER), settings=BOTH)

        answer = await asked(road, stream=True)

        assert answer.content == ANSWER
        assert answer.field["no_fill_reason"] == NoFill.TIMEOUT


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


class TestJsonForAProgram:
    @pytest.mark.parametrize("stream", [False, True])
    @pytest.mark.parametrize("delivery", [Delivery.FIELD, Delivery.BOTH])
    async def test_has_its_ad_in_the_field_alone(self, delivery: Delivery, stream: bool) -> None:
        text = '{"shoe": "Tempo 3", "why": "wide toe box"}'
        road = Road(upstream=RecordingUpstream(text))

        answer = await asked(
            road,
            stream=stream,
            response_format={"type": "json_object"},
            tollfree={"delivery": delivery},
        )

        assert answer.content == text
        assert [ad["label"] for ad in answer.field["ads"]] == ["Sponsored"]
        assert answer.field["ads"][0]["spans"] == []

    async def test_has_none_where_only_the_content_could_carry_it(self) -> None:
        road = Road(upstream=RecordingUpstream('{"a": 1}'))

        answer = await asked(road, response_format={"type": "json_object"})

        assert answer.field["no_fill_reason"] == NoFill.NOT_PLACEABLE

    async def test_a_call_of_a_tool_has_its_ad_in_the_field_alone(self) -> None:
        call = {"id": "c", "type": "function", "function": {"name": "buy", "arguments": "{}"}}
        upstream = RecordingUpstream()
        upstream.reads = [plain_body(None, tool_calls=[call])]
        road = Road(upstream=upstream)

        answer = await asked(road, tollfree={"delivery": "field"})

        assert len(answer.field["ads"]) == 1
        assert answer.content == ""


WISHES = {
    "session": "s 1",
    "end_user": "someone@mail.example",
    "placement": "sidebar",
    "country": "DE",
    "language": "de",
    "consent": True,
    "minor": False,
    "min_relevance": 0.7,
    "frequency": {"ads_per_session": 2, "turns_between": 3},
    "keywords": ["trail"],
    "blocked_categories": ["travel"],
    "blocked_domains": ["x.example"],
    "blocked_advertisers": ["Voltbook"],
}


class TestWishes:
    async def test_arrive_at_the_ad_source_and_never_at_the_model(self) -> None:
        road = Road(settings=AdSettings(min_relevance=0.5, ads_per_session=9, turns_between=1))

        await road.ask(tollfree=WISHES)

        (request,) = road.ads.requests
        assert (request.placement, request.country, request.language) == ("sidebar", "DE", "de")
        assert (request.min_relevance, request.ads_per_session, request.turns_between) == (
            0.7,
            2,
            3,
        )
        assert request.blocked_advertisers == ("Voltbook",)
        assert request.blocked_categories == ("travel",)
        assert "tollfree" not in orjson.loads(road.upstream.bodies[0])

    async def test_never_carry_a_persons_name_any_further(self) -> None:
        road = Road()

        await road.ask(tollfree=WISHES)

        (request,) = road.ads.requests
        assert request.end_user is not None
        assert "mail.example" not in repr(request)
        assert "s 1" not in repr(request)

    async def test_can_be_told_in_headers(self) -> None:
        road = Road()
        async with road.client() as client:
            client.headers.update({
                "x-tollfree-formats": "mention, unit",
                "x-tollfree-min-relevance": "0.7",
                "x-tollfree-frequency": "2",
                "x-tollfree-blocked-advertisers": "Voltbook",
                "x-tollfree-minor": "true",
                "x-tollfree-country": "DE",
                "x-tollfree-delivery": "both",
                "x-tollfree-placement": "sidebar",
            })  # fmt: skip
            response = await post(client, [{"role": "user", "content": "Which shoes?"}])

        assert response.status_code == 200
        (request,) = road.ads.requests
        assert request.formats == (Format.MENTION, Format.UNIT)
        assert (request.min_relevance, request.ads_per_session) == (0.7, 2)
        assert (request.minor, request.country, request.placement) == (True, "DE", "sidebar")

    @pytest.mark.parametrize(
        "wrong",
        [
            {"min_relevance": 1.5},
            {"min_relevance": "high"},
            {"frequency": -1},
            {"frequency": {"per_day": 3}},
            {"placement": "Side Bar"},
            {"ads": "no"},
            {"end_user": 7},
            {"blocked_advertisers": "Voltbook"},
        ],
    )
    async def test_that_make_no_sense_are_refused_by_name(self, wrong: dict[str, Any]) -> None:
        response = await Road().ask(tollfree=wrong)

        assert response.status_code == 400
        assert response.json()["error"]["param"] == f"tollfree.{next(iter(wrong))}"

    async def test_cannot_switch_ads_off_unless_the_app_may(self) -> None:
        refused = await Road().ask(tollfree={"ads": "off"})
        road = Road(settings=AdSettings(may_turn_off=True))
        granted = await asked(road, tollfree={"ads": "off"})

        assert (refused.status_code, refused.json()["error"]["code"]) == (403, "ads_required")
        assert granted.field["no_fill_reason"] == NoFill.ADS_OFF
        assert road.ads.requests == []

    async def test_choose_only_among_the_formats_that_the_policy_allows(self) -> None:
        road = Road(settings=AdSettings(allowed_formats=(Format.UNIT,)))

        await road.ask(tollfree={"formats": ["mention", "unit"]})

        assert road.ads.requests[0].formats == (Format.UNIT,)

"""What requests may wish about ads, and where ads travel in the field alone."""

from typing import Any

import orjson
import pytest

from api.access.ad_settings import AdSettings
from tests.api.fakes import (
    RecordingUpstream,
    Road,
    plain_body,
    post,
)
from tests.api.hearing import Heard, heard
from tollfree_sdk.contract import Delivery, Format, NoFill


async def asked(road: Road, **members: Any) -> Heard:
    return heard(await road.ask(**members))


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

    async def test_for_formats_that_the_policy_forbids_end_without_an_ad_and_say_so(self) -> None:
        road = Road(settings=AdSettings(allowed_formats=(Format.UNIT,)))

        answer = await asked(road, tollfree={"formats": ["mention"]})

        assert answer.field["no_fill_reason"] == NoFill.BLOCKED_BY_PUBLISHER
        assert road.ads.requests == []

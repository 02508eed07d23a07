"""Anybody can check that an answer with an ad is the model's own, but for the ad."""

from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from api.chat.attestation import Attestation
from api.chat.completion import ChatHeart, ChatSettings
from api.http import well_known
from api.http.chat_completions import ChatCompletions
from kernel.clock import SystemClock
from tests.api.fakes import ANSWER, PUBLIC_URL, Road, verifies
from tests.api.hearing import heard
from tollfree_sdk.proof import organic_text, verify

SEED = bytes(range(32))


def a_signing_road(**given: Any) -> Road:
    road = Road(**given)
    settings = ChatSettings(decision_deadline_ms=1_000, attestation=Attestation(SEED))
    road.heart = ChatHeart(
        road.ads,
        road.routing,
        road.rows,
        SystemClock(),
        public_url=PUBLIC_URL,
        verifies=verifies,
        settings=settings,
    )
    road.app = ChatCompletions(road.heart, road.keys)
    return road


@pytest.mark.parametrize("stream", [False, True])
async def test_an_answer_with_an_ad_can_be_verified(stream: bool) -> None:
    answer = heard(await a_signing_road().ask(stream=stream))

    assert answer.field is not None
    key = Attestation(SEED).public_key
    assert organic_text(answer.content, answer.field) == ANSWER
    assert verify(answer.content, answer.field, key)


async def test_nothing_else_can() -> None:
    answer = heard(await a_signing_road().ask())
    assert answer.field is not None
    key, content, field = Attestation(SEED).public_key, answer.content, answer.field
    signature = field["organic_signature"]
    forged = signature[:-6] + ("A" if signature[-6] != "A" else "B") + signature[-5:]

    assert not verify(content.replace("heel", "sole"), field, key)
    assert not verify(content, field, Attestation(bytes(32)).public_key)
    assert not verify(content, {**field, "organic_signature": forged}, key)
    assert not verify(content, {**field, "decision_id": "dec_2"}, key)
    assert not verify(content, {**field, "organic_signature": ""}, key)
    assert not verify(content, {**field, "organic_signature": None}, key)
    assert not verify(content, {"ads": []}, key)


async def test_an_answer_without_an_ad_is_not_signed() -> None:
    answer = heard(await a_signing_road().ask(tollfree={"formats": []}))

    assert answer.field is not None
    assert "organic_signature" not in answer.field


async def test_the_key_stands_where_anybody_finds_it() -> None:
    app = FastAPI()
    app.include_router(well_known.routes(Attestation(SEED)))
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://api"
    ) as client:
        told = (await client.get("/.well-known/tollfree.json")).json()

    assert told["keys"][0]["ed25519"] == Attestation(SEED).public_key

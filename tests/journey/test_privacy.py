"""What was said stays with who said it. The search itself runs when `road` ends.

Here phrases are sent down every way that could leak one: answers, ads, refusals, broken requests.
"""

from pathlib import Path
from typing import Any

import httpx
import pytest
from openai import APIStatusError

from tests.journey.conftest import RunningRoad
from tests.rig.traces import traces_of

SHOES = "Which running shoes are good for flat feet?"


def test_a_conversation_with_every_kind_of_message(road: RunningRoad) -> None:
    road.client().chat.completions.create(
        model="demo",
        messages=[
            {"role": "system", "content": f"You are a shop. {road.canary()}"},
            {"role": "user", "content": f"I live in {road.canary()}."},
            {"role": "assistant", "content": f"Nice. {road.canary()}"},
            {"role": "user", "content": f"{SHOES} My name is {road.canary()}."},
        ],
        user=road.canary(),
        extra_body={"tollfree": {"session": road.canary()}},
    )


@pytest.mark.parametrize("stream", [False, True])
def test_a_sensitive_conversation(road: RunningRoad, stream: bool) -> None:
    answer: Any = road.client().chat.completions.create(
        model="demo",
        messages=[{"role": "user", "content": f"I want to end my life, {road.canary()}."}],
        stream=stream,
    )
    list(answer)


@pytest.mark.parametrize(
    "body",
    [
        '{"model": "demo", "messages": [{"role": "user", "content": "%s"',
        '{"model": "demo", "messages": "%s"}',
        '{"model": "%s", "messages": [{"role": "user", "content": "hello"}]}',
        '{"model": "demo", "messages": [{"role": "user", "content": "hello"}], "stream": "%s"}',
    ],
)
def test_a_request_that_is_refused(road: RunningRoad, body: str) -> None:
    answer = httpx.post(
        f"{road.address}/v1/chat/completions",
        content=body % road.canary(),
        headers={"authorization": f"Bearer {road.told['api_key']}"},
    )

    assert 400 <= answer.status_code < 500
    assert set(answer.json()["error"]) == {"message", "type", "param", "code"}


def test_a_key_that_is_unknown(road: RunningRoad) -> None:
    client = road.client().with_options(api_key=f"tf_live_{road.canary()}")

    with pytest.raises(APIStatusError):
        client.chat.completions.create(
            model="demo", messages=[{"role": "user", "content": road.canary()}]
        )


def test_an_address_that_does_not_exist(road: RunningRoad) -> None:
    for path in (f"/c/{road.canary()}", f"/why/{road.canary()}", f"/{road.canary()}"):
        assert httpx.get(road.address + path).status_code in {200, 404, 410}


def test_the_search_would_find_what_is_there(road: RunningRoad, tmp_path: Path) -> None:
    (tmp_path / "filler").write_text(" " * 2_000)

    left = traces_of(road.told["database_url"], road.redis_url, folders=[tmp_path])

    assert any(road.told["advertiser"]["email"] in trace for trace in left)
    assert not any(road.told["api_key"] in trace for trace in left)
    assert not any(road.told["advertiser"]["password"] in trace for trace in left)

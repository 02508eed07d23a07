"""What `with_ads` owes to users of OpenAI's client; runs under version 2 and version 3.

A program of its own, because the two versions live in two environments. Prints what it checked, as
JSON; exits with an error at the first thing that is wrong.
"""

import asyncio
import json
import sys
from typing import Any

import openai
from openai_stand_in import ANSWER, OpenAIStandIn

from tollfree_sdk import AsyncTollfree, Tollfree, with_ads
from tollfree_sdk.testing import Behaviour, CannedAdServer

MESSAGES: list[Any] = [{"role": "user", "content": "Which trail shoes?"}]
TOOL: Any = {"type": "function", "function": {"name": "look_up", "parameters": {}}}
KEY = "tf_pub_test"


def main() -> None:
    with OpenAIStandIn() as model, CannedAdServer() as ads:
        network = Tollfree(KEY, base_url=ads.url, timeout=5.0)
        plain = openai.OpenAI(base_url=model.url, api_key="k", max_retries=0)
        client = with_ads(plain, network)
        assert type(client) is openai.OpenAI
        for check in (
            a_completion, a_stream, the_next_turn, json_mode, a_tool_call, a_raw_response,
            the_client_itself, the_stream_helper,
        ):  # fmt: skip
            check(client, plain, model, ads)
        a_dead_network(plain)
        asyncio.run(in_an_event_loop(model, ads))
        network.close()


def a_completion(client: Any, plain: Any, model: Any, ads: Any) -> None:
    answer = client.chat.completions.create(model="m", messages=MESSAGES)
    assert type(answer) is type(plain.chat.completions.create(model="m", messages=MESSAGES))
    content = answer.choices[0].message.content
    assert content.startswith(ANSWER + "\n\n---\n**Sponsored · Strideworks** — "), content
    assert answer.tollfree["ads"][0]["label"] == "Sponsored"
    assert json.loads(answer.model_dump_json())["tollfree"]["decision_id"] == "dec_canned"
    assert "tollfree" not in model.bodies[-1]


def a_stream(client: Any, plain: Any, model: Any, ads: Any) -> None:
    stream = client.chat.completions.create(model="m", messages=MESSAGES, stream=True)
    assert isinstance(stream, openai.Stream)
    assert list(stream.ads) == []
    chunks = list(stream)
    assert all(type(chunk).__name__ == "ChatCompletionChunk" for chunk in chunks)
    content = "".join(chunk.choices[0].delta.content or "" for chunk in chunks)
    assert content.startswith(ANSWER + "\n\n---\n**Sponsored · Strideworks** — "), content
    assert [chunk.choices[0].finish_reason for chunk in chunks][-2:] == [None, "stop"]
    assert chunks[-1].tollfree["ads"][0]["advertiser"]["name"] == "Strideworks"
    assert len(stream.ads) == 1


def the_next_turn(client: Any, plain: Any, model: Any, ads: Any) -> None:
    shown = client.chat.completions.create(model="m", messages=MESSAGES).choices[0].message.content
    turns = [*MESSAGES, {"role": "assistant", "content": shown}, *MESSAGES]
    client.chat.completions.create(model="m", messages=turns)
    assert model.bodies[-1]["messages"][1]["content"] == ANSWER
    plain.chat.completions.create(
        model="m", messages=[*MESSAGES, {"role": "assistant", "content": ANSWER}, *MESSAGES]
    )
    assert model.bodies[-1] == model.bodies[-2]


def json_mode(client: Any, plain: Any, model: Any, ads: Any) -> None:
    asked = len(ads.requests)
    answer = client.chat.completions.create(
        model="m", messages=MESSAGES, response_format={"type": "json_object"}
    )
    assert answer.choices[0].message.content == '{"shoe": "Scree"}'
    assert len(ads.requests) == asked


def a_tool_call(client: Any, plain: Any, model: Any, ads: Any) -> None:
    answer = client.chat.completions.create(model="m", messages=MESSAGES, tools=[TOOL])
    assert answer.choices[0].message.content is None
    assert answer.choices[0].message.tool_calls[0].function.name == "look_up"
    assert answer.tollfree["no_fill_reason"] == "not_placeable"
    stream = client.chat.completions.create(model="m", messages=MESSAGES, tools=[TOOL], stream=True)
    assert "".join(chunk.choices[0].delta.content or "" for chunk in stream) == ""
    assert list(stream.ads) == []


def a_raw_response(client: Any, plain: Any, model: Any, ads: Any) -> None:
    raw = client.chat.completions.with_raw_response.create(model="m", messages=MESSAGES)
    assert raw.parse().choices[0].message.content == ANSWER


def the_client_itself(client: Any, plain: Any, model: Any, ads: Any) -> None:
    answer = plain.chat.completions.create(model="m", messages=MESSAGES)
    assert answer.choices[0].message.content == ANSWER


def the_stream_helper(client: Any, plain: Any, model: Any, ads: Any) -> None:
    with client.chat.completions.stream(model="m", messages=MESSAGES) as stream:
        for _ in stream:
            pass
        content = stream.get_final_completion().choices[0].message.content
    assert content.startswith(ANSWER), content


def a_dead_network(plain: Any) -> None:
    with CannedAdServer() as ads:
        ads.behaviour = Behaviour.HANGING_UP
        with Tollfree(KEY, base_url=ads.url) as network:
            answer = with_ads(plain, network).chat.completions.create(model="m", messages=MESSAGES)
    assert answer.choices[0].message.content == ANSWER
    assert answer.tollfree["no_fill_reason"] in {"unavailable", "timeout"}


async def in_an_event_loop(model: OpenAIStandIn, ads: CannedAdServer) -> None:
    async with AsyncTollfree(KEY, base_url=ads.url, timeout=5.0) as network:
        client: Any = with_ads(openai.AsyncOpenAI(base_url=model.url, api_key="k"), network)
        answer = await client.chat.completions.create(model="m", messages=MESSAGES)
        assert "**Sponsored · Strideworks** — " in answer.choices[0].message.content
        stream = await client.chat.completions.create(model="m", messages=MESSAGES, stream=True)
        assert isinstance(stream, openai.AsyncStream)
        content = "".join([chunk.choices[0].delta.content or "" async for chunk in stream])
        assert "**Sponsored · Strideworks** — " in content
        assert len(stream.ads) == 1
        await client.close()


if __name__ == "__main__":
    main()
    sys.stdout.write("passed\n")

"""Anthropic's own client, as its users use it."""

from typing import Any

import anthropic
from anthropic import Anthropic
from checks import LABEL, QUESTION, expect_ad, run

MESSAGES: Any = [{"role": "user", "content": QUESTION}]
TOOLS: Any = [
    {
        "name": "get_weather",
        "description": "The weather.",
        "input_schema": {
            "type": "object",
            "properties": {"place": {"type": "string"}},
            "required": ["place"],
        },
    }
]
WEATHER: Any = [{"role": "user", "content": "Tell me the weather in Lisbon."}]


def client(url: str) -> Anthropic:
    return Anthropic(base_url=url, api_key="tf_live_x", max_retries=0)


def check_message(url: str, ads: bool) -> None:
    message = client(url).messages.create(
        model="demo", max_tokens=900, messages=MESSAGES, system="Be kind."
    )

    expect_ad(message.content[-1].text, ads=ads)
    assert bool((message.model_extra or {})["tollfree"]["ads"]) is ads
    assert message.stop_reason == "end_turn"
    assert message.usage.output_tokens > 0


def check_stream(url: str, ads: bool) -> None:
    with client(url).messages.stream(model="demo", max_tokens=900, messages=MESSAGES) as stream:
        text = "".join(stream.text_stream)
        message = stream.get_final_message()

    assert message.content[-1].text == text
    expect_ad(text, ads=ads)
    assert message.usage.input_tokens > 0
    assert message.usage.output_tokens > 0


def check_tool_use(url: str, ads: bool) -> None:
    with client(url).messages.stream(
        model="demo", max_tokens=900, messages=WEATHER, tools=TOOLS
    ) as stream:
        message = stream.get_final_message()

    (call,) = message.content
    assert call.type == "tool_use"
    assert message.stop_reason == "tool_use"
    assert "place" in call.input
    result: Any = [{"type": "tool_result", "tool_use_id": call.id, "content": "22 degrees"}]
    turns = [
        *WEATHER,
        {"role": "assistant", "content": message.content},
        {"role": "user", "content": result},
    ]
    again = client(url).messages.create(model="demo", max_tokens=900, messages=turns, tools=TOOLS)
    assert "22 degrees" in again.content[0].text


def check_that_a_cut_answer_says_so(url: str, ads: bool) -> None:
    message = client(url).messages.create(model="demo", max_tokens=5, messages=MESSAGES)

    assert message.stop_reason == "max_tokens"


def check_count_tokens(url: str, ads: bool) -> None:
    assert client(url).messages.count_tokens(model="demo", messages=MESSAGES).input_tokens > 5


def check_image_and_second_turn(url: str, ads: bool) -> None:
    image = {"type": "base64", "media_type": "image/png", "data": "AAAA"}
    first: Any = [{"type": "image", "source": image}, {"type": "text", "text": QUESTION}]
    api = client(url)
    message = api.messages.create(
        model="demo", max_tokens=900, messages=[{"role": "user", "content": first}]
    )

    again = api.messages.create(
        model="demo",
        max_tokens=900,
        messages=[
            {"role": "user", "content": first},
            {"role": "assistant", "content": message.content},
            {"role": "user", "content": "Which of them for the rain?"},
        ],
    )

    assert again.content[0].text.count(LABEL) == int(ads)


def check_errors(url: str, ads: bool) -> None:
    asked: list[tuple[type[anthropic.APIStatusError], Any]] = [
        (anthropic.NotFoundError, {"model": "x", "messages": MESSAGES}),
        (anthropic.BadRequestError, {"model": "demo", "messages": []}),
        (anthropic.RateLimitError, {"model": "busy", "messages": MESSAGES}),
        (anthropic.APIStatusError, {"model": "cut", "messages": MESSAGES, "stream": True}),
    ]
    for expected, members in asked:
        try:
            answer = client(url).messages.create(max_tokens=9, **members)
            list(answer)
        except expected as error:
            body: Any = error.body
            assert body["error"]["message"]
        else:
            raise AssertionError(f"No {expected.__name__} for {members['model']}.")
    try:
        Anthropic(base_url=url, api_key="bad", max_retries=0).messages.create(
            model="demo", max_tokens=9, messages=MESSAGES
        )
    except anthropic.AuthenticationError as error:
        request_id = error.request_id
    else:
        raise AssertionError("A bad key was taken.")
    assert request_id


if __name__ == "__main__":
    run(globals())

"""openai-python, versions 2 and 3, as its users use it."""

from functools import cache
from typing import Any

import openai
from checks import LABEL, QUESTION, expect_ad, run
from openai import OpenAI
from pydantic import BaseModel

MESSAGES: Any = [{"role": "user", "content": QUESTION}]
TOOLS: Any = [
    {
        "type": "function",
        "function": {
            "name": name,
            "description": "Looks something up.",
            "parameters": {
                "type": "object",
                "properties": {"place": {"type": "string"}},
                "required": ["place"],
            },
        },
    }
    for name in ("get_weather", "get_traffic")
]
WEATHER: Any = [{"role": "user", "content": "Tell me the weather and the traffic in Lisbon."}]


class Shoe(BaseModel):
    name: str
    price: float


@cache
def client(url: str) -> OpenAI:
    """One for each server, as its users keep one: each reads all certificates anew."""
    return OpenAI(base_url=f"{url}/v1", api_key="tf_live_x", max_retries=0)


def check_chat(url: str, ads: bool) -> None:
    answer = client(url).chat.completions.create(model="demo", messages=MESSAGES)

    expect_ad(answer.choices[0].message.content or "", ads=ads)
    field = (answer.model_extra or {})["tollfree"]
    assert bool(field["ads"]) is ads
    assert answer.usage is not None
    assert answer.usage.total_tokens > 0
    assert answer._request_id


def check_chat_stream(url: str, ads: bool) -> None:
    with client(url).chat.completions.stream(
        model="demo", messages=MESSAGES, stream_options={"include_usage": True}
    ) as stream:
        answer = stream.get_final_completion()

    expect_ad(answer.choices[0].message.content or "", ads=ads)
    assert answer.usage is not None


def check_several_choices(url: str, ads: bool) -> None:
    texts = ["", ""]
    for chunk in client(url).chat.completions.create(
        model="demo", messages=MESSAGES, n=2, stream=True
    ):
        for choice in chunk.choices:
            texts[choice.index] += choice.delta.content or ""

    expect_ad(texts[0], ads=ads)
    expect_ad(texts[1], ads=False)


def check_tools(url: str, ads: bool) -> None:
    answer = client(url).chat.completions.create(model="demo", messages=WEATHER, tools=TOOLS)

    calls = answer.choices[0].message.tool_calls or []
    assert [call.function.name for call in calls] == ["get_weather", "get_traffic"]
    assert answer.choices[0].message.content is None
    assert answer.choices[0].finish_reason == "tool_calls"
    results: Any = [
        {"role": "tool", "tool_call_id": call.id, "content": "22 degrees"} for call in calls
    ]
    again = client(url).chat.completions.create(
        model="demo", messages=[*WEATHER, answer.choices[0].message, *results], tools=TOOLS
    )
    assert "22 degrees" in (again.choices[0].message.content or "")


def check_streamed_tools(url: str, ads: bool) -> None:
    with client(url).chat.completions.stream(model="demo", messages=WEATHER, tools=TOOLS) as stream:
        events = list(stream)
        answer = stream.get_final_completion()

    calls = answer.choices[0].message.tool_calls or []
    assert len(calls) == 2
    assert sum(event.type == "tool_calls.function.arguments.delta" for event in events) >= 4


def check_json_schema(url: str, ads: bool) -> None:
    answer = client(url).chat.completions.parse(
        model="demo", messages=MESSAGES, response_format=Shoe
    )

    assert isinstance(answer.choices[0].message.parsed, Shoe)


def check_vision(url: str, ads: bool) -> None:
    parts: Any = [
        {"type": "text", "text": QUESTION},
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}},
    ]

    answer = client(url).chat.completions.create(
        model="demo", messages=[{"role": "user", "content": parts}]
    )

    expect_ad(answer.choices[0].message.content or "", ads=ads)


def check_responses(url: str, ads: bool) -> None:
    answer = client(url).responses.create(model="demo", input=QUESTION, store=True)

    expect_ad(answer.output_text, ads=ads)
    assert (answer.model_extra or {})["store"] is False
    again = client(url).responses.create(
        model="demo",
        input=[
            {"role": "user", "content": QUESTION},
            *answer.output,
            {"role": "user", "content": "And for the rain?"},
        ],
    )
    assert again.output_text


def check_streamed_responses(url: str, ads: bool) -> None:
    with client(url).responses.stream(model="demo", input=QUESTION) as stream:
        text = "".join(
            event.delta for event in stream if event.type == "response.output_text.delta"
        )
        answer = stream.get_final_response()

    assert answer.output_text == text
    expect_ad(text, ads=ads)
    assert answer.usage is not None


def check_responses_with_tools(url: str, ads: bool) -> None:
    tools: Any = [{"type": "function", **tool["function"], "strict": False} for tool in TOOLS]

    with client(url).responses.stream(model="demo", input=WEATHER, tools=tools) as stream:
        for _ in stream:
            pass
        answer = stream.get_final_response()

    assert [item.type for item in answer.output] == ["function_call", "function_call"]
    assert LABEL not in answer.model_dump_json()


def check_parsed_responses(url: str, ads: bool) -> None:
    answer = client(url).responses.parse(model="demo", input=QUESTION, text_format=Shoe)

    assert isinstance(answer.output_parsed, Shoe)


def check_completions(url: str, ads: bool) -> None:
    answer = client(url).completions.create(model="demo", prompt=QUESTION)
    pieces = client(url).completions.create(model="demo", prompt=QUESTION, stream=True)
    streamed = "".join(piece.choices[0].text for piece in pieces)

    for text in (answer.choices[0].text, streamed):
        expect_ad(text, ads=ads)


def check_embeddings(url: str, ads: bool) -> None:
    coded = client(url).embeddings.create(model="lexical", input=["shoes", "coffee"])
    plain = client(url).embeddings.create(
        model="lexical", input=["shoes", "coffee"], encoding_format="float"
    )

    for one, other in zip(coded.data, plain.data, strict=True):
        assert len(one.embedding) == len(other.embedding) == 1024
        difference = max(abs(a - b) for a, b in zip(one.embedding, other.embedding, strict=True))
        assert difference < 1e-6


def check_moderations(url: str, ads: bool) -> None:
    told = client(url).moderations.create(input=["A cup of coffee", "I want to kill myself"])

    assert [result.flagged for result in told.results] == [False, True]
    assert told.results[1].categories.self_harm


def check_models(url: str, ads: bool) -> None:
    assert "demo" in [model.id for model in client(url).models.list()]
    assert client(url).models.retrieve("demo").id == "demo"


def check_errors(url: str, ads: bool) -> None:
    asked: list[tuple[type[openai.APIError], Any]] = [
        (openai.NotFoundError, lambda api: api.chat.completions.create(model="x", messages=MESSAGES)),
        (openai.BadRequestError, lambda api: api.chat.completions.create(model="demo", messages=[])),
        (openai.RateLimitError, lambda api: api.responses.create(model="busy", input="Hi")),
        (openai.BadRequestError, lambda api: api.responses.retrieve("resp_1")),
        (openai.NotFoundError, lambda api: api.files.list()),
        (openai.APIError, lambda api: list(api.responses.create(model="cut", input="Hi", stream=True))),
        (openai.AuthenticationError, lambda api: api.with_options(api_key="bad").models.list()),
    ]  # fmt: skip
    for expected, ask in asked:
        try:
            ask(client(url))
        except expected as error:
            told = error.code
        else:
            raise AssertionError(f"No {expected.__name__}.")
        assert told


if __name__ == "__main__":
    run(globals())

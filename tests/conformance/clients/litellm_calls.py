"""litellm as a client of ours.

Not asked for tool calls: for those it imports the package mcp, which we do not install.
"""

from typing import Any

import litellm
from checks import QUESTION, expect_ad, run

MESSAGES: Any = [{"role": "user", "content": QUESTION}]


def ask(url: str, **members: Any) -> Any:
    return litellm.completion(
        **{"model": "openai/demo", "messages": MESSAGES, "max_retries": 0} | members,
        api_base=f"{url}/v1",
        api_key="tf_live_x",
    )


def check_completion(url: str, ads: bool) -> None:
    answer = ask(url)

    expect_ad(answer.choices[0].message.content, ads=ads)
    assert answer.usage.completion_tokens > 0


def check_stream(url: str, ads: bool) -> None:
    chunks = list(ask(url, stream=True, stream_options={"include_usage": True}))

    answer: Any = litellm.stream_chunk_builder(chunks)
    expect_ad(answer.choices[0].message.content, ads=ads)


def check_embeddings(url: str, ads: bool) -> None:
    told = litellm.embedding(
        model="openai/lexical",
        input=["shoes"],
        api_base=f"{url}/v1",
        api_key="tf_live_x",
        encoding_format="float",
    )

    assert len(told.data[0]["embedding"]) == 1024


def check_errors(url: str, ads: bool) -> None:
    for model, expected in (
        ("openai/x", litellm.NotFoundError),
        ("openai/busy", litellm.RateLimitError),
    ):
        try:
            ask(url, model=model)
        except expected:
            continue
        raise AssertionError(f"No {expected.__name__}.")


if __name__ == "__main__":
    run(globals())

"""Long conversations lose their oldest rounds: by real tokens, in whole rounds, and seldom."""

import importlib.util
from itertools import pairwise, takewhile
from pathlib import Path
from typing import Any

import orjson
import pytest
import tiktoken

from api.chat.token_guess import tokens_in_message, tokens_in_text
from api.chat.trimming import trimmed

_SYSTEM = {"role": "system", "content": "You sell running shoes, and you are honest about it."}
_TALK = (
    "I run four times a week on asphalt and my arches are flat, so my heels roll inwards.",
    "Then a firm inner side helps: it keeps the heel straight while the rest stays soft. " * 4,
)


@pytest.fixture(scope="module")
def counted() -> Any:
    """A real tokenizer, from the copy that litellm brings along; nothing is downloaded."""
    found = importlib.util.find_spec("litellm")
    assert found is not None
    assert found.origin is not None
    folder = Path(found.origin).parent / "litellm_core_utils" / "tokenizers"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TIKTOKEN_CACHE_DIR", str(folder))
        encoding = tiktoken.get_encoding("cl100k_base")
    return lambda messages: len(encoding.encode(orjson.dumps(messages).decode()))


def a_talk(rounds: int) -> list[dict[str, Any]]:
    said: list[dict[str, Any]] = [_SYSTEM]
    for number in range(rounds):
        said.append({"role": "user", "content": f"{number}. {_TALK[0]}"})
        if number % 3 == 0:
            call = {"id": f"call_{number}", "type": "function", "function": {"name": "shop", "arguments": '{"q":"shoes"}'}}  # fmt: skip
            said.append({"role": "assistant", "content": None, "tool_calls": [call]})
            said.append({"role": "tool", "tool_call_id": f"call_{number}", "content": "[41, 42]"})
        said.append({"role": "assistant", "content": f"{number}. {_TALK[1]}"})
    return said


def requests_of(talk: list[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    """Every request that led to this conversation: up to each word of a person or a tool."""
    return [
        talk[: position + 1]
        for position, message in enumerate(talk)
        if message["role"] in {"user", "tool"}
    ]


def shared(one: list[Any], other: list[Any]) -> list[Any]:
    """The messages that both begin with."""
    return [a for a, _ in takewhile(lambda both: both[0] == both[1], zip(one, other, strict=False))]


def test_a_guess_is_above_the_real_count_and_not_by_much(counted: Any) -> None:
    texts = [
        *_TALK,
        "跑鞋应该合脚,脚趾前面要留出一点空间。" * 5,
        "Größe 42½ fühlt sich weich an. " * 8,
    ]

    for text in texts:
        real = counted(text)
        assert real * 0.9 <= tokens_in_text(text) <= real * 2.1, text


def test_what_is_left_fits_by_real_tokens(counted: Any) -> None:
    for request in requests_of(a_talk(40)):
        left = trimmed(request, budget=2_000)

        assert counted(left.messages) <= 2_000
        assert sum(map(tokens_in_message, left.messages)) == left.tokens


def test_a_system_message_stays_and_no_call_is_parted_from_its_answer() -> None:
    for request in requests_of(a_talk(40)):
        left = trimmed(request, budget=1_500).messages

        assert left[0] == _SYSTEM
        assert left[-1] == request[-1]
        assert left[1]["role"] == "user"
        called = {call["id"] for one in left for call in one.get("tool_calls") or ()}
        assert {one["tool_call_id"] for one in left if one["role"] == "tool"} <= called


def test_most_turns_begin_as_the_one_before_so_that_prompt_caches_go_on(counted: Any) -> None:
    requests = [list(trimmed(one, budget=2_000).messages) for one in requests_of(a_talk(60))]
    whole = [counted(left) for left in requests]
    served = [counted(shared(*both)) for both in pairwise(requests)]

    # A window that moves each turn would share the system message only, once it is full.
    assert sum(shared(*both) == both[0] for both in pairwise(requests)) / len(requests) > 0.85
    assert sum(served) / sum(whole) > 0.6


def test_a_short_conversation_is_left_alone() -> None:
    talk = a_talk(3)

    assert list(trimmed(talk, budget=10_000).messages) == talk
    assert trimmed(talk, budget=10_000).left_out == 0


def test_the_last_round_is_never_touched() -> None:
    talk = [*a_talk(4), {"role": "user", "content": _TALK[1] * 20}]
    left = trimmed(talk, budget=300)

    assert list(left.messages) == [_SYSTEM, talk[-1]]
    assert left.tokens > 300

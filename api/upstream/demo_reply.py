"""One request to the demo model turned into one reply: text, a tool call, or JSON.

Pure and deterministic. Order of judgement: structured output, a tool that was asked for, the result
of a tool, a sensitive subject, and only then an ordinary answer. Honours `stop`, the token limits
and `n`; a token is a word or a mark, counted alike in requests and replies.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, Final

import orjson

from api.upstream.demo_answer import SENSITIVE, answer
from api.upstream.demo_values import ValueMaker, named_members
from api.upstream.demo_words import Wishes, plain, read_wishes, text_of
from language.sensitive_topics import screen

_TOKEN: Final = re.compile(r"\s*(?:\w+|[^\w\s])")
_MAX_CHOICES: Final = 8
_MESSAGE_OVERHEAD: Final = 3


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A call that the model asks its caller to make; `arguments` is JSON."""

    id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class Reply:
    """What the model says, cut into tokens, and why it stopped. `id` depends on the request only."""

    id: str
    tokens: tuple[str, ...]
    tool_calls: tuple[ToolCall, ...]
    finish_reason: str
    choices: int
    prompt_tokens: int

    @property
    def text(self) -> str | None:
        return None if self.tool_calls else "".join(self.tokens)

    @property
    def usage(self) -> dict[str, int]:
        """In the members that OpenAI's `usage` has."""
        called = sum(len(_TOKEN.findall(call.arguments)) + 1 for call in self.tool_calls)
        completion = (len(self.tokens) + called) * self.choices
        return {
            "prompt_tokens": self.prompt_tokens,
            "completion_tokens": completion,
            "total_tokens": self.prompt_tokens + completion,
        }


def reply_to(request: Mapping[str, Any]) -> Reply:
    """The demo model's reply to a chat request."""
    messages = request.get("messages")
    listed: list[Any] = messages if isinstance(messages, list) else []
    wishes = read_wishes(listed)
    choices = request.get("n")
    calls = _tool_calls(request, listed, wishes)
    text = "" if calls else _text(request, listed, wishes)
    tokens, reason = _limited(_stopped(text, request.get("stop")), request)
    digest = blake2b(
        orjson.dumps([listed, choices], option=orjson.OPT_SORT_KEYS), digest_size=12
    ).hexdigest()
    return Reply(
        id=f"chatcmpl-demo{digest}",
        tokens=tokens,
        tool_calls=calls,
        finish_reason="tool_calls" if calls else reason,
        choices=min(choices, _MAX_CHOICES) if isinstance(choices, int) and choices > 0 else 1,
        prompt_tokens=sum(
            len(_TOKEN.findall(text_of(message))) + _MESSAGE_OVERHEAD for message in listed
        ),
    )


def _text(request: Mapping[str, Any], messages: list[Any], wishes: Wishes) -> str:
    structured = _structured(request, wishes)
    if structured is not None:
        return structured
    last = messages[-1] if messages and isinstance(messages[-1], Mapping) else {}
    if last.get("role") in ("tool", "function"):
        result = plain(text_of(last))[:300] or "nothing"
        return (
            f"The tool answered: {result}\n\nThat is what this demo model can say about "
            f"**{wishes.subject}**: it passes on what tools return and adds nothing of its own."
        )
    if screen(wishes.said) is not None:
        return SENSITIVE
    return answer(wishes)


def _structured(request: Mapping[str, Any], wishes: Wishes) -> str | None:
    wanted = request.get("response_format")
    if not isinstance(wanted, Mapping):
        return None
    if wanted.get("type") == "json_schema":
        named = wanted.get("json_schema")
        schema = named.get("schema") if isinstance(named, Mapping) else None
        root = schema if isinstance(schema, Mapping) else {}
        return orjson.dumps(ValueMaker(wishes, root).fill(root)).decode()
    if wanted.get("type") == "json_object":
        named = named_members(wishes.said)
        outline: dict[str, Any] = dict.fromkeys(named, wishes.subject) or {
            "subject": wishes.subject,
            "keywords": list(wishes.keywords),
            "note": "Arranged from your own words by Tollfree’s demo model.",
        }
        return orjson.dumps(outline).decode()
    return None


def _tool_calls(
    request: Mapping[str, Any], messages: list[Any], wishes: Wishes
) -> tuple[ToolCall, ...]:
    tools, choice = request.get("tools"), request.get("tool_choice")
    last = messages[-1] if messages and isinstance(messages[-1], Mapping) else {}
    if not isinstance(tools, list) or choice == "none" or last.get("role") == "tool":
        return ()
    offered = [tool["function"] for tool in tools if _is_function(tool)]
    if isinstance(choice, Mapping):
        named = choice.get("function")
        name = named.get("name") if isinstance(named, Mapping) else None
        wanted = [function for function in offered if function["name"] == name]
    else:
        wanted = [function for function in offered if _is_asked_for(function["name"], wishes)]
        if not wanted and choice == "required":
            wanted = offered[:1]
    if request.get("parallel_tool_calls") is False:
        wanted = wanted[:1]
    return tuple(_call(function, wishes, position) for position, function in enumerate(wanted))


def _call(function: Mapping[str, Any], wishes: Wishes, position: int) -> ToolCall:
    parameters = function.get("parameters")
    root = parameters if isinstance(parameters, Mapping) else {"type": "object"}
    arguments = orjson.dumps(ValueMaker(wishes, root).fill(root)).decode()
    seed = f"{position}:{function['name']}:{arguments}:{wishes.said}"
    digest = blake2b(seed.encode("utf-8", "replace"), digest_size=12).hexdigest()
    return ToolCall(f"call_{digest}", function["name"], arguments)


def _is_function(tool: Any) -> bool:
    function = tool.get("function") if isinstance(tool, Mapping) else None
    return isinstance(function, Mapping) and isinstance(function.get("name"), str)


def _is_asked_for(name: str, wishes: Wishes) -> bool:
    """Whether the user's words mention the tool, or a telling part of its name."""
    said = wishes.said.lower()
    parts = re.findall(r"[A-Z]?[a-z]{4,}", name)
    return name.lower() in said or any(part.lower() in said for part in parts)


def _stopped(text: str, stop: Any) -> str:
    listed = [stop] if isinstance(stop, str) else stop if isinstance(stop, list) else []
    ends = [text.find(mark) for mark in listed if isinstance(mark, str) and mark]
    found = [end for end in ends if end >= 0]
    return text[: min(found)] if found else text


def _limited(text: str, request: Mapping[str, Any]) -> tuple[tuple[str, ...], str]:
    tokens = _TOKEN.findall(text)
    rest = text[sum(map(len, tokens)) :]
    if rest:
        # White space at the end belongs to the last token, or is all there is.
        tokens = [*tokens[:-1], (tokens[-1] if tokens else "") + rest]
    given = request.get("max_completion_tokens") or request.get("max_tokens")
    if isinstance(given, int) and 0 < given < len(tokens):
        return tuple(tokens[:given]), "length"
    return tuple(tokens), "stop"

"""How large one request may be: `max_tokens`, `n`, the conversation, and rounds of tools, by tier.

What the caller named too high is lowered, and a header of the answer says so. A body that names
nothing goes upstream as it came: some models refuse a member that others need. A conversation that
is too long is refused, or with ``x-tollfree-trim: on`` (or a number of tokens) loses its oldest
rounds. The group of the prompt is noted here as well, because this is where the visit meets the body.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from api.access.limits import Tier
from api.access.visit import Visit, current_visit
from api.chat.request import ChatRequest
from api.chat.token_guess import tokens_in_json, tokens_in_message
from api.chat.trimming import trimmed
from api.monitoring.prompt_groups import group_of
from kernel.errors import BadRequest

_LENGTHS: Final = ("max_tokens", "max_completion_tokens")
_TRIM: Final = "x-tollfree-trim"
_TOOLS_ANSWER: Final = frozenset({"tool", "function"})
_LEAST_TRIMMED: Final = 256


def within_limits(
    request: ChatRequest, headers: Mapping[str, str], *, size: int, group_key: bytes = b""
) -> ChatRequest:
    """The same request, or a copy within what the caller's tier allows. Raises BadRequest.

    `size` is that of the body in bytes, of which no token has less than one.
    """
    visit = current_visit()
    if visit is None:
        return request
    body, most = request.body, visit.tier
    visit.prompt_group = group_of(body, visit.caller.app_id if visit.caller else "", key=group_key)
    changed = _lowered(body, visit, most)
    if body["messages"][-1]["role"] in _TOOLS_ANSWER:
        _check_tool_rounds(body["messages"], most)
    wish = headers.get(_TRIM)
    if wish is not None and wish != "off":
        changed = {**changed, **_trimmed(body, visit, _budget(wish, most))}
    named = _named_length({**body, **changed} if changed else body)
    if named is not None:
        visit.may_write(named)
    if size > most.max_context_tokens:
        _check_context({**body, **changed}, most)
    return replace(request, body={**body, **changed}) if changed else request


def _lowered(body: Mapping[str, Any], visit: Visit, most: Tier) -> dict[str, Any]:
    lowered = {
        name: most.max_output_tokens
        for name in _LENGTHS
        if _is_over(body.get(name), most.max_output_tokens)
    }
    if _is_over(body.get("n"), most.max_choices):
        lowered["n"] = most.max_choices
    if lowered:
        told = ", ".join(f"{name}={value}" for name, value in lowered.items())
        visit.notes.append((b"x-tollfree-clamped", told.encode()))
    return lowered


def _named_length(body: Mapping[str, Any]) -> int | None:
    """The most that the caller will have written, in all choices."""
    named = body.get("max_completion_tokens", body.get("max_tokens"))
    if type(named) is not int:
        return None
    choices = body.get("n")
    return named * choices if type(choices) is int and choices > 1 else named


def _trimmed(body: Mapping[str, Any], visit: Visit, budget: int) -> dict[str, Any]:
    done = trimmed(body["messages"], budget=budget, beside=tokens_in_json(body.get("tools")))
    if not done.left_out:
        return {}
    told = f"messages={done.left_out}, kept={len(done.messages)}, tokens={done.tokens}"
    visit.notes.append((b"x-tollfree-trimmed", told.encode()))
    return {"messages": done.messages}


def _budget(wish: str, most: Tier) -> int:
    if wish == "on":
        return most.max_context_tokens
    if not wish.isascii() or not wish.isdigit() or not _LEAST_TRIMMED <= int(wish) <= 10**9:
        raise BadRequest(
            f"`{_TRIM}` must be on, off, or a number of tokens from {_LEAST_TRIMMED}.", param=_TRIM
        )
    return min(int(wish), most.max_context_tokens)


def _check_context(body: Mapping[str, Any], most: Tier) -> None:
    tokens = sum(map(tokens_in_message, body["messages"])) + tokens_in_json(body.get("tools"))
    if tokens > most.max_context_tokens:
        raise BadRequest(
            f"This conversation is about {tokens:,} tokens long, and the tier of your app "
            f"({most.name}) allows {most.max_context_tokens:,}. Send less of it, or send the header "
            f"`{_TRIM}: on` to have its oldest rounds left out.",
            param="messages",
            code="context_length_exceeded",
        )


def _check_tool_rounds(messages: Any, most: Tier) -> None:
    rounds = 0
    for message in reversed(messages):
        if message["role"] == "user":
            break
        rounds += message["role"] == "assistant"
    if rounds > most.max_tool_rounds:
        raise BadRequest(
            f"The model has called tools {rounds} times since the last message of a user, and the "
            f"tier of your app ({most.name}) allows {most.max_tool_rounds}. Stop the loop, or go on "
            "after a message of the user.",
            param="messages",
            code="tool_loop_too_long",
        )


def _is_over(value: Any, most: int) -> bool:
    return type(value) is int and value > most

"""How long one answer may be: `max_tokens`, `max_completion_tokens` and `n`, by tier.

Only what the caller named is lowered, and a header of the answer says so. A body that names nothing
goes upstream as it came: some models refuse a member that others need. The group of the prompt is
noted here as well, because this is where the visit meets the body.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from api.access.visit import current_visit
from api.chat.request import ChatRequest
from api.monitoring.prompt_groups import group_of

_LENGTHS: Final = ("max_tokens", "max_completion_tokens")


def within_limits(request: ChatRequest, *, group_key: bytes = b"") -> ChatRequest:
    """The same request, or a copy within what the caller's tier allows."""
    visit = current_visit()
    if visit is None:
        return request
    visit.prompt_group = group_of(
        request.body, visit.caller.app_id if visit.caller else "", key=group_key
    )
    most, body = visit.tier, request.body
    lowered = {
        name: most.max_output_tokens
        for name in _LENGTHS
        if _is_over(body.get(name), most.max_output_tokens)
    }
    if _is_over(body.get("n"), most.max_choices):
        lowered["n"] = most.max_choices
    if not lowered:
        return request
    told = ", ".join(f"{name}={value}" for name, value in lowered.items())
    visit.notes.append((b"x-tollfree-clamped", told.encode()))
    named: Mapping[str, Any] = {**body, **lowered}
    return replace(request, body=named)


def _is_over(value: Any, most: int) -> bool:
    return type(value) is int and value > most

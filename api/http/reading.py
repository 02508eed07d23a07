"""Members of a request body, read with a clear refusal for what we cannot honour.

Everything raises BadRequest that names the member, so that a caller sees at once what to change.
"""

from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from kernel.errors import BadRequest

Kind = TypeVar("Kind")


def required(body: Mapping[str, Any], name: str, kind: type[Kind], what: str) -> Kind:
    """A member that must be there, and of its kind."""
    value = body.get(name)
    if not isinstance(value, kind):
        raise BadRequest(f"`{name}` must be {what}.", param=name)
    return value


def objects(value: Any, where: str) -> list[dict[str, Any]]:
    """A list of objects, empty for null."""
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
        raise BadRequest(f"`{where}` must be a list of objects.", param=where)
    return value


def text_in(part: Mapping[str, Any], name: str, where: str) -> str:
    """A string member of a part."""
    value = part.get(name)
    if not isinstance(value, str):
        raise BadRequest(f"`{where}.{name}` must be a string.", param=f"{where}.{name}")
    return value


def refused(name: str, why: str) -> BadRequest:
    """What we do not do, and what to send instead."""
    return BadRequest(f"`{name}` {why}", param=name, code="unsupported_parameter")


def passed_on(body: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    """The members that mean the same on both sides, where they are given."""
    return {name: body[name] for name in names if body.get(name) is not None}


def whole_usage(usage: Any) -> dict[str, int]:
    """The counts of a chat usage, each one there: prompt, completion, cached, reasoning."""
    given = usage if isinstance(usage, dict) else {}
    return {
        "prompt": _count(given.get("prompt_tokens")),
        "completion": _count(given.get("completion_tokens")),
        "cached": _count(_inside(given, "prompt_tokens_details").get("cached_tokens")),
        "reasoning": _count(_inside(given, "completion_tokens_details").get("reasoning_tokens")),
    }


def _inside(given: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = given.get(name)
    return value if isinstance(value, dict) else {}


def _count(value: Any) -> int:
    return value if type(value) is int and value >= 0 else 0

"""Chat messages and a caller's options as an ad request.

Takes messages as OpenAI's clients do: dictionaries, or objects with a role and content. Our own
earlier ads are taken out first, so that neither the model nor the matching ever reads one. A
person's id leaves this machine only as a digest.
"""

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any, Final

from tollfree_sdk.contract import AdRequest, Format, Turn
from tollfree_sdk.placement import remove, well_formed

_SAME_NAME: Final = frozenset(
    {
        "placement",
        "country",
        "language",
        "consent",
        "minor",
        "test",
        "floor_micros",
        "min_relevance",
        "ads_per_session",
        "turns_between",
        "app",
    }
)
_LISTS: Final = frozenset(
    {"keywords", "blocked_categories", "blocked_domains", "blocked_advertisers"}
)


def without_ads(messages: Iterable[Any], *, base_url: str) -> list[Any]:
    """The same messages without ads of the network at `base_url`."""
    listed = list(messages)
    if not all(isinstance(message, Mapping) for message in listed):
        return listed
    return remove(listed, public_url=base_url, verifies=well_formed).messages


def ad_request(messages: Iterable[Any], options: Mapping[str, Any]) -> AdRequest:
    """An ad request about the last turn of `messages`. Raises TypeError for an unknown option."""
    values: dict[str, Any] = {}
    for name, value in options.items():
        if value is None:
            continue
        if name in _SAME_NAME:
            values[name] = value
        elif name in _LISTS:
            values[name] = tuple(value)
        elif name == "formats":
            values[name] = tuple(map(Format, value))
        elif name == "session_id":
            values["session"] = _digest(value)
        elif name == "user_id":
            values["end_user"] = _digest(value)
        else:
            raise TypeError(f"There is no ad option {name}.")
    return AdRequest(tuple(map(_turn, messages)), **values)


def _turn(message: Any) -> Turn:
    if isinstance(message, Mapping):
        return Turn(str(message.get("role", "user")), _text(message.get("content")))
    return Turn(str(getattr(message, "role", "user")), _text(getattr(message, "content", "")))


def _text(content: Any) -> str:
    if isinstance(content, str):
        return content
    if not isinstance(content, list | tuple):
        return ""
    parts = [part.get("text") for part in content if isinstance(part, Mapping)]
    return "\n".join(part for part in parts if isinstance(part, str))


def _digest(name: object) -> str:
    return hashlib.sha256(f"tollfree\0{name}".encode("utf-8", "surrogatepass")).hexdigest()[:32]

"""One chunk of a stream, read with suspicion.

Upstreams are not trusted to keep to the format: whatever does not is dropped and counted, never
passed on and never the end of a stream. Pure.
"""

from dataclasses import dataclass
from typing import Any, Final

import orjson

from kernel.errors import UpstreamFailed

_ENVELOPE: Final = ("id", "object", "created", "model", "system_fingerprint", "service_tier")


@dataclass(slots=True)
class Chunk:
    """A chunk and what choice 0 says in it; `body` is the parsed event, ours to change."""

    body: dict[str, Any]
    first: dict[str, Any] | None
    delta: dict[str, Any]
    is_changed: bool = False

    @property
    def content(self) -> str:
        content = self.delta.get("content")
        return content if isinstance(content, str) else ""

    @property
    def finish_reason(self) -> str | None:
        reason = None if self.first is None else self.first.get("finish_reason")
        return reason if isinstance(reason, str) else None

    @property
    def calls_a_tool(self) -> bool:
        return bool(self.delta.get("tool_calls") or self.delta.get("function_call"))

    @property
    def is_empty(self) -> bool:
        """Whether it has no choices: it carries usage, or nothing that a client could use."""
        return not self.body["choices"]

    @property
    def usage(self) -> dict[str, Any] | None:
        usage = self.body.get("usage")
        return usage if isinstance(usage, dict) else None

    def envelope(self) -> dict[str, Any]:
        """The members that all chunks of an answer share."""
        return {name: self.body[name] for name in _ENVELOPE if name in self.body}


def read_chunk(data: bytes) -> Chunk | None:
    """The chunk in an event, None when it is none. Raises UpstreamFailed for an error event."""
    try:
        body = orjson.loads(data)
    except orjson.JSONDecodeError:
        return None
    if not isinstance(body, dict):
        return None
    if body.get("error"):
        # Its words may quote credentials or the conversation; the caller learns that it failed.
        raise UpstreamFailed("The model's provider reported an error and broke off its answer.")
    choices = body.get("choices")
    if not isinstance(choices, list) or not all(isinstance(one, dict) for one in choices):
        return None
    first = next((one for one in choices if one.get("index", 0) == 0), None)
    delta = None if first is None else first.get("delta")
    # What an upstream calls by our name is not ours.
    is_changed = body.pop("tollfree", None) is not None
    return Chunk(body, first, delta if isinstance(delta, dict) else {}, is_changed=is_changed)


def content_chunk(envelope: dict[str, Any], content: str, *, with_usage: bool) -> dict[str, Any]:
    """A chunk with text of choice 0 that we write ourselves."""
    choice = {"index": 0, "delta": {"content": content}, "logprobs": None, "finish_reason": None}
    chunk = {**envelope, "choices": [choice]}
    return {**chunk, "usage": None} if with_usage else chunk


def finish_chunk(envelope: dict[str, Any]) -> Chunk:
    """The finish of choice 0, for an upstream that forgot it."""
    choice: dict[str, Any] = {"index": 0, "delta": {}, "logprobs": None, "finish_reason": "stop"}
    return Chunk({**envelope, "choices": [choice]}, choice, {}, is_changed=True)

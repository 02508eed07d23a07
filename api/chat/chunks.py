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
    delta: dict[str, Any]
    content: str = ""
    finish_reason: str | None = None
    usage: dict[str, Any] | None = None
    is_changed: bool = False
    #: Choices other than the first, and whether each ends here.
    others: dict[int, bool] | None = None

    @property
    def calls_a_tool(self) -> bool:
        return bool(self.delta.get("tool_calls") or self.delta.get("function_call"))

    @property
    def is_empty(self) -> bool:
        """Whether it has no choices: it carries usage, or nothing that a client could use."""
        return not self.body["choices"]

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
    if not isinstance(choices, list):
        return None
    chunk = Chunk(body, {})
    for choice in choices:
        if not isinstance(choice, dict):
            return None
        if choice.get("index", 0) == 0:
            _hear(choice, chunk)
        else:
            others = chunk.others = chunk.others or {}
            others[choice["index"]] = choice.get("finish_reason") is not None
    usage = body.get("usage")
    chunk.usage = usage if isinstance(usage, dict) else None
    if "tollfree" in body:
        # What an upstream calls by our name is not ours.
        del body["tollfree"]
        chunk.is_changed = True
    return chunk


def _hear(choice: dict[str, Any], chunk: Chunk) -> None:
    delta, reason = choice.get("delta"), choice.get("finish_reason")
    if isinstance(delta, dict):
        content = delta.get("content")
        chunk.delta = delta
        chunk.content = content if isinstance(content, str) else ""
    if isinstance(reason, str):
        chunk.finish_reason = reason


def content_chunk(envelope: dict[str, Any], content: str, *, with_usage: bool) -> dict[str, Any]:
    """A chunk with text of choice 0 that we write ourselves."""
    choice = {"index": 0, "delta": {"content": content}, "logprobs": None, "finish_reason": None}
    chunk = {**envelope, "choices": [choice]}
    return {**chunk, "usage": None} if with_usage else chunk


def usage_chunk(envelope: dict[str, Any], usage: dict[str, Any]) -> dict[str, Any]:
    """The last chunk of a stream that was asked for its counts; it has no choices."""
    return {**envelope, "choices": [], "usage": usage}


def finish_chunk(envelope: dict[str, Any]) -> Chunk:
    """The finish of choice 0, for an upstream that forgot it."""
    choice: dict[str, Any] = {"index": 0, "delta": {}, "logprobs": None, "finish_reason": "stop"}
    return Chunk({**envelope, "choices": [choice]}, {}, finish_reason="stop", is_changed=True)

"""Anthropic's message, whole and as events.

    message_start ─ (content_block_start ─ content_block_delta… ─ content_block_stop)…
    message_delta (stop_reason, usage, tollfree) ─ message_stop           or one `error` event

The text of the ad is the end of the last text block. Thoughts are passed on where the caller asked
for them. Token counts come with message_delta, because a chat stream tells them at its end.
"""

from collections.abc import Mapping
from typing import Any, Final

import orjson

from api.http.reading import whole_usage
from api.http.responses_answer import id_after, thoughts_in
from api.http.translation import named_event

_REASONS: Final = {
    "stop": "end_turn",
    "length": "max_tokens",
    "tool_calls": "tool_use",
    "function_call": "tool_use",
    "content_filter": "refusal",
}


def whole(asked: Mapping[str, Any], chat: dict[str, Any]) -> dict[str, Any]:
    """The message for a chat answer in one piece."""
    choice = chat["choices"][0]
    told = choice["message"]
    content: list[dict[str, Any]] = []
    if (thoughts := thoughts_in(told)) and _wants_thoughts(asked):
        content.append({"type": "thinking", "thinking": thoughts, "signature": ""})
    text = told.get("content") or told.get("refusal")
    if isinstance(text, str) and text:
        content.append(_text_block(text))
    for call in told.get("tool_calls") or []:
        function = call.get("function") or {}
        given = _arguments(function.get("arguments"))
        content.append(_tool_block(call.get("id"), function.get("name"), given))
    message = _message(asked, chat, content, usage(chat.get("usage")))
    message["stop_reason"] = _reason(choice.get("finish_reason"), bool(told.get("refusal")))
    if "tollfree" in chat:
        message["tollfree"] = chat["tollfree"]
    return message


def usage(given: Any) -> dict[str, int]:
    """Anthropic's counts: what came from a cache is not among the input tokens."""
    counts = whole_usage(given)
    return {
        "input_tokens": max(0, counts["prompt"] - counts["cached"]),
        "output_tokens": counts["completion"],
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": counts["cached"],
    }


class MessageEvents:
    """Feed it the chunks of a chat stream, get Anthropic's events."""

    def __init__(self, asked: Mapping[str, Any]) -> None:
        self._asked = asked
        self._chat: dict[str, Any] = {}
        self._reason: str | None = None
        self._refused = False
        self._blocks = 0
        self._open: str | None = None

    def chunk(self, body: dict[str, Any]) -> list[bytes]:
        said = [] if self._chat else self._begin(body)
        for name in ("usage", "tollfree"):
            if body.get(name) is not None:
                self._chat[name] = body[name]
        for choice in body["choices"]:
            if choice.get("index", 0) == 0:
                said += self._hear(choice)
        return said

    def done(self) -> list[bytes]:
        said = self._stop_block()
        delta = {"stop_reason": _reason(self._reason, self._refused), "stop_sequence": None}
        end = {"type": "message_delta", "delta": delta, "usage": usage(self._chat.get("usage"))}
        if "tollfree" in self._chat:
            end["tollfree"] = self._chat["tollfree"]
        return [*said, _event(end), _event({"type": "message_stop"})]

    def broken(self, error: Mapping[str, Any]) -> bytes:
        return _event({"type": "error", "error": dict(error)})

    def _begin(self, body: dict[str, Any]) -> list[bytes]:
        self._chat = {"id": body.get("id"), "model": body.get("model")}
        message = _message(self._asked, self._chat, [], usage(None))
        return [_event({"type": "message_start", "message": message})]

    def _hear(self, choice: dict[str, Any]) -> list[bytes]:
        delta = choice.get("delta") or {}
        said: list[bytes] = []
        if (thoughts := thoughts_in(delta)) and _wants_thoughts(self._asked):
            empty = {"type": "thinking", "thinking": "", "signature": ""}
            said += self._turn_to("thinking", empty)
            said.append(self._delta({"type": "thinking_delta", "thinking": thoughts}))
        for name in ("content", "refusal"):
            if isinstance(delta.get(name), str) and delta[name]:
                self._refused = self._refused or name == "refusal"
                said += self._turn_to("text", _text_block(""))
                said.append(self._delta({"type": "text_delta", "text": delta[name]}))
        for call in delta.get("tool_calls") or []:
            said += self._call(call)
        if choice.get("finish_reason"):
            self._reason = choice["finish_reason"]
            said += self._stop_block()
        return said

    def _call(self, call: dict[str, Any]) -> list[bytes]:
        told = call.get("function") or {}
        block = _tool_block(call.get("id"), told.get("name"), {})
        said = self._turn_to(f"call {call.get('index', 0)}", block)
        if told.get("arguments"):
            said.append(
                self._delta({"type": "input_json_delta", "partial_json": told["arguments"]})
            )
        return said

    def _turn_to(self, kind: str, block: dict[str, Any]) -> list[bytes]:
        """Open a block of this kind unless it is open; blocks come one after the other."""
        if self._open == kind:
            return []
        said = self._stop_block()
        self._open = kind
        start = {"type": "content_block_start", "index": self._blocks, "content_block": block}
        return [*said, _event(start)]

    def _stop_block(self) -> list[bytes]:
        if self._open is None:
            return []
        self._open = None
        index, self._blocks = self._blocks, self._blocks + 1
        return [_event({"type": "content_block_stop", "index": index})]

    def _delta(self, delta: dict[str, Any]) -> bytes:
        return _event({"type": "content_block_delta", "index": self._blocks, "delta": delta})


def _message(
    asked: Mapping[str, Any],
    chat: Mapping[str, Any],
    content: list[dict[str, Any]],
    counts: dict[str, int],
) -> dict[str, Any]:
    return {
        "id": id_after("msg", chat.get("id")),
        "type": "message",
        "role": "assistant",
        "model": chat.get("model") or asked.get("model"),
        "content": content,
        "stop_reason": None,
        "stop_sequence": None,
        "usage": counts,
    }


def _text_block(text: str) -> dict[str, Any]:
    return {"type": "text", "text": text, "citations": None}


def _tool_block(call_id: Any, name: Any, given: Any) -> dict[str, Any]:
    return {"type": "tool_use", "id": call_id or "", "name": name or "", "input": given}


def _arguments(written: Any) -> Any:
    try:
        return orjson.loads(written or "{}")
    except orjson.JSONDecodeError:
        # A model can write arguments that are no JSON; the caller sees what it wrote.
        return {"arguments": written}


def _wants_thoughts(asked: Mapping[str, Any]) -> bool:
    thinking = asked.get("thinking")
    return isinstance(thinking, dict) and thinking.get("type") in ("enabled", "adaptive")


def _reason(told: str | None, refused: bool) -> str:  # noqa: FBT001  named by its one caller's words
    return "refusal" if refused else _REASONS.get(told or "stop", "end_turn")


def _event(body: dict[str, Any]) -> bytes:
    return named_event(body["type"], body)

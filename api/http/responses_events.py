"""The events of a streamed response.

    created, in_progress
      output_item.added ─ content_part.added ─ …delta… ─ …done ─ content_part.done ─ output_item.done
    completed | incomplete                        (or one `error` event, never both)

Each event has the next sequence number. A function call has argument deltas instead of parts, and
calls stay open side by side until the model stops, because their deltas may take turns.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from api.http import responses_answer as wire
from api.http.translation import named_event


@dataclass(slots=True)
class _Item:
    """An output item that is still being written; `kind` is text, refusal, reasoning or call."""

    kind: str
    position: int
    id: str
    pieces: list[str] = field(default_factory=list)
    logprobs: list[dict[str, Any]] = field(default_factory=list)
    call_id: str = ""
    name: str = ""

    def written(self, status: str) -> dict[str, Any]:
        text = "".join(self.pieces)
        if self.kind == "call":
            return wire.call_item(self.id, self.call_id, self.name, arguments=text, status=status)
        parts = [self.part(text)] if status != "in_progress" else []
        make = wire.reasoning_item if self.kind == "reasoning" else wire.message_item
        return make(self.id, parts, status)

    def part(self, text: str) -> dict[str, Any]:
        match self.kind:
            case "reasoning":
                return {"type": "reasoning_text", "text": text}
            case "refusal":
                return {"type": "refusal", "refusal": text}
            case _:
                return wire.text_part(text, self.logprobs if text else None)


_DELTAS = {
    "text": ("response.output_text", "text"),
    "refusal": ("response.refusal", "refusal"),
    "reasoning": ("response.reasoning_text", "text"),
}
_PREFIXES = {"text": "msg", "refusal": "msg", "reasoning": "rs", "call": "fc"}


class ResponseEvents:
    """Feed it the chunks of a chat stream; `asked` is the request, whose settings are echoed."""

    def __init__(self, asked: Mapping[str, Any]) -> None:
        self._asked = asked
        self._sent = 0
        self._chat: dict[str, Any] = {}
        self._reason: str | None = None
        self._output: dict[int, dict[str, Any]] = {}
        self._part: _Item | None = None
        self._calls: dict[int, _Item] = {}
        self._items = 0

    def chunk(self, body: dict[str, Any]) -> list[bytes]:
        said = [] if self._chat else self._begin(body)
        for name in ("usage", "tollfree", "service_tier"):
            if body.get(name) is not None:
                self._chat[name] = body[name]
        for choice in body["choices"]:
            if choice.get("index", 0) == 0:
                said += self._hear(choice)
        return said

    def done(self) -> list[bytes]:
        said = self._close_all()
        output = [self._output[position] for position in sorted(self._output)]
        made = wire.finished(self._asked, self._chat, self._reason, output)
        extra = {"tollfree": made["tollfree"]} if "tollfree" in made else {}
        return [*said, self._event(f"response.{made['status']}", response=made, **extra)]

    def broken(self, error: Mapping[str, Any]) -> bytes:
        # The flat members are the event's own; clients raise only where they find `error`.
        flat = {name: error.get(name) for name in ("code", "message", "param")}
        return self._event("error", **flat, error=dict(error))

    def _begin(self, body: dict[str, Any]) -> list[bytes]:
        self._chat = {name: body.get(name) for name in ("id", "created", "model")}
        return [
            self._event(name, response=wire.response(self._asked, self._chat, "in_progress", []))
            for name in ("response.created", "response.in_progress")
        ]

    def _hear(self, choice: dict[str, Any]) -> list[bytes]:
        delta = choice.get("delta") or {}
        said: list[bytes] = []
        if thoughts := wire.thoughts_in(delta):
            said += self._say("reasoning", thoughts)
        if isinstance(delta.get("content"), str) and delta["content"]:
            said += self._say("text", delta["content"], wire.logprobs_of(choice))
        if isinstance(delta.get("refusal"), str) and delta["refusal"]:
            said += self._say("refusal", delta["refusal"])
        for call in delta.get("tool_calls") or []:
            said += self._call(call)
        if choice.get("finish_reason"):
            self._reason = choice["finish_reason"]
            if not self._items:
                said += self._open_part("text")
            said += self._close_all()
        return said

    def _say(
        self, kind: str, text: str, logprobs: list[dict[str, Any]] | None = None
    ) -> list[bytes]:
        said = [] if self._part and self._part.kind == kind else self._open_part(kind)
        part = self._part
        assert part is not None
        part.pieces.append(text)
        part.logprobs.extend(logprobs or [])
        extra = {"logprobs": logprobs or []} if kind == "text" else {}
        name = f"{_DELTAS[kind][0]}.delta"
        return [*said, self._event(name, **_place(part), delta=text, **extra)]

    def _open_part(self, kind: str) -> list[bytes]:
        said = self._close_part()
        self._part = item = self._new_item(kind)
        added = self._added(item)
        part = self._event("response.content_part.added", **_place(item), part=item.part(""))
        return [*said, added, part]

    def _close_part(self) -> list[bytes]:
        item, self._part = self._part, None
        if item is None:
            return []
        name, member = _DELTAS[item.kind]
        text = "".join(item.pieces)
        extra = {"logprobs": item.logprobs} if item.kind == "text" else {}
        place = _place(item)
        done = self._event(f"{name}.done", **place, **{member: text}, **extra)
        part = self._event("response.content_part.done", **place, part=item.part(text))
        return [done, part, self._written(item)]

    def _call(self, call: dict[str, Any]) -> list[bytes]:
        index, told = call.get("index", 0), call.get("function") or {}
        said: list[bytes] = []
        item = self._calls.get(index)
        if item is None:
            said += self._close_part()
            item = self._calls[index] = self._new_item("call")
            item.call_id, item.name = call.get("id") or item.id, told.get("name") or ""
            said.append(self._added(item))
        if told.get("arguments"):
            item.pieces.append(told["arguments"])
            said.append(
                self._event(
                    "response.function_call_arguments.delta",
                    item_id=item.id,
                    output_index=item.position,
                    delta=told["arguments"],
                )
            )
        return said

    def _close_all(self) -> list[bytes]:
        said = self._close_part()
        for item in self._calls.values():
            done = self._event(
                "response.function_call_arguments.done",
                item_id=item.id,
                output_index=item.position,
                name=item.name,
                arguments="".join(item.pieces),
            )
            said += [done, self._written(item)]
        self._calls = {}
        return said

    def _new_item(self, kind: str) -> _Item:
        position, self._items = self._items, self._items + 1
        item_id = wire.id_after(_PREFIXES[kind], self._chat["id"], position + 1)
        return _Item(kind, position, item_id)

    def _added(self, item: _Item) -> bytes:
        return self._event(
            "response.output_item.added",
            output_index=item.position,
            item=item.written("in_progress"),
        )

    def _written(self, item: _Item) -> bytes:
        cut = self._reason in {"length", "content_filter"} and item.kind != "reasoning"
        written = item.written("incomplete" if cut else "completed")
        self._output[item.position] = written
        return self._event("response.output_item.done", output_index=item.position, item=written)

    def _event(self, name: str, /, **members: Any) -> bytes:
        number, self._sent = self._sent, self._sent + 1
        return named_event(name, {"type": name, "sequence_number": number, **members})


def _place(item: _Item) -> dict[str, Any]:
    return {"item_id": item.id, "output_index": item.position, "content_index": 0}

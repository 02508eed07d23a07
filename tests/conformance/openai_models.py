"""All traffic against openai-python's own models, strictly: nothing may merely look right."""

import base64
import functools
import struct
from typing import Any

import orjson
from openai.types import (
    Completion,
    CreateEmbeddingResponse,
    ErrorObject,
    Model,
    ModerationCreateResponse,
)
from openai.types.chat import ChatCompletion, ChatCompletionChunk
from openai.types.responses import Response, ResponseStreamEvent
from pydantic import BaseModel, TypeAdapter, ValidationError

from tests.conformance.server import Answer


class _ModelList(BaseModel):
    object: str
    data: list[Model]


_WHOLE: dict[str, Any] = {
    "POST /v1/chat/completions": ChatCompletion,
    "POST /v1/completions": Completion,
    "POST /v1/responses": Response,
    "POST /v1/embeddings": CreateEmbeddingResponse,
    "POST /v1/moderations": ModerationCreateResponse,
    "GET /v1/models": _ModelList,
}
_STREAMED: dict[str, Any] = {
    "POST /v1/chat/completions": ChatCompletionChunk,
    "POST /v1/completions": Completion,
    "POST /v1/responses": ResponseStreamEvent,
}
_ANTHROPIC = "POST /v1/messages"
_NOT_OPENAIS = (_ANTHROPIC, "GET /v1/openapi.json")


def events_of(answer: Answer) -> list[dict[str, Any]]:
    """The data of every event in a stream, but for the closing mark."""
    found = []
    for event in answer.body.split(b"\n\n"):
        data = event.partition(b"data: ")[2]
        if data and data != b"[DONE]":
            found.append(orjson.loads(data))
    return found


def problems(traffic: list[Answer]) -> list[str]:
    """What does not parse, each with where it came from."""
    found = []
    for answer in traffic:
        if answer.path.startswith(_NOT_OPENAIS):
            continue
        for kind, body in _bodies(answer):
            try:
                _reader(kind).validate_json(orjson.dumps(body), strict=True)
            except ValidationError as error:
                found.append(f"{answer.path} {answer.status}: {error}")
    return found


@functools.cache
def _reader(kind: Any) -> TypeAdapter[Any]:
    # Built once: the one for the events of Responses takes a tenth of a second.
    return TypeAdapter(kind)


def _bodies(answer: Answer) -> list[tuple[Any, Any]]:
    if answer.status >= 400:
        return [(ErrorObject, orjson.loads(answer.body)["error"])]
    if not answer.content_type.startswith("text/event-stream"):
        kind = _WHOLE.get(answer.path, Model if answer.path.startswith("GET /v1/models/") else None)
        assert kind is not None, f"Nobody checks {answer.path}."
        return [(kind, decoded(orjson.loads(answer.body)))]
    kind = _STREAMED[answer.path]
    bodies = []
    for body in events_of(answer):
        if "error" in body and kind is not ResponseStreamEvent:
            bodies.append((ErrorObject, body["error"]))
        elif kind is not Completion or body["choices"] == [] or body["choices"][0]["finish_reason"]:
            # A legacy chunk before the last has no finish reason, at OpenAI too; the model of
            # openai-python knows whole completions only.
            bodies.append((kind, body))
    return bodies


def decoded(body: dict[str, Any]) -> dict[str, Any]:
    """With base64 vectors as floats, as openai-python reads them before its model sees them."""
    for one in body.get("data", []):
        if isinstance(one.get("embedding"), str):
            raw = base64.b64decode(one["embedding"])
            one["embedding"] = list(struct.unpack(f"<{len(raw) // 4}f", raw))
    return body

"""``GET /v1/openapi.json``: what can be asked here, as OpenAPI.

Written by hand and short: members that we read are described, everything else is passed on to the
model's provider as it came. Errors have one shape everywhere, but for Anthropic's surface.
"""

from typing import Any, Final

import orjson
from fastapi import APIRouter, Response

_TEXT: Final = {"type": "string"}
_FLAG: Final = {"type": ["boolean", "null"]}
_COUNT: Final = {"type": "integer", "minimum": 0}
_OBJECT: Final = {"type": "object"}
_ERROR: Final = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["message", "type", "param", "code"],
            "properties": {
                "message": _TEXT,
                "type": _TEXT,
                "param": {"type": ["string", "null"]},
                "code": {"type": ["string", "null"]},
            },
        }
    },
}
_MESSAGE: Final = {
    "type": "object",
    "required": ["role", "content"],
    "properties": {"role": _TEXT, "content": {"type": ["string", "array", "null"]}},
}
_MESSAGES: Final = {"type": "array", "minItems": 1, "items": _MESSAGE}


def document() -> dict[str, Any]:
    """The whole document."""
    return {
        "openapi": "3.1.0",
        "info": {"title": "Tollfree", "version": "1"},
        "security": [{"key": []}],
        "components": {
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
            "schemas": {"Error": _ERROR},
        },
        "paths": _POSTS
        | {
            "/v1/models": {"get": _answers(_listed("data"))},
            "/v1/models/{model}": {
                "get": _answers(_named("id"))
                | {
                    "parameters": [
                        {"name": "model", "in": "path", "required": True, "schema": _TEXT}
                    ]
                }
            },
            "/v1/quota": {"get": _answers(_listed("limits"))},
        },
    }


def routes() -> APIRouter:
    """The one route; it needs no key."""
    router = APIRouter()
    written = orjson.dumps(document())

    async def openapi() -> Response:
        return Response(written, media_type="application/json")

    router.add_api_route("/v1/openapi.json", openapi, methods=["GET"], include_in_schema=False)
    return router


def _named(*members: str) -> dict[str, Any]:
    return {
        "type": "object",
        "required": list(members),
        "properties": dict.fromkeys(members, _TEXT),
    }


def _listed(member: str) -> dict[str, Any]:
    return {
        "type": "object",
        "required": ["object", member],
        "properties": {"object": _TEXT, member: {"type": "array", "items": _OBJECT}},
    }


def _answers(schema: dict[str, Any], *, streams: bool = False) -> dict[str, Any]:
    content: dict[str, Any] = {"application/json": {"schema": schema}}
    if streams:
        content["text/event-stream"] = {"schema": _TEXT}
    refused = {
        "description": "Refused; `code` says why.",
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}},
    }
    statuses = "400 401 404 405 408 409 413 415 422 429 500 502 503 504".split()
    return {
        "responses": {"200": {"description": "Answered.", "content": content}}
        | dict.fromkeys(statuses, refused)
    }


def _posted(
    required: dict[str, Any], optional: dict[str, Any], answer: dict[str, Any], *, streams: bool
) -> dict[str, Any]:
    body = {
        "type": "object",
        "required": list(required),
        "properties": required | optional,
    }
    return {
        "post": _answers(answer, streams=streams)
        | {"requestBody": {"required": True, "content": {"application/json": {"schema": body}}}}
    }


_SHARED: Final[dict[str, Any]] = {"stream": _FLAG, "tollfree": _OBJECT}
_POSTS: Final[dict[str, Any]] = {
    "/v1/chat/completions": _posted(
        {"model": _TEXT, "messages": _MESSAGES},
        _SHARED | {"max_tokens": _COUNT, "n": {"type": "integer", "minimum": 1, "maximum": 8}},
        _named("id", "object", "model"),
        streams=True,
    ),
    "/v1/completions": _posted(
        {"model": _TEXT, "prompt": _TEXT}, _SHARED, _named("id", "object", "model"), streams=True
    ),
    "/v1/responses": _posted(
        {"model": _TEXT, "input": {"type": ["string", "array"]}},
        _SHARED,
        _named("id", "object", "model"),
        streams=True,
    ),
    "/v1/messages": _posted(
        {"model": _TEXT, "messages": _MESSAGES, "max_tokens": {"type": "integer", "minimum": 1}},
        _SHARED,
        _named("id", "type", "model"),
        streams=True,
    ),
    "/v1/messages/count_tokens": _posted(
        {"model": _TEXT, "messages": _MESSAGES},
        {},
        {
            "type": "object",
            "required": ["input_tokens"],
            "properties": {"input_tokens": _COUNT},
        },
        streams=False,
    ),
    "/v1/embeddings": _posted(
        {"model": _TEXT, "input": {"type": ["string", "array"]}},
        {"encoding_format": {"enum": ["float", "base64"]}},
        _listed("data"),
        streams=False,
    ),
    "/v1/moderations": _posted(
        {"input": {"type": ["string", "array"]}},
        {"model": _TEXT},
        _named("id", "model"),
        streams=False,
    ),
}

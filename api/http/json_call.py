"""One JSON call of the quieter routes: who calls, and the object that the body holds.

The chat surfaces read their requests in `chat_completions`; this is the same care, key first and
body within bounds, for routes that go through the framework.
"""

from dataclasses import dataclass
from typing import Any, Final

from fastapi import Request

from api.access.key_book import Caller, KeyBook
from api.chat.request import json_object
from api.http.dialect import OPENAI, Dialect
from api.http.request_body import read_body

_MAX_BODY_BYTES: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class JsonCall:
    """An authenticated call and its body."""

    caller: Caller
    body: dict[str, Any]


async def read_call(request: Request, keys: KeyBook, *, dialect: Dialect = OPENAI) -> JsonCall:
    """Raises Unauthenticated, BadRequest, PayloadTooLarge and what else reading can raise."""
    caller = await keys.verify(dialect.authorization(request.headers))
    raw = await read_body(request.receive, request.headers, limit=_MAX_BODY_BYTES)
    return JsonCall(caller, json_object(raw))

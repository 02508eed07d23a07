"""``POST /v1/messages/count_tokens``: about how long a request is.

An estimate from words and marks, because the models behind the aliases do not share a tokenizer.
What a call has used is told by its own answer.
"""

import re
from typing import Any, Final

import orjson
from fastapi import APIRouter, Request, Response

from api.access.key_book import KeyBook
from api.http.dialect import ANTHROPIC
from api.http.json_call import read_call
from api.http.messages_request import chat_request
from kernel.errors import TollfreeError

# Words in pieces of up to six letters, marks one by one: close to what common tokenizers do.
_TOKEN: Final = re.compile(r"\w{1,6}|[^\w\s]")
_PER_MESSAGE: Final = 3
_PER_IMAGE: Final = 1_000


def estimate(chat: dict[str, Any]) -> int:
    """About how many tokens a chat request has."""
    tools = len(_TOKEN.findall(orjson.dumps(chat.get("tools") or []).decode())) - 2
    return tools + sum(_PER_MESSAGE + _in(message.get("content")) for message in chat["messages"])


def routes(keys: KeyBook) -> APIRouter:
    """The one route, in Anthropic's manners."""
    router = APIRouter(tags=["messages"])

    @router.post("/v1/messages/count_tokens")
    async def count(request: Request) -> Response:
        try:
            call = await read_call(request, keys, dialect=ANTHROPIC)
            body = {"input_tokens": estimate(chat_request(call.body, counts_only=True))}
        except TollfreeError as error:
            refusal = ANTHROPIC.refusal(error, request.scope.get("request_id", ""))
            return Response(refusal, error.status, media_type="application/json")
        return Response(orjson.dumps(body), media_type="application/json")

    return router


def _in(content: Any) -> int:
    if isinstance(content, str):
        return len(_TOKEN.findall(content))
    parts = content if isinstance(content, list) else []
    return sum(_in(part["text"]) if part["type"] == "text" else _PER_IMAGE for part in parts)

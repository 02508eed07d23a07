"""The routes of stored conversations. We keep none, and say what to send instead.

Clients that expect a store get a 400 that a program can tell from a wrong address.
"""

from collections.abc import Awaitable, Callable
from typing import Final

from fastapi import APIRouter, Request, Response

from api.access.key_book import KeyBook
from kernel.errors import BadRequest

_METHODS: Final = ["GET", "POST", "DELETE"]
_RESPONSES: Final = (
    "Responses are not kept. Send the earlier items again in `input`, with the `output` of the "
    "previous response among them."
)
_COMPLETIONS: Final = (
    "Completions are not kept. Store the answer yourself, and send the conversation in `messages`."
)
_BATCHES: Final = "Batches are not kept. Send each message to POST /v1/messages."
_ADDRESSES: Final = {
    "/v1/responses/{stored:path}": _RESPONSES,
    "/v1/conversations": _RESPONSES,
    "/v1/conversations/{stored:path}": _RESPONSES,
    "/v1/chat/completions/{stored:path}": _COMPLETIONS,
    "/v1/messages/batches": _BATCHES,
    "/v1/messages/batches/{stored:path}": _BATCHES,
}


class NothingStored(BadRequest):
    """What was asked for would need a conversation that we have not kept."""

    code = "not_stored"


def routes(keys: KeyBook) -> APIRouter:
    """Every address under which others keep conversations."""
    router = APIRouter(tags=["not kept"])
    for address, why in _ADDRESSES.items():
        router.add_api_route(address, _refusal(keys, why), methods=_METHODS)
    return router


def _refusal(keys: KeyBook, why: str) -> Callable[[Request], Awaitable[Response]]:
    async def refuse(request: Request) -> Response:
        await keys.verify(request.headers.get("authorization"))
        raise NothingStored(why)

    return refuse

"""The way in to the free API: quotas around every address under /v1, their headers on every answer.

Pure ASGI around all surfaces, because an answer is limited and counted alike whichever client asks
for it. Reading one's quota or the list of models costs nothing.
"""

from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.access.answer_cache import AnswerCache
from api.access.limits import QuotaPlan
from api.access.quota import QuotaBook
from api.access.visit import OUTPUT_GUESS, Visit, begin
from api.http.openai_errors import send_error
from api.http.request_body import discard_body
from kernel.errors import QuotaExceeded

_PREFIX: Final = "/v1/"
_FREE: Final = ("/v1/quota", "/v1/models", "/v1/openapi.json")
_SHORT: Final = ("/v1/embeddings", "/v1/moderations", "/v1/messages/count_tokens")
_BYTES_PER_TOKEN: Final = 4


class Turnstile:
    """Wraps an application; what is not under /v1 passes untouched."""

    def __init__(
        self, app: ASGIApp, book: QuotaBook, plan: QuotaPlan, cache: AnswerCache | None = None
    ) -> None:
        self._app, self._book, self._plan, self._cache = app, book, plan, cache

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith(_PREFIX):
            await self._app(scope, receive, send)
            return
        visit = Visit(
            self._book,
            self._plan,
            tokens=_tokens_likely(scope),
            counts=not scope["path"].startswith(_FREE),
        )
        if (b"x-tollfree-cache", b"on") in scope["headers"]:
            visit.cache = self._cache
        elif (b"x-tollfree-cache", b"similar") in scope["headers"]:
            visit.cache, visit.wants_similar = self._cache, True
        begin(visit)
        status = 500

        async def send_with_limits(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message.get("headers", ()), *visit.headers()]
            await send(message)

        try:
            client = scope.get("client")
            visit.come_from(client[0] if client else None)
            await self._app(scope, receive, send_with_limits)
        except QuotaExceeded as error:
            # Only from the door itself: what is raised further in is answered there.
            await discard_body(receive)
            await send_error(send_with_limits, error)
        finally:
            visit.leave(refund=status >= 400)


def _tokens_likely(scope: Scope) -> int:
    """What is set aside until the call's row says what it really was."""
    answer = 0 if scope["path"].startswith(_SHORT) else OUTPUT_GUESS
    return _content_length(scope) // _BYTES_PER_TOKEN + answer


def _content_length(scope: Scope) -> int:
    for name, value in scope["headers"]:
        if name == b"content-length":
            return int(value) if value.isdigit() else 0
    return 0

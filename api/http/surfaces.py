"""Every surface of the LLM API that is not the hot path, put together.

/v1/completions /v1/responses /v1/messages     translated, in front of the chat heart
/v1/messages/count_tokens /v1/embeddings /v1/moderations /v1/models      answered here
"""

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, FastAPI
from starlette.routing import Route

from api.access.key_book import KeyBook
from api.http import (
    count_tokens,
    embeddings,
    messages_answer,
    messages_request,
    models,
    moderations,
    not_kept,
    openapi,
    responses_answer,
    responses_request,
    text_completions,
)
from api.http.chat_completions import ChatCompletions
from api.http.dialect import ANTHROPIC, OPENAI, Heart
from api.http.responses_events import ResponseEvents
from api.http.translation import Surface, TranslatedHeart, Translation
from api.upstream.routing import Routing
from language.embedder import Embedder


class Surfaces:
    """Built beside the chat; `install` adds the routes, `shut_down` ends what still streams."""

    def __init__(
        self, heart: Heart, keys: KeyBook, upstreams: Routing, embedder: Embedder, **limits: Any
    ) -> None:
        def exchange(surface: Surface, dialect: Any = OPENAI) -> ChatCompletions:
            translated = TranslatedHeart(heart, surface)
            return ChatCompletions(translated, keys, dialect=dialect, **limits)

        self._exchanges = {
            "/v1/completions": exchange(_completions),
            "/v1/responses": exchange(_responses),
            "/v1/messages": exchange(_messages, ANTHROPIC),
        }
        self._embeddings = embeddings.Embeddings(embedder)
        self._routers: list[APIRouter] = [
            models.routes(keys, upstreams, embedder=self._embeddings.model),
            embeddings.routes(self._embeddings, keys),
            moderations.routes(keys, embedder),
            count_tokens.routes(keys),
            not_kept.routes(keys),
            openapi.routes(),
        ]

    def install(self, app: FastAPI) -> None:
        """Add every route to `app`."""
        for address, exchange in self._exchanges.items():
            app.router.routes.append(Route(address, exchange))
        for router in self._routers:
            app.include_router(router)

    def shut_down(self) -> None:
        """End every open answer now."""
        for exchange in self._exchanges.values():
            exchange.shut_down()
        self._embeddings.close()


def _completions(body: dict[str, Any]) -> Translation:
    return Translation(
        text_completions.chat_request(body),
        text_completions.whole,
        text_completions.CompletionEvents,
    )


def _responses(body: dict[str, Any]) -> Translation:
    asked: Mapping[str, Any] = body
    return Translation(
        responses_request.chat_request(body),
        lambda chat: responses_answer.whole(asked, chat),
        lambda: ResponseEvents(asked),
    )


def _messages(body: dict[str, Any]) -> Translation:
    return Translation(
        messages_request.chat_request(body),
        lambda chat: messages_answer.whole(body, chat),
        lambda: messages_answer.MessageEvents(body),
    )

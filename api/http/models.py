"""``GET /v1/models`` and ``GET /v1/models/{id}``: what this installation serves."""

from typing import Any

from fastapi import APIRouter, Request

from api.access.key_book import KeyBook
from api.upstream.routing import Routing


def routes(keys: KeyBook, upstreams: Routing, *, embedder: str | None = None) -> APIRouter:
    """The two routes; both ask for a key, as OpenAI's do. `embedder` is served beside the others."""
    own = {"id": embedder, "object": "model", "created": 0, "owned_by": "tollfree"}
    router = APIRouter(tags=["models"])

    @router.get("/v1/models")
    async def list_models(request: Request) -> dict[str, Any]:
        await keys.verify(request.headers.get("authorization"))
        return {"object": "list", "data": [*upstreams.models(), *([own] if embedder else [])]}

    # Names of models contain slashes at some providers.
    @router.get("/v1/models/{model:path}")
    async def get_model(model: str, request: Request) -> dict[str, Any]:
        await keys.verify(request.headers.get("authorization"))
        return own if embedder is not None and model == embedder else upstreams.model(model)

    return router

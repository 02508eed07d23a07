"""``GET /v1/quota``: every limit that holds for the caller, and what is left of it."""

import math

from fastapi import APIRouter, Request

from api.access.key_book import KeyBook
from api.access.visit import Visit, current_visit


def routes(keys: KeyBook) -> APIRouter:
    """The router. Asking is free."""
    router = APIRouter()

    async def quota(request: Request) -> dict[str, object]:
        await keys.verify(request.headers.get("authorization"))
        return _told(current_visit())

    router.add_api_route("/v1/quota", quota, methods=["GET"])
    return router


def _told(visit: Visit | None) -> dict[str, object]:
    if visit is None:
        return {"object": "quota", "tier": None, "limits": [], "answers_at_once": []}
    tier = visit.tier
    return {
        "object": "quota",
        "tier": tier.name,
        "max_output_tokens": tier.max_output_tokens,
        "max_choices": tier.max_choices,
        "max_context_tokens": tier.max_context_tokens,
        "max_tool_rounds": tier.max_tool_rounds,
        "limits": [
            {
                "scope": one.scope,
                "unit": one.unit,
                "window_seconds": one.window_seconds,
                "limit": one.limit,
                "used": one.used,
                "remaining": one.remaining,
                "resets_in_seconds": math.ceil(one.resets_in),
            }
            for one in visit.standings()
        ],
        "answers_at_once": [
            {"scope": scope, "limit": limit, "used": used}
            for scope, used, limit in visit.open_answers()
        ],
    }

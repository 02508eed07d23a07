"""``GET`` and ``PUT /v1/ad-settings``: what the calling key prefers about ads.

    PUT {"formats": ["mention", "unit"], "min_relevance": 0.5, "delivery": null}

A key sets its own defaults, within the policy of its app; null goes back to what the app has. The
policy itself is changed by people: on a page of the developer portal, or by command.
"""

from typing import Any

from fastapi import APIRouter, Request

from api.access import ad_choices
from api.access.ad_choices import Chosen
from api.access.ad_settings import told_of
from api.access.key_book import KeyBook
from api.http.json_call import read_call
from kernel.database import Database


def routes(keys: KeyBook, database: Database) -> APIRouter:
    """The two calls; both answer with what holds from now on."""
    router = APIRouter(tags=["ads"])

    @router.get("/v1/ad-settings")
    async def read(request: Request) -> dict[str, Any]:
        caller = await keys.verify(request.headers.get("authorization"))
        async with database.reading() as session:
            return _told(await ad_choices.of_key(session, caller.key_id))

    @router.put("/v1/ad-settings")
    async def change(request: Request) -> dict[str, Any]:
        call = await read_call(request, keys)
        async with database.writing() as tx:
            chosen = await ad_choices.change_key(tx, call.caller.key_id, call.body)
        for digest in chosen.digests:
            await keys.forget(digest)
        return _told(chosen)

    return router


def _told(chosen: Chosen) -> dict[str, Any]:
    return {
        "object": "ad_settings",
        "app": chosen.app_id,
        "settings": told_of(chosen.settings),
        "own": chosen.own,
    }

"""A publisher's own settings, by its key: formats, block list, placements.

    GET    /ads/v1/publisher                   all of it
    PUT    /ads/v1/publisher/blocks            {"categories", "domains", "advertisers"}
    PUT    /ads/v1/publisher/formats           {"formats"}
    PUT    /ads/v1/publisher/placements/{name} {"formats", "floor_micros", "min_relevance", …}
    DELETE /ads/v1/publisher/placements/{name}

A test key reads and changes nothing. Changes hold everywhere within ten seconds.
"""

from collections.abc import Awaitable, Callable
from typing import Any

import orjson
from fastapi import APIRouter, Request
from starlette.responses import Response

from adserver.catalog import publisher_commands as commands
from adserver.catalog.placement import Blocks, Placement, blocks_in, formats_in, placement
from adserver.catalog.publisher import Publisher
from adserver.http.bodies import read_object
from adserver.http.publisher_keys import PublisherKeys
from kernel.clock import Clock
from kernel.database import Database, WriteSession
from kernel.errors import Forbidden, NotFound

Change = Callable[[WriteSession, str], Awaitable[None]]


def routes(database: Database, clock: Clock) -> APIRouter:
    """The five calls; each answers with the settings as they are now."""
    keys = PublisherKeys(database, clock)
    router = APIRouter(prefix="/ads/v1/publisher", tags=["publisher"])

    @router.get("")
    async def settings(request: Request) -> Response:
        calling = await keys.calling(request.headers.get("authorization"))
        return await _told(calling.publisher.publisher_id)

    @router.put("/blocks")
    async def block(request: Request) -> Response:
        blocks = blocks_in(await read_object(request))
        return await _changed(request, lambda tx, who: commands.set_blocks(tx, who, blocks))

    @router.put("/formats")
    async def choose(request: Request) -> Response:
        formats = formats_in((await read_object(request)).get("formats"))
        return await _changed(request, lambda tx, who: commands.set_formats(tx, who, formats))

    @router.put("/placements/{name}")
    async def put(name: str, request: Request) -> Response:
        wanted = placement(name, await read_object(request))
        return await _changed(
            request, lambda tx, who: commands.put_placement(tx, who, wanted, clock=clock)
        )

    @router.delete("/placements/{name}")
    async def remove(name: str, request: Request) -> Response:
        return await _changed(request, lambda tx, who: commands.remove_placement(tx, who, name))

    async def _changed(request: Request, change: Change) -> Response:
        calling = await keys.calling(request.headers.get("authorization"))
        if calling.is_test:
            raise Forbidden("A test key reads settings and changes none. Use a live key.")
        async with database.writing() as tx:
            await change(tx, calling.publisher.publisher_id)
        return await _told(calling.publisher.publisher_id)

    async def _told(publisher_id: str) -> Response:
        async with database.reading() as session:
            found = await commands.publishers(session)
            placements = await commands.placements_of(session, publisher_id)
        mine = next((one for one in found if one.publisher_id == publisher_id), None)
        if mine is None:
            raise NotFound("There is no such publisher.")
        return Response(orjson.dumps(settings_of(mine, placements)), media_type="application/json")

    return router


def settings_of(publisher: Publisher, placements: tuple[Placement, ...]) -> dict[str, Any]:
    """A publisher's settings as JSON."""
    blocks = Blocks(
        tuple(sorted(publisher.blocked_categories)),
        tuple(sorted(publisher.blocked_domains)),
        tuple(sorted(publisher.blocked_advertisers)),
    )
    return {
        "id": publisher.publisher_id,
        "name": publisher.name,
        "share_bp": publisher.share_bp,
        "floor_micros": publisher.floor.amount,
        "formats": list(publisher.formats),
        "blocks": {
            "categories": blocks.categories,
            "domains": blocks.domains,
            "advertisers": blocks.advertisers,
        },
        "placements": [_placement_to_json(one) for one in placements],
    }


def _placement_to_json(one: Placement) -> dict[str, Any]:
    return {
        "name": one.name,
        "formats": list(one.formats),
        "floor_micros": one.floor.amount,
        "min_relevance": one.min_relevance,
        "ads_per_session": one.ads_per_session,
        "blocked_categories": list(one.blocks.categories),
        "blocked_domains": list(one.blocks.domains),
        "blocked_advertisers": list(one.blocks.advertisers),
    }

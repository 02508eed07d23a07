"""Beacons: ``POST /ads/v1/events`` says that ads were rendered or seen.

    {"events": [{"event": "viewable", "token": "<44 characters of the click link>"}, …]}
    {"events": [{"event": "rendered", "decision_id": "dec_…"}, …]}     with a publisher's key

A page has no secret, so it proves what it shows by the token of the ad's own click link. The answer
comes when the events are durable and says of each what became of it. Any content type is read,
because `navigator.sendBeacon` sends text.
"""

import asyncio
from collections.abc import Sequence
from typing import Any, Final

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from adserver.events.beacons import BeaconDesk
from adserver.events.tokens import ClickTokens
from adserver.events.traffic_watch import Visit
from adserver.http.bodies import read_object
from adserver.http.owners import Owners
from adserver.http.publisher_keys import PublisherKeys
from kernel.clock import Clock
from kernel.database import Database
from kernel.errors import BadRequest
from tollfree_sdk.contract import Step

_MOST: Final = 100
_REPORTED: Final = {step.value: step for step in (Step.RENDERED, Step.VIEWABLE)}
_FROM_ANYWHERE: Final = {"access-control-allow-origin": "*", "cache-control": "no-store"}


def routes(desk: BeaconDesk, tokens: ClickTokens, database: Database, clock: Clock) -> APIRouter:
    """The call, and the answer to a browser that asks before it."""
    keys, owners = PublisherKeys(database, clock), Owners(database)
    router = APIRouter(prefix="/ads/v1", tags=["ads"])

    @router.options("/events", include_in_schema=False)
    async def allow() -> Response:
        allowed = {
            "access-control-allow-methods": "POST",
            "access-control-allow-headers": "content-type",
            "access-control-max-age": "86400",
        }
        return Response(status_code=204, headers=_FROM_ANYWHERE | allowed)

    @router.post("/events")
    async def report(request: Request) -> Response:
        events = _events(await read_object(request))
        named = [await _decision(event, request) for event in events]
        visit = Visit(request.client.host if request.client else None)
        agent = request.headers.get("user-agent")
        told = await asyncio.gather(
            *(
                desk.report(decision_id, step, user_agent=agent, visit=visit if by_page else None)
                for decision_id, step, by_page in named
            )
        )
        answer = [
            {"decision_id": decision_id, "event": step.value, "refused": reason or None}
            for (decision_id, step, _), reason in zip(named, told, strict=True)
        ]
        return JSONResponse({"events": answer}, status_code=202, headers=_FROM_ANYWHERE)

    async def _decision(event: dict[str, Any], request: Request) -> tuple[str, Step, bool]:
        step = _REPORTED.get(str(event.get("event")))
        if step is None:
            raise BadRequest("event must be rendered or viewable.", param="event")
        given = event.get("token")
        if given is not None:
            token = tokens.read(given) if isinstance(given, str) else None
            if token is None:
                raise BadRequest("This token is not the one of a click link.", param="token")
            return token.decision_id, step, True
        publisher = await keys.publisher(request.headers.get("authorization"))
        decision_id = str(event.get("decision_id"))
        await owners.require(decision_id, publisher)
        return decision_id, step, False

    return router


def _events(body: dict[str, Any]) -> Sequence[dict[str, Any]]:
    events = body.get("events")
    if not isinstance(events, list) or not 1 <= len(events) <= _MOST:
        raise BadRequest(f"events must be a list of 1 to {_MOST}.", param="events")
    if not all(isinstance(event, dict) for event in events):
        raise BadRequest("Each of events must be an object.", param="events")
    return events

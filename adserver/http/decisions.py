"""The ad network for publishers: ask for a decision, say what happened to it.

    POST /ads/v1/decisions              an ad request → a decision
    POST /ads/v1/decisions/{id}/steps   {"step": "delivered" | "rendered" | "viewable"}

The answer to a good request is always a decision, with an ad or the reason for none. Delivered is
recorded as the decision is returned, unless the caller writes ``defer_delivered: true`` and reports
it after the last byte. Bodies speak the contract of `tollfree_sdk.wire`.
"""

from dataclasses import replace

import orjson
from fastapi import APIRouter, Request
from starlette.responses import Response

from adserver.catalog.publisher import Publisher
from adserver.decision.engine import AdEngine
from adserver.http.bodies import read_object
from adserver.http.owners import Owners
from adserver.http.publisher_keys import CallingPublisher, PublisherKeys
from kernel.database import Database
from kernel.errors import BadRequest, Unavailable
from kernel.telemetry import counter
from tollfree_sdk.contract import AdDecision, AdRequest, Step
from tollfree_sdk.wire import ContractError, decision_to_json, request_from_json

_undelivered = counter("delivered_unrecorded", "Decisions returned whose delivery was not recorded")


def routes(engine: AdEngine, database: Database) -> APIRouter:
    """The two calls of the network."""
    keys, owners = PublisherKeys(database, engine.clock), Owners(database)
    router = APIRouter(prefix="/ads/v1", tags=["ads"])

    @router.post("/decisions")
    async def decide(request: Request) -> Response:
        calling = await keys.calling(request.headers.get("authorization"))
        publisher = calling.publisher
        body = await read_object(request)
        asked, deferred = _within(_ad_request(body), calling), _defers(body)
        decision = await engine.decide(asked, publisher=publisher)
        await _returned(decision, publisher, deferred=deferred)
        return _json(decision_to_json(decision))

    @router.post("/decisions/{decision_id}/steps")
    async def record(decision_id: str, request: Request) -> Response:
        publisher = await keys.publisher(request.headers.get("authorization"))
        step = _step(await read_object(request))
        await owners.require(decision_id, publisher)
        await engine.record(decision_id, step)
        return Response(status_code=204)

    async def _returned(decision: AdDecision, publisher: Publisher, *, deferred: bool) -> None:
        if decision.decision_id is None or decision.ad is None:
            return
        owners.remember(decision.decision_id, publisher)
        if deferred:
            return
        try:
            await engine.record(decision.decision_id, Step.DELIVERED)
        except Unavailable:
            # The ad is shown all the same; its click will go unbilled.
            _undelivered.inc()

    return router


def _ad_request(body: dict[str, object]) -> AdRequest:
    try:
        return request_from_json(body)
    except ContractError as problem:
        raise BadRequest(str(problem)) from None


def _within(asked: AdRequest, calling: CallingPublisher) -> AdRequest:
    """The request by this key, at the placement that it names. Raises BadRequest."""
    if calling.is_test:
        asked = replace(asked, test=True)
    if asked.placement is None:
        return asked
    placement = calling.placements.get(asked.placement)
    if placement is None:
        raise BadRequest(
            "There is no such placement. GET /ads/v1/publisher lists yours.", param="placement"
        )
    return placement.narrow(asked)


def _defers(body: dict[str, object]) -> bool:
    value = body.get("defer_delivered", False)
    if not isinstance(value, bool):
        raise BadRequest("defer_delivered must be true or false.", param="defer_delivered")
    return value


def _step(body: dict[str, object]) -> Step:
    try:
        return Step(str(body.get("step")))
    except ValueError:
        raise BadRequest(
            "step must be one of delivered, rendered, viewable.", param="step"
        ) from None


def _json(value: object) -> Response:
    return Response(orjson.dumps(value), media_type="application/json")

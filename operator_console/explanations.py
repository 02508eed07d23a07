"""Decisions laid open as JSON, for operators and their tools.

One decision with every candidate, its filter, scores and price, decided again from its event; and
how the decisions of the last hours ended, by reason. Reads events, which hold nothing of a
conversation. The same as `tollfree explain`.
"""

import json
from typing import Annotated, Final

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from adserver.decision.explanation import explanation_of, reasons_since
from kernel.ids import id_from_bytes
from operator_console.operators import operator
from web.front_desk import FrontDesk

_LONGEST_HOURS: Final = 24 * 31


class Explanations:
    """Handlers of the route."""

    def __init__(self, front: FrontDesk) -> None:
        self._front = front

    async def one(self, request: Request, decision_id: str) -> Response:
        """A decision with all its candidates."""
        await operator(self._front, request)
        async with self._front.database.reading() as session:
            found = await explanation_of(session, decision_id)
        return _as_json(found.to_json())

    async def reasons(
        self, request: Request, hours: Annotated[int, Query(ge=1, le=_LONGEST_HOURS)] = 24
    ) -> Response:
        """How many decisions ended in an ad, and in each reason for none."""
        await operator(self._front, request)
        since = int((self._front.clock.now().timestamp() - hours * 3600) * 1000)
        first = id_from_bytes("dec", max(0, since).to_bytes(6, "big") + bytes(10))
        async with self._front.database.reading() as session:
            counts = await reasons_since(session, first)
        return _as_json({"hours": hours, "decisions": sum(counts.values()), "reasons": counts})

    def add_to(self, router: APIRouter) -> None:
        router.add_api_route("/decisions", self.reasons, methods=["GET"])
        router.add_api_route("/decisions/{decision_id}", self.one, methods=["GET"])


def _as_json(values: object) -> Response:
    return Response(json.dumps(values, default=str), media_type="application/json")

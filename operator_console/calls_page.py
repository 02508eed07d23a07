"""How the calls of the API fare: failures and times by upstream, model and app, and what costs most.

Shows what `tollfree top` shows. Prompts have their callers' names or fingerprints; nothing here could
hold text of a conversation.
"""

from datetime import timedelta
from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import Response

from api.monitoring.calls import report
from kernel.errors import Forbidden
from web.pages import Pages
from web.roles import Act

_SPANS: Final = {"hour": timedelta(hours=1), "day": timedelta(days=1), "week": timedelta(days=7)}


class CallsPage:
    """The handler of the one page."""

    def __init__(self, pages: Pages) -> None:
        self._pages, self._front = pages, pages.front

    def add_to(self, router: APIRouter) -> None:
        """Add the address."""
        router.add_api_route("/calls", self.calls, methods=["GET"])

    async def calls(self, request: Request, span: str = "day") -> Response:
        """The calls of the last hour, day or week."""
        member = await self._front.member(request, Act.SEE)
        if not member.visitor.person.is_operator:
            raise Forbidden("This page is for operators.")
        span = span if span in _SPANS else "day"
        async with self._front.database.reading() as session:
            found = await report(session, since=self._front.clock.now() - _SPANS[span])
        return self._pages.page(request, "calls.html", found=found, span=span, spans=list(_SPANS))

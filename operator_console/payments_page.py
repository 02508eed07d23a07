"""Payments that need a person: events given up, writes that stay open, money unexplained.

Shows what `tollfree billing` shows. Events that were given up can be queued again, which is noted in
the audit log; everything else mends itself or is answered at the payment processor.
"""

from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import Response

from advertiser_portal.billing.attention import attention
from advertiser_portal.billing.events import revive
from kernel.errors import Forbidden
from web import audit
from web.front_desk import Member
from web.pages import Pages
from web.roles import Act

_HERE: Final = "/operator/payments"
_NOTES: Final = {"again": "They are tried again within seconds."}


class PaymentsPage:
    """Handlers of the page and of its one button."""

    def __init__(self, pages: Pages) -> None:
        self._pages, self._front = pages, pages.front

    def add_to(self, router: APIRouter) -> None:
        """Add the addresses."""
        router.add_api_route("/payments", self.payments, methods=["GET"])
        router.add_api_route("/payments/again", self.again, methods=["POST"])

    async def payments(self, request: Request, note: str = "") -> Response:
        """What waits for somebody to look at it."""
        await self._operator(request)
        async with self._front.database.reading() as session:
            found = await attention(session, clock=self._front.clock)
        return self._pages.page(request, "payments.html", found=found, note=_NOTES.get(note))

    async def again(self, request: Request) -> Response:
        """Queue every event that was given up once more."""
        operator = await self._operator(request)
        async with self._front.database.writing() as tx:
            many = await revive(tx, clock=self._front.clock)
            await audit.record(
                tx,
                action="billing.events_again",
                subject="till",
                clock=self._front.clock,
                visitor=operator.visitor,
                request_id=request.scope.get("request_id"),
                after={"events": many},
            )
        return self._pages.to(request, f"{_HERE}?note=again")

    async def _operator(self, request: Request) -> Member:
        member = await self._front.member(request, Act.SEE)
        if not member.visitor.person.is_operator:
            raise Forbidden("This page is for operators.")
        return member

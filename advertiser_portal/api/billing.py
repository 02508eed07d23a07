"""Money over the API, to read: the wallet, its movements, payments and their papers, refunds.

Whoever may see the portal may read this. Lists are keyset-paged, newest first: `next` is what to
send as `after`, null at the end.
"""

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from adserver.catalog.advertiser import Advertiser
from advertiser_portal.api.billing_wire import (
    BillingAnswer,
    PaymentAnswer,
    PaymentList,
    RefundAnswer,
    RefundList,
    TopUpAnswer,
    TransactionAnswer,
    TransactionList,
)
from advertiser_portal.api.door import Door
from advertiser_portal.billing import refunds, top_up
from advertiser_portal.billing.overview import billing_overview
from advertiser_portal.billing.paper_print import Parties, printed
from advertiser_portal.billing.papers import paper_about, shown_number
from advertiser_portal.billing.tables import StripeOperation
from advertiser_portal.billing.till import Till
from advertiser_portal.ownership import their_advertiser
from kernel.errors import BadRequest
from ledger.account import cash
from ledger.balances import Place, latest_lines
from web.front_desk import FrontDesk
from web.roles import Act

Limit = Annotated[int, Query(ge=1, le=200)]


class BillingCalls:
    """Handlers; `at` is where the API stands."""

    def __init__(self, front: FrontDesk, till: Till, *, at: str) -> None:
        self._front, self._door, self._till, self._at = front, Door(front), till, at

    async def wallet(self, request: Request) -> BillingAnswer:
        """The wallet: what may be spent, what is held, owed and refundable, the card and the rule."""
        advertiser = await self._whose(request)
        async with self._front.database.reading() as session:
            shown = await billing_overview(
                session, advertiser.advertiser_id, clock=self._front.clock
            )
        return BillingAnswer.of(shown, test_money=self._till.test_money)

    async def transactions(
        self, request: Request, after: str = "", limit: Limit = 50
    ) -> TransactionList:
        """Every movement of the wallet's cash, newest first, to the micro."""
        advertiser = await self._whose(request)
        async with self._front.database.reading() as session:
            found = await latest_lines(
                session, cash(advertiser.advertiser_id), before=_place(after), limit=limit + 1
            )
        page = [TransactionAnswer.of(_shown(place), line) for place, line in found[:limit]]
        return TransactionList(data=page, next=page[-1].id if len(found) > limit else None)

    async def asked(self, request: Request, operation_id: str) -> TopUpAnswer:
        """How a payment that was asked for stands."""
        advertiser = await self._whose(request)
        async with self._front.database.reading() as session:
            row = await top_up.asked_for(session, operation_id, advertiser.advertiser_id)
        return TopUpAnswer.of(row, await way_to_pay(self._till, row))

    async def refunded(self, request: Request, after: str = "", limit: Limit = 50) -> RefundList:
        """Refunds that were asked for, newest first."""
        advertiser = await self._whose(request)
        async with self._front.database.reading() as session:
            own = advertiser.advertiser_id
            rows = await refunds.refunds_of(session, own, before=after, limit=limit + 1)
        page = [RefundAnswer.of(row) for row in rows[:limit]]
        return RefundList(data=page, next=page[-1].id if len(rows) > limit else None)

    async def payments(self, request: Request, after: str = "", limit: Limit = 50) -> PaymentList:
        """Payments that are in the wallet, with receipts and invoices, newest first."""
        advertiser = await self._whose(request)
        async with self._front.database.reading() as session:
            own = advertiser.advertiser_id
            rows = await top_up.top_ups_of(session, own, before=after, limit=limit + 1)
        page = [
            PaymentAnswer.of(row, f"{self._at}/billing/payments/{row.payment_intent_id}/receipt")
            for row in rows[:limit]
        ]
        return PaymentList(data=page, next=page[-1].id if len(rows) > limit else None)

    async def receipt(self, request: Request, payment_id: str) -> Response:
        """The receipt of a payment as PDF."""
        advertiser = await self._whose(request)
        async with self._front.database.reading() as session:
            paper = await paper_about(session, payment_id, owner_id=advertiser.advertiser_id)
        parties = Parties("Tollfree", advertiser.name)
        page = printed(paper, parties, test_money=self._till.test_money)
        name = f'attachment; filename="{shown_number(paper)}.pdf"'
        headers = {"content-disposition": name}
        return Response(page, media_type="application/pdf", headers=headers)

    async def _whose(self, request: Request) -> Advertiser:
        caller = await self._door.caller(request, Act.SEE)
        async with self._front.database.reading() as session:
            return await their_advertiser(session, caller)

    def add_to(self, router: APIRouter) -> None:
        """Add the addresses."""
        tags: list[Any] = ["Billing"]
        at = "/billing"
        reads: dict[str, Callable[..., Any]] = {
            "": self.wallet,
            "/transactions": self.transactions,
            "/top-ups/{operation_id}": self.asked,
            "/refunds": self.refunded,
            "/payments": self.payments,
        }
        for path, read in reads.items():
            router.add_api_route(f"{at}{path}", read, methods=["GET"], tags=tags)
        pdf: dict[int | str, dict[str, Any]] = {200: {"content": {"application/pdf": {}}}}
        router.add_api_route(
            f"{at}/payments/{{payment_id}}/receipt",
            self.receipt,
            methods=["GET"],
            tags=tags,
            responses=pdf,
        )


async def way_to_pay(till: Till, row: StripeOperation) -> str | None:
    """Where a person pays what was asked for; None once that is over, or not known yet."""
    if row.outcome is not None or row.state != "succeeded" or row.stripe_id is None:
        return None
    return (await till.gateway.session(row.stripe_id)).url


def _place(after: str) -> Place | None:
    group, _, seq = after.partition(".")
    if not after:
        return None
    if not (group.isdecimal() and seq.isdecimal() and len(after) <= 30):
        raise BadRequest("Send the `next` of the page before as `after`.", param="after")
    return int(group), int(seq)


def _shown(place: Place) -> str:
    return f"{place[0]}.{place[1]}"

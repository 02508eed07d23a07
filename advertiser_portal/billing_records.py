"""What became of money: the way back from the payment page, receipts, transactions, promo codes.

The way back shows our own state and asks nobody: the browser is often faster than the processor's
event, so the page waits and looks again.
"""

import csv
import io
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response
from pydantic import BaseModel

from advertiser_portal.billing.paper_print import Parties, printed
from advertiser_portal.billing.papers import paper_about, shown_number
from advertiser_portal.billing.promos import redeem
from advertiser_portal.billing.tables import StripeOperation
from advertiser_portal.billing_desk import BILLING, BillingDesk
from kernel.errors import NotFound
from ledger.account import cash
from ledger.balances import Statement, statement
from web import formats

_COLUMNS = ("at", "what", "reference", "change", "balance")


class CodeForm(BaseModel):
    code: str = ""


class BillingRecords:
    """Handlers below ``/advertiser/billing`` that take no card."""

    def __init__(self, desk: BillingDesk) -> None:
        self._desk, self._pages, self._front = desk, desk.pages, desk.front

    def add_to(self, router: APIRouter) -> None:
        """Register the addresses, relative to the portal's prefix."""
        router.add_api_route("/billing/paid/{operation_id}", self.paid, methods=["GET"])
        router.add_api_route("/billing/receipts/{payment_id}", self.receipt, methods=["GET"])
        router.add_api_route("/billing/transactions.csv", self.transactions, methods=["GET"])
        router.add_api_route("/billing/promo", self.redeem, methods=["POST"])

    async def paid(self, request: Request, operation_id: str) -> Response:
        """Back from the payment page: wait until our books know of the payment."""
        advertiser = await self._desk.reader(request)
        async with self._front.database.reading() as session:
            operation = await session.get(StripeOperation, operation_id)
        if operation is None or operation.owner_id != advertiser.advertiser_id:
            raise NotFound("There is no such payment of yours.")
        match operation.outcome:
            case "paid":
                return self._pages.to(request, f"{BILLING}?note=paid")
            case "failed" | "expired":
                return self._pages.to(request, f"{BILLING}?note=left")
            case _:
                return self._pages.page(request, "billing_paid.html", operation_id=operation_id)

    async def receipt(self, request: Request, payment_id: str) -> Response:
        """A receipt as PDF."""
        advertiser = await self._desk.reader(request)
        async with self._front.database.reading() as session:
            paper = await paper_about(session, payment_id, owner_id=advertiser.advertiser_id)
        parties = Parties("Tollfree", advertiser.name)
        page = printed(paper, parties, test_money=self._desk.till.test_money)
        name = f'attachment; filename="{shown_number(paper)}.pdf"'
        return Response(page, media_type="application/pdf", headers={"content-disposition": name})

    async def transactions(self, request: Request) -> Response:
        """Every movement of the wallet with the balance after it, to the micro."""
        advertiser = await self._desk.reader(request)
        async with self._front.database.reading() as session:
            moved = await statement(session, cash(advertiser.advertiser_id))
        headers = {"content-disposition": 'attachment; filename="transactions.csv"'}
        return Response(_as_csv(moved), media_type="text/csv; charset=utf-8", headers=headers)

    async def redeem(self, request: Request, form: Annotated[CodeForm, Form()]) -> Response:
        """Give what a promo code gives."""
        member, advertiser = await self._desk.payer(request)
        async with self._front.database.writing() as tx:
            await redeem(
                tx,
                form.code,
                advertiser_id=advertiser.advertiser_id,
                clock=self._front.clock,
                caution=self._desk.till.caution,
            )
            await self._desk.audit(
                tx, request, "billing.promo", by=(member, advertiser), after={"code": form.code}
            )
        return self._pages.to(request, f"{BILLING}?note=promo")


def _as_csv(moved: Statement) -> str:
    out = io.StringIO()
    rows = csv.writer(out)
    rows.writerow(_COLUMNS)
    for line in moved.lines:
        change, after = formats.exact(line.change), formats.exact(line.balance)
        rows.writerow([line.at.isoformat(), line.kind, line.ref_id, change, after])
    return out.getvalue()

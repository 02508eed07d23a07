"""The billing pages: balance, add funds, saved card, automatic recharge, refund.

A page plans and performs; it never credits. Coming back from the payment page shows our own state,
which the events of the processor bring up to date. Paying needs the right to pay.
"""

from collections.abc import Callable
from decimal import InvalidOperation
from typing import Annotated, Any, Final

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response
from pydantic import BaseModel

from adserver.catalog.advertiser import Advertiser
from advertiser_portal.billing import recharge, refunds, top_up
from advertiser_portal.billing.customers import ensure_customer
from advertiser_portal.billing.gateway import Done
from advertiser_portal.billing.operations import plan
from advertiser_portal.billing.overview import billing_overview
from advertiser_portal.billing.till import Till
from advertiser_portal.billing.top_up import Returns
from advertiser_portal.billing_desk import BILLING, BillingDesk
from advertiser_portal.billing_records import BillingRecords
from kernel.errors import BadRequest, NotFound, Unavailable
from kernel.money import Micros
from web.front_desk import Member
from web.pages import Pages
from web.roles import Act

NOTES: Final = {
    "paid": "Thank you. The payment is on its way; your balance follows within seconds.",
    "card": "The card is saved. Automatic recharge may use it.",
    "rule": "Automatic recharge is on.",
    "off": "Automatic recharge is off.",
    "refund": "The refund is on its way to your card.",
    "left": "Nothing was paid.",
    "promo": "The code is redeemed. Ads use this money first.",
}


# Nothing is required of a form: who is not signed in is asked to, not told what is missing.
class FundsForm(BaseModel):
    amount: str = ""
    save_card: bool = False


class RuleForm(BaseModel):
    threshold: str = ""
    amount: str = ""
    monthly_cap: str = ""


class RefundForm(BaseModel):
    amount: str = ""


class BillingPages:
    """Handlers of ``/advertiser/billing``."""

    def __init__(self, pages: Pages, till: Till) -> None:
        self._pages, self._front, self._till = pages, pages.front, till
        self._desk = BillingDesk(pages, till)

    def add_to(self, router: APIRouter) -> None:
        """Register the addresses, relative to the portal's prefix."""
        reads: dict[str, Callable[..., Any]] = {
            "": self.overview,
            "/confirm/{intent_id}": self.confirm,
        }
        acts: dict[str, Callable[..., Any]] = {
            "/add-funds": self.add_funds,
            "/card": self.save_card,
            "/recharge": self.set_recharge,
            "/recharge/off": self.stop_recharge,
            "/refund": self.refund,
        }
        for path, read in reads.items():
            router.add_api_route(f"/billing{path}", read, methods=["GET"])
        for path, act in acts.items():
            router.add_api_route(f"/billing{path}", act, methods=["POST"])
        BillingRecords(self._desk).add_to(router)

    async def overview(self, request: Request, note: str = "") -> Response:
        member = await self._front.member(request, Act.SEE)
        advertiser = await self._desk.advertiser(member)
        async with self._front.database.reading() as session:
            shown = await billing_overview(
                session, advertiser.advertiser_id, clock=self._front.clock
            )
        return self._pages.page(
            request,
            "billing.html",
            advertiser=advertiser,
            billing=shown,
            presets=top_up.PRESETS,
            may_pay=member.may(Act.PAY),
            test_money=self._till.test_money,
            adds_tax=self._till.tax,
            note=NOTES.get(note),
        )

    async def add_funds(self, request: Request, form: Annotated[FundsForm, Form()]) -> Response:
        """Plan a payment and show the way to the payment page."""
        member, advertiser = await self._desk.payer(request)
        customer = await self._customer(member, advertiser)
        async with self._front.database.writing() as tx:
            operation_id = await top_up.plan_top_up(
                tx,
                advertiser.advertiser_id,
                _amount(form.amount, "amount"),
                customer=customer,
                save_card=form.save_card,
                tax=self._till.tax,
                returns=Returns(f"{self._here}/paid/{{operation}}", f"{self._here}?note=left"),
                clock=self._front.clock,
                caution=self._till.caution,
            )
            await self._desk.audit(
                tx,
                request,
                "billing.add_funds",
                by=(member, advertiser),
                after={"amount": form.amount},
            )
        return await self._leave(request, operation_id)

    async def save_card(self, request: Request) -> Response:
        """Show the way to the page that saves a card without a payment."""
        member, advertiser = await self._desk.payer(request)
        customer = await self._customer(member, advertiser)
        params = {
            "customer": customer,
            "success_url": f"{self._here}?note=card",
            "cancel_url": f"{self._here}?note=left",
        }
        async with self._front.database.writing() as tx:
            operation_id = await plan(
                tx, "save_card", advertiser.advertiser_id, params, clock=self._front.clock
            )
            await self._desk.audit(
                tx, request, "billing.save_card", by=(member, advertiser), after={}
            )
        return await self._leave(request, operation_id)

    async def set_recharge(self, request: Request, form: Annotated[RuleForm, Form()]) -> Response:
        member, advertiser = await self._desk.payer(request)
        rule = recharge.RechargeRule(
            threshold=_amount(form.threshold, "threshold"),
            amount=_amount(form.amount, "amount"),
            monthly_cap=_amount(form.monthly_cap, "monthly_cap"),
        )
        async with self._front.database.writing() as tx:
            await recharge.set_rule(tx, advertiser.advertiser_id, rule, clock=self._front.clock)
            await self._desk.audit(
                tx, request, "billing.recharge_on", by=(member, advertiser), after=form.model_dump()
            )
        return self._pages.to(request, f"{BILLING}?note=rule")

    async def stop_recharge(self, request: Request) -> Response:
        member, advertiser = await self._desk.payer(request)
        async with self._front.database.writing() as tx:
            await recharge.set_rule(tx, advertiser.advertiser_id, None, clock=self._front.clock)
            await self._desk.audit(
                tx, request, "billing.recharge_off", by=(member, advertiser), after={}
            )
        return self._pages.to(request, f"{BILLING}?note=off")

    async def refund(self, request: Request, form: Annotated[RefundForm, Form()]) -> Response:
        """Hold unspent cash and send it back."""
        member, advertiser = await self._desk.payer(request)
        amount = _amount(form.amount, "amount") if form.amount.strip() else None
        async with self._front.database.writing() as tx:
            operation_ids = await refunds.plan_refund(
                tx, advertiser.advertiser_id, amount, clock=self._front.clock
            )
            await self._desk.audit(
                tx,
                request,
                "billing.refund",
                by=(member, advertiser),
                after={"amount": form.amount or "all"},
            )
        for operation_id in operation_ids:
            await self._till.operations.perform(operation_id)
        return self._pages.to(request, f"{BILLING}?note=refund")

    async def confirm(self, request: Request, intent_id: str) -> Response:
        """The owner of a card confirms a recharge that the bank asked about."""
        _member, advertiser = await self._desk.payer(request)
        async with self._front.database.reading() as session:
            shown = await billing_overview(
                session, advertiser.advertiser_id, clock=self._front.clock
            )
        asked = shown.rule.confirm_url if shown.rule else None
        if asked is None or not asked.endswith(f"/{intent_id}"):
            raise NotFound("There is no payment of yours to confirm.")
        assert shown.customer is not None, "A recharge has a customer."
        back = f"{self._here}?note=paid"
        address = await self._till.gateway.confirm_address(
            intent_id, card_id=shown.customer.card_id or "", return_url=back
        )
        return self._pages.page(request, "billing_leave.html", address=address or back)

    async def _leave(self, request: Request, operation_id: str) -> Response:
        outcome = await self._till.operations.perform(operation_id)
        if not isinstance(outcome, Done) or outcome.url is None:
            raise Unavailable(
                "Payments are not reachable right now. Nothing was charged; try again in a minute."
            )
        return self._pages.page(request, "billing_leave.html", address=outcome.url)

    async def _customer(self, member: Member, advertiser: Advertiser) -> str:
        return await ensure_customer(
            self._front.database,
            self._till.operations,
            advertiser.advertiser_id,
            email=member.visitor.person.email,
            name=advertiser.name,
            clock=self._front.clock,
        )

    @property
    def _here(self) -> str:
        return f"{self._front.public_url}{BILLING}"


def _amount(text: str, name: str) -> Micros:
    try:
        return Micros.from_units(text.strip().removeprefix("$").replace(",", ""))
    except (ValueError, InvalidOperation):
        raise BadRequest("Write an amount such as 25 or 25.50.", param=name) from None

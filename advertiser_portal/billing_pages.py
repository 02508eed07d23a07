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

from adserver.catalog import queries
from adserver.catalog.advertiser import Advertiser
from advertiser_portal.billing import recharge, refunds, top_up
from advertiser_portal.billing.customers import ensure_customer
from advertiser_portal.billing.gateway import Done
from advertiser_portal.billing.operations import plan
from advertiser_portal.billing.overview import billing_overview
from advertiser_portal.billing.till import Till
from advertiser_portal.billing.top_up import Returns
from kernel.database import WriteSession
from kernel.errors import BadRequest, Forbidden, NotFound, Unavailable
from kernel.money import Micros
from web import audit
from web.front_desk import Member
from web.pages import Pages
from web.roles import Act

_HERE: Final = "/advertiser/billing"
NOTES: Final = {
    "paid": "Thank you. The payment is on its way; your balance follows within seconds.",
    "card": "The card is saved. Automatic recharge may use it.",
    "rule": "Automatic recharge is on.",
    "off": "Automatic recharge is off.",
    "refund": "The refund is on its way to your card.",
    "left": "Nothing was paid.",
}


class FundsForm(BaseModel):
    amount: str
    save_card: bool = False


class RuleForm(BaseModel):
    threshold: str
    amount: str
    monthly_cap: str


class RefundForm(BaseModel):
    amount: str = ""


class BillingPages:
    """Handlers of ``/advertiser/billing``."""

    def __init__(self, pages: Pages, till: Till) -> None:
        self._pages, self._front, self._till = pages, pages.front, till

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

    async def overview(self, request: Request, note: str = "") -> Response:
        member = await self._front.member(request, Act.SEE)
        advertiser = await self._advertiser(member)
        if note == "paid":
            # The browser may be faster than the processor's event.
            await self._till.catch_up()
            await self._till.desk.drain()
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
            note=NOTES.get(note),
        )

    async def add_funds(self, request: Request, form: Annotated[FundsForm, Form()]) -> Response:
        """Plan a payment and show the way to the payment page."""
        member, advertiser = await self._payer(request)
        customer = await self._customer(member, advertiser)
        async with self._front.database.writing() as tx:
            operation_id = await top_up.plan_top_up(
                tx,
                advertiser.advertiser_id,
                _amount(form.amount, "amount"),
                customer=customer,
                save_card=form.save_card,
                tax=False,
                returns=self._returns("paid"),
                clock=self._front.clock,
            )
            await self._audit(
                tx,
                request,
                "billing.add_funds",
                by=(member, advertiser),
                after={"amount": form.amount},
            )
        return await self._leave(request, operation_id)

    async def save_card(self, request: Request) -> Response:
        """Show the way to the page that saves a card without a payment."""
        member, advertiser = await self._payer(request)
        customer = await self._customer(member, advertiser)
        back = self._returns("card")
        params = {
            "customer": customer,
            "success_url": back.success_url,
            "cancel_url": back.cancel_url,
        }
        async with self._front.database.writing() as tx:
            operation_id = await plan(
                tx, "save_card", advertiser.advertiser_id, params, clock=self._front.clock
            )
            await self._audit(tx, request, "billing.save_card", by=(member, advertiser), after={})
        return await self._leave(request, operation_id)

    async def set_recharge(self, request: Request, form: Annotated[RuleForm, Form()]) -> Response:
        member, advertiser = await self._payer(request)
        rule = recharge.RechargeRule(
            threshold=_amount(form.threshold, "threshold"),
            amount=_amount(form.amount, "amount"),
            monthly_cap=_amount(form.monthly_cap, "monthly_cap"),
        )
        async with self._front.database.writing() as tx:
            await recharge.set_rule(tx, advertiser.advertiser_id, rule, clock=self._front.clock)
            await self._audit(
                tx, request, "billing.recharge_on", by=(member, advertiser), after=form.model_dump()
            )
        return self._pages.to(request, f"{_HERE}?note=rule")

    async def stop_recharge(self, request: Request) -> Response:
        member, advertiser = await self._payer(request)
        async with self._front.database.writing() as tx:
            await recharge.set_rule(tx, advertiser.advertiser_id, None, clock=self._front.clock)
            await self._audit(
                tx, request, "billing.recharge_off", by=(member, advertiser), after={}
            )
        return self._pages.to(request, f"{_HERE}?note=off")

    async def refund(self, request: Request, form: Annotated[RefundForm, Form()]) -> Response:
        """Hold unspent cash and send it back."""
        member, advertiser = await self._payer(request)
        amount = _amount(form.amount, "amount") if form.amount.strip() else None
        async with self._front.database.writing() as tx:
            operation_ids = await refunds.plan_refund(
                tx, advertiser.advertiser_id, amount, clock=self._front.clock
            )
            await self._audit(
                tx,
                request,
                "billing.refund",
                by=(member, advertiser),
                after={"amount": form.amount or "all"},
            )
        for operation_id in operation_ids:
            await self._till.operations.perform(operation_id)
        return self._pages.to(request, f"{_HERE}?note=refund")

    async def confirm(self, request: Request, intent_id: str) -> Response:
        """The owner of a card confirms a recharge that the bank asked about."""
        _member, advertiser = await self._payer(request)
        async with self._front.database.reading() as session:
            shown = await billing_overview(
                session, advertiser.advertiser_id, clock=self._front.clock
            )
        asked = shown.rule.confirm_url if shown.rule else None
        if asked is None or not asked.endswith(f"/{intent_id}"):
            raise NotFound("There is no payment of yours to confirm.")
        assert shown.customer is not None, "A recharge has a customer."
        back = f"{self._front.public_url}{_HERE}?note=paid"
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

    async def _payer(self, request: Request) -> tuple[Member, Advertiser]:
        member = await self._front.member(request, Act.PAY)
        return member, await self._advertiser(member)

    async def _advertiser(self, member: Member) -> Advertiser:
        async with self._front.database.reading() as session:
            found = await queries.advertiser_of(session, member.membership.organisation.id)
        if found is None:
            raise Forbidden("Billing opens with your first advertiser.")
        return found

    async def _customer(self, member: Member, advertiser: Advertiser) -> str:
        return await ensure_customer(
            self._front.database,
            self._till.operations,
            advertiser.advertiser_id,
            email=member.visitor.person.email,
            name=advertiser.name,
            clock=self._front.clock,
        )

    def _returns(self, note: str) -> Returns:
        here = f"{self._front.public_url}{_HERE}"
        return Returns(f"{here}?note={note}", f"{here}?note=left")

    async def _audit(
        self,
        tx: WriteSession,
        request: Request,
        action: str,
        *,
        by: tuple[Member, Advertiser],
        after: dict[str, Any],
    ) -> None:
        member, advertiser = by
        await audit.record(
            tx,
            action=action,
            subject=advertiser.advertiser_id,
            clock=self._front.clock,
            visitor=member.visitor,
            request_id=request.scope.get("request_id"),
            after=after,
        )


def _amount(text: str, name: str) -> Micros:
    try:
        return Micros.from_units(text.strip().removeprefix("$").replace(",", ""))
    except (ValueError, InvalidOperation):
        raise BadRequest("Write an amount such as 25 or 25.50.", param=name) from None

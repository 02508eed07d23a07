"""Money over the API, to act: ask for a payment, set recharge, redeem a code, ask for a refund.

A program may ask for a payment; a person pays on the page whose address it gets. All of it needs a
token that may pay. With an Idempotency-Key nothing is asked for twice, and an answer that was lost
is given again as things stand now.
"""

from typing import Any, Final

import orjson
from fastapi import APIRouter, Request
from fastapi.responses import Response

from adserver.catalog.advertiser import Advertiser
from advertiser_portal.api.billing import way_to_pay
from advertiser_portal.api.billing_wire import (
    BillingAnswer,
    CodeRequest,
    GrantAnswer,
    RechargeAnswer,
    RechargeRequest,
    RefundAnswer,
    RefundList,
    RefundRequest,
    TopUpAnswer,
    TopUpRequest,
)
from advertiser_portal.api.door import Caller, Door
from advertiser_portal.api.retries import created_once
from advertiser_portal.billing import promos, recharge, refunds, top_up
from advertiser_portal.billing.customers import ensure_customer
from advertiser_portal.billing.gateway import Done
from advertiser_portal.billing.overview import billing_overview
from advertiser_portal.billing.tables import AutoRecharge
from advertiser_portal.billing.till import Till
from advertiser_portal.billing.top_up import Returns
from advertiser_portal.ownership import their_advertiser
from kernel.database import WriteSession
from kernel.errors import Unavailable
from kernel.money import Micros
from web.front_desk import FrontDesk
from web.members import members_of
from web.roles import Act

_PAGES: Final = "/advertiser/billing"


class BillingActs:
    """Handlers."""

    def __init__(self, front: FrontDesk, till: Till) -> None:
        self._front, self._door, self._till = front, Door(front), till

    async def add_funds(self, request: Request, body: TopUpRequest) -> Response:
        """Ask for a payment; a person pays at `url`, and the wallet has it seconds later."""
        caller, advertiser = await self._payer(request)
        front, till = self._front, self._till
        customer = await self._customer(caller, advertiser)
        pages = f"{front.public_url}{_PAGES}"

        async def make(tx: WriteSession) -> dict[str, Any]:
            operation_id = await top_up.plan_top_up(
                tx,
                advertiser.advertiser_id,
                Micros(body.amount_micros),
                customer=customer,
                save_card=body.save_card,
                tax=till.tax,
                returns=Returns(f"{pages}/paid/{{operation}}", f"{pages}?note=left"),
                clock=front.clock,
                caution=till.caution,
            )
            await self._log(tx, caller, advertiser, "add_funds", body.model_dump())
            return {"id": operation_id}

        kept = await created_once(front, request, caller, make)
        answer = await self._asked(advertiser, orjson.loads(kept.body)["id"])
        return _again(kept, answer.model_dump(mode="json"))

    async def set_recharge(self, request: Request, body: RechargeRequest) -> RechargeAnswer:
        """Turn automatic recharge on, or change it; needs a saved card."""
        caller, advertiser = await self._payer(request)
        async with self._front.database.writing() as tx:
            own = advertiser.advertiser_id
            await recharge.set_rule(tx, own, body.rule(), clock=self._front.clock)
            await self._log(tx, caller, advertiser, "recharge_on", body.model_dump())
            return RechargeAnswer.of(await tx.get_one(AutoRecharge, own))

    async def stop_recharge(self, request: Request) -> BillingAnswer:
        """Turn automatic recharge off; the card stays saved."""
        caller, advertiser = await self._payer(request)
        async with self._front.database.writing() as tx:
            await recharge.set_rule(tx, advertiser.advertiser_id, None, clock=self._front.clock)
            await self._log(tx, caller, advertiser, "recharge_off", {})
        async with self._front.database.reading() as session:
            shown = await billing_overview(
                session, advertiser.advertiser_id, clock=self._front.clock
            )
        return BillingAnswer.of(shown, test_money=self._till.test_money)

    async def redeem(self, request: Request, body: CodeRequest) -> Response:
        """Redeem a promo code; what it gives is spent before cash and cannot be refunded."""
        caller, advertiser = await self._payer(request)

        async def make(tx: WriteSession) -> dict[str, Any]:
            grant = await promos.redeem(
                tx,
                body.code,
                advertiser_id=advertiser.advertiser_id,
                clock=self._front.clock,
                caution=self._till.caution,
            )
            await self._log(tx, caller, advertiser, "promo", body.model_dump())
            answer = GrantAnswer(
                id=grant.grant_id,
                amount_micros=grant.amount.amount,
                expires_at=grant.expires_at,
            )
            return answer.model_dump(mode="json")

        return await created_once(self._front, request, caller, make)

    async def refund(self, request: Request, body: RefundRequest) -> Response:
        """Send unspent cash back to its cards; the answer has a part for each payment."""
        caller, advertiser = await self._payer(request)
        amount = None if body.amount_micros is None else Micros(body.amount_micros)

        async def make(tx: WriteSession) -> dict[str, Any]:
            own, clock = advertiser.advertiser_id, self._front.clock
            planned = await refunds.plan_refund(tx, own, amount, clock=clock)
            await self._log(tx, caller, advertiser, "refund", body.model_dump())
            return {"ids": planned}

        kept = await created_once(self._front, request, caller, make)
        asked = orjson.loads(kept.body)["ids"]
        await self._till.operations.perform_all(asked)
        async with self._front.database.reading() as session:
            rows = await refunds.refunds_of(session, advertiser.advertiser_id, only=asked)
        answer = RefundList(data=[RefundAnswer.of(row) for row in rows], next=None)
        return _again(kept, answer.model_dump(mode="json"))

    async def _asked(self, advertiser: Advertiser, operation_id: str) -> TopUpAnswer:
        outcome = await self._till.operations.perform(operation_id)
        async with self._front.database.reading() as session:
            row = await top_up.asked_for(session, operation_id, advertiser.advertiser_id)
        url = outcome.url if isinstance(outcome, Done) else await way_to_pay(self._till, row)
        if url is None and row.outcome is None:
            raise Unavailable(
                "Payments are not reachable right now. Nothing was charged; ask again with the "
                "same Idempotency-Key in a minute."
            )
        return TopUpAnswer.of(row, url)

    async def _payer(self, request: Request) -> tuple[Caller, Advertiser]:
        caller = await self._door.caller(request, Act.PAY)
        async with self._front.database.reading() as session:
            return caller, await their_advertiser(session, caller)

    async def _customer(self, caller: Caller, advertiser: Advertiser) -> str:
        """The customer at the processor; a new one gets the address of whoever made the token."""
        async with self._front.database.reading() as session:
            people = await members_of(session, caller.organisation_id)
        maker = [one for one in people if one.person_id == caller.token.created_by]
        return await ensure_customer(
            self._front.database,
            self._till.operations,
            advertiser.advertiser_id,
            email=(maker or people)[0].email,
            name=advertiser.name,
            clock=self._front.clock,
        )

    async def _log(
        self,
        tx: WriteSession,
        caller: Caller,
        advertiser: Advertiser,
        act: str,
        after: dict[str, Any],
    ) -> None:
        await caller.log(tx, self._front, f"billing.{act}", advertiser.advertiser_id, after=after)

    def add_to(self, router: APIRouter) -> None:
        """Add the addresses."""
        tags: list[Any] = ["Billing"]
        for path, make, model in (
            ("top-ups", self.add_funds, TopUpAnswer),
            ("promo-codes", self.redeem, GrantAnswer),
            ("refunds", self.refund, RefundList),
        ):
            made: dict[int | str, dict[str, Any]] = {201: {"model": model}}
            router.add_api_route(
                f"/billing/{path}",
                make,
                methods=["POST"],
                tags=tags,
                status_code=201,
                responses=made,
            )
        rule = "/billing/recharge"
        router.add_api_route(rule, self.set_recharge, methods=["PUT"], tags=tags)
        router.add_api_route(rule, self.stop_recharge, methods=["DELETE"], tags=tags)


def _again(kept: Response, body: dict[str, Any]) -> Response:
    """The kept answer with what stands now; it says whether it was asked for before."""
    replayed = kept.headers.get("idempotent-replayed")
    headers = {"idempotent-replayed": replayed} if replayed else {}
    return Response(orjson.dumps(body), 201, headers, media_type="application/json")

"""What a publisher has earned, when it is paid, and where to.

Earnings come from the ledger, payouts and accounts from the till. Where to pay to is said on a page
of the payment processor; we learn only whether the account may receive. Its links work for minutes,
so an expired one leads back here and on to a fresh one.
"""

import contextlib
from typing import Any, Final

from fastapi import APIRouter, Request
from fastapi.responses import Response

from adserver.catalog.owners import publishers_of
from adserver.catalog.publisher import Publisher
from advertiser_portal.billing import payouts
from advertiser_portal.billing.earnings import Earnings, earnings_of
from advertiser_portal.billing.gateway import Done
from advertiser_portal.billing.paper_print import Parties, printed
from advertiser_portal.billing.papers import paper_about, shown_number
from advertiser_portal.billing.till import Till
from kernel.errors import NotFound, Unavailable
from ledger.earnings import HOLD_PERIOD
from web import audit
from web.front_desk import Member
from web.pages import Pages
from web.roles import Act

_HERE: Final = "/developer/payouts"
_BUSY: Final = "Payouts cannot be set up right now. Nothing has changed; try again in a minute."


class PayoutPages:
    """Handlers of ``/developer/payouts``."""

    def __init__(self, pages: Pages, till: Till) -> None:
        self._pages, self._front, self._till = pages, pages.front, till

    def add_to(self, router: APIRouter) -> None:
        """Add the addresses."""
        router.add_api_route("/payouts", self.overview, methods=["GET"])
        router.add_api_route("/payouts/{publisher_id}/account", self.open, methods=["POST"])
        router.add_api_route("/payouts/{publisher_id}/again", self.again, methods=["GET"])
        router.add_api_route("/payouts/{publisher_id}/back", self.back, methods=["GET"])
        router.add_api_route("/payouts/statements/{payout_id}", self.statement, methods=["GET"])

    async def overview(self, request: Request) -> Response:
        """Earnings and payouts of each publisher of the organisation."""
        member = await self._front.member(request, Act.SEE)
        shown: list[tuple[Publisher, Earnings]] = []
        async with self._front.database.reading() as session:
            for publisher in await publishers_of(session, member.membership.organisation.id):
                earned = await earnings_of(session, publisher.publisher_id, clock=self._front.clock)
                shown.append((publisher, earned))
        return self._pages.page(
            request,
            "payouts.html",
            publishers=shown,
            threshold=payouts.THRESHOLD,
            hold_days=HOLD_PERIOD.days,
            test_money=self._till.test_money,
        )

    async def open(self, request: Request, publisher_id: str) -> Response:
        """Make the account, once, and show the way to the page that completes it."""
        member, publisher = await self._theirs(request, publisher_id)
        async with self._front.database.writing() as tx:
            operation_id = await payouts.plan_payee(
                tx,
                publisher_id,
                email=member.visitor.person.email,
                name=publisher.name,
                clock=self._front.clock,
            )
            await audit.record(
                tx,
                action="payouts.set_up",
                subject=publisher_id,
                clock=self._front.clock,
                visitor=member.visitor,
            )
        if operation_id is not None:
            done = await self._till.operations.perform(operation_id)
            if not isinstance(done, Done):
                raise Unavailable(_BUSY)
        return self._pages.page(
            request, "payouts_leave.html", address=await self._link(publisher_id)
        )

    async def again(self, request: Request, publisher_id: str) -> Response:
        """From an expired link to a fresh one."""
        await self._theirs(request, publisher_id)
        return self._pages.page(
            request, "payouts_leave.html", address=await self._link(publisher_id)
        )

    async def back(self, request: Request, publisher_id: str) -> Response:
        """Back from the processor's page: look what it says now, and show our own state."""
        await self._theirs(request, publisher_id)
        async with self._front.database.reading() as session:
            earned = await earnings_of(session, publisher_id, clock=self._front.clock)
        if earned.payee is not None and earned.payee.stripe_account_id is not None:
            with contextlib.suppress(Unavailable, LookupError):
                await self._till.desk.follow("payee", earned.payee.stripe_account_id)
        return self._pages.to(request, _HERE)

    async def statement(self, request: Request, payout_id: str) -> Response:
        """The statement of one payout as PDF."""
        member = await self._front.member(request, Act.SEE)
        async with self._front.database.reading() as session:
            for publisher in await publishers_of(session, member.membership.organisation.id):
                with contextlib.suppress(NotFound):
                    paper = await paper_about(session, payout_id, owner_id=publisher.publisher_id)
                    parties = Parties("Tollfree", publisher.name)
                    page = printed(paper, parties, test_money=self._till.test_money)
                    name = f'attachment; filename="{shown_number(paper)}.pdf"'
                    headers = {"content-disposition": name}
                    return Response(page, media_type="application/pdf", headers=headers)
        raise NotFound("There is no such statement of yours.")

    async def _theirs(self, request: Request, publisher_id: str) -> tuple[Member, Publisher]:
        member = await self._front.member(request, Act.PAY)
        async with self._front.database.reading() as session:
            own = await publishers_of(session, member.membership.organisation.id)
        for publisher in own:
            if publisher.publisher_id == publisher_id:
                return member, publisher
        raise NotFound("You have no such publisher. It may belong to another organisation.")

    async def _link(self, publisher_id: str) -> str:
        here = f"{self._front.public_url}{_HERE}/{publisher_id}"
        async with self._front.database.writing() as tx:
            operation_id = await payouts.plan_onboarding(
                tx,
                publisher_id,
                refresh_url=f"{here}/again",
                return_url=f"{here}/back",
                clock=self._front.clock,
            )
        done: Any = await self._till.operations.perform(operation_id)
        if not isinstance(done, Done) or done.url is None:
            raise Unavailable(_BUSY)
        return done.url

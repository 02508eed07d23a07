"""What every billing page needs: the till, whose advertiser it is, and who may pay."""

from typing import Any, Final

from fastapi import Request

from adserver.catalog import queries
from adserver.catalog.advertiser import Advertiser
from advertiser_portal.billing.till import Till
from kernel.database import WriteSession
from kernel.errors import Forbidden
from web import audit
from web.front_desk import Member
from web.pages import Pages
from web.roles import Act

BILLING: Final = "/advertiser/billing"


class BillingDesk:
    """Shared by the pages that take money and those that show what became of it."""

    def __init__(self, pages: Pages, till: Till) -> None:
        self.pages, self.front, self.till = pages, pages.front, till

    async def payer(self, request: Request) -> tuple[Member, Advertiser]:
        """Somebody who may pay, and for whom. Raises Forbidden."""
        member = await self.front.member(request, Act.PAY)
        return member, await self.advertiser(member)

    async def reader(self, request: Request) -> Advertiser:
        """The advertiser whose money the visitor may see."""
        return await self.advertiser(await self.front.member(request, Act.SEE))

    async def advertiser(self, member: Member) -> Advertiser:
        """The advertiser of the member's organisation. Raises Forbidden without one."""
        async with self.front.database.reading() as session:
            found = await queries.advertiser_of(session, member.membership.organisation.id)
        if found is None:
            raise Forbidden("Billing opens with your first advertiser.")
        return found

    async def audit(
        self,
        tx: WriteSession,
        request: Request,
        action: str,
        *,
        by: tuple[Member, Advertiser],
        after: dict[str, Any],
    ) -> None:
        """A line in the audit log, in the transaction of what it speaks of."""
        member, advertiser = by
        await audit.record(
            tx,
            action=action,
            subject=advertiser.advertiser_id,
            clock=self.front.clock,
            visitor=member.visitor,
            request_id=request.scope.get("request_id"),
            after=after,
        )

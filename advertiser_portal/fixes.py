"""One press that mends why a campaign is not served.

Money is only ever raised to twice what it was, and the page says so before it is pressed; the change
is an ordinary edit with its line in the audit log. Some things are mended elsewhere: the press then
leads there.
"""

from dataclasses import replace
from datetime import datetime
from typing import Annotated, Final

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response
from pydantic import BaseModel

from adserver.catalog import commands
from adserver.catalog.campaign import Campaign, CampaignTerms
from adserver.catalog.campaign_edits import edit_campaign
from advertiser_portal.api.wire import terms_json
from advertiser_portal.copying import copied_campaign
from advertiser_portal.ownership import their_campaign
from advertiser_portal.portal import PORTAL
from advertiser_portal.serving import Fix
from kernel.database import WriteSession
from web import audit
from web.front_desk import FrontDesk, Member
from web.pages import Pages
from web.roles import Act

LABELS: Final = {
    Fix.START: "Start it",
    Fix.RESUME: "Resume it",
    Fix.START_NOW: "Start now",
    Fix.NO_END: "Go on without an end",
    Fix.RAISE_DAILY: "Double the daily budget",
    Fix.RAISE_TOTAL: "Double the total budget",
    Fix.ADD_FUNDS: "Add funds",
    Fix.WRITE: "Write a creative",
    Fix.IMPROVE: "Improve the ad",
    Fix.COPY: "Run a copy",
}


class FixForm(BaseModel):
    """Which of them."""

    fix: Fix = Fix.RESUME


class Fixes:
    """The handler."""

    def __init__(self, pages: Pages) -> None:
        self._pages, self._front = pages, pages.front

    async def fix(
        self, request: Request, campaign_id: str, form: Annotated[FixForm, Form()]
    ) -> Response:
        """Mend it, or go where it is mended."""
        member = await self._front.member(request, Act.EDIT_CAMPAIGNS)
        async with self._front.database.writing() as tx:
            before = await their_campaign(tx, member, campaign_id)
            after = await mended(tx, before, form.fix, self._front)
            if after is not None:
                await self._log(tx, request, member, fix=form.fix, before=before, after=after)
        shown = after.campaign_id if after else campaign_id
        where = {
            Fix.ADD_FUNDS: f"{PORTAL.home}billing",
            Fix.WRITE: f"{PORTAL.home}campaigns/{campaign_id}/creatives/new",
            Fix.IMPROVE: f"{PORTAL.home}campaigns/{campaign_id}/rehearsal",
        }.get(form.fix, f"{PORTAL.home}campaigns/{shown}?note=mended")
        return self._pages.to(request, where)

    async def _log(
        self,
        tx: WriteSession,
        request: Request,
        member: Member,
        *,
        fix: Fix,
        before: Campaign,
        after: Campaign,
    ) -> None:
        await audit.record(
            tx,
            action="campaign.mended",
            subject=after.campaign_id,
            clock=self._front.clock,
            visitor=member.visitor,
            request_id=request.scope.get("request_id"),
            before={"status": before.status.value, **terms_json(before)},
            after={"fix": fix.value, "status": after.status.value, **terms_json(after)},
        )

    def add_to(self, router: APIRouter) -> None:
        """Add the address."""
        router.add_api_route("/campaigns/{campaign_id}/fix", self.fix, methods=["POST"])


async def mended(
    tx: WriteSession, campaign: Campaign, fix: Fix, front: FrontDesk
) -> Campaign | None:
    """The campaign afterwards; None for what is mended on another page."""
    match fix:
        case Fix.START:
            return await commands.start_campaign(tx, campaign.campaign_id, clock=front.clock)
        case Fix.RESUME:
            return await commands.resume_campaign(tx, campaign.campaign_id, clock=front.clock)
        case Fix.COPY:
            return await copied_campaign(tx, campaign, clock=front.clock)
        case Fix.ADD_FUNDS | Fix.WRITE | Fix.IMPROVE:
            return None
        case Fix.START_NOW | Fix.NO_END | Fix.RAISE_DAILY | Fix.RAISE_TOTAL:
            return await edit_campaign(
                tx,
                campaign.campaign_id,
                terms=better_terms(campaign.terms, fix, front.clock.now()),
                targeting=campaign.targeting,
                clock=front.clock,
            )


def better_terms(terms: CampaignTerms, fix: Fix, now: datetime) -> CampaignTerms:
    """``better_terms(terms, Fix.RAISE_DAILY, now)`` has twice the daily budget. Pure."""
    if fix is Fix.START_NOW:
        return replace(terms, starts_at=min(now, terms.starts_at))
    if fix is Fix.NO_END:
        return replace(terms, ends_at=None)
    if fix is Fix.RAISE_DAILY and terms.daily_budget is not None:
        return replace(terms, daily_budget=terms.daily_budget * 2)
    if fix is Fix.RAISE_TOTAL and terms.total_budget is not None:
        return replace(terms, total_budget=terms.total_budget * 2)
    return terms

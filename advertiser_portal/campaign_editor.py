"""Create, edit, duplicate, start and end campaigns.

Each act and its line in the audit log are one transaction, in which ownership is settled first. A
form that cannot stand comes back with everything that was typed and the field that is wrong.
"""

from dataclasses import replace
from typing import Annotated, Any, Final
from zoneinfo import available_timezones

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from adserver.catalog import commands
from adserver.catalog.campaign import BidType, Campaign
from adserver.catalog.campaign_edits import edit_campaign
from adserver.catalog.categories import CATEGORIES
from adserver.catalog.targeting import PAID_FORMATS
from advertiser_portal.api.wire import terms_json
from advertiser_portal.campaign_form import CampaignForm, form_of
from advertiser_portal.copying import copied_campaign
from advertiser_portal.ownership import their_advertiser, their_campaign
from advertiser_portal.portal import PORTAL
from kernel.database import WriteSession
from kernel.errors import BadRequest, TollfreeError
from web import audit
from web.front_desk import Member
from web.pages import Pages
from web.roles import Act

_FORMATS: Final = PAID_FORMATS

_BID_TYPES: Final = {
    BidType.CPC: "A click",
    BidType.CPM: "A thousand viewable impressions",
    BidType.CPA: "A conversion",
}


class CampaignEditor:
    """Handlers of the editor."""

    def __init__(self, pages: Pages) -> None:
        self._pages, self._front = pages, pages.front

    async def blank(self, request: Request) -> Response:
        """The form for a new campaign."""
        await self._front.member(request, Act.EDIT_CAMPAIGNS)
        return self._show(request, CampaignForm(formats=list(_FORMATS)))

    async def create(self, request: Request, form: Annotated[CampaignForm, Form()]) -> Response:
        """A draft, and on to its first creative."""
        member = await self._front.member(request, Act.EDIT_CAMPAIGNS)
        try:
            async with self._front.database.writing() as tx:
                advertiser = await their_advertiser(tx, member)
                made = await commands.create_campaign(
                    tx,
                    advertiser_id=advertiser.advertiser_id,
                    terms=form.terms(self._front.clock.now()),
                    targeting=form.targeting(),
                    clock=self._front.clock,
                )
                await self._log(request, tx, member, "campaign.created", made)
        except BadRequest as error:
            return self._show(request, form, problem=error)
        return self._pages.to(
            request, f"{PORTAL.home}campaigns/{made.campaign_id}/creatives/new?note=created"
        )

    async def edit(self, request: Request, campaign_id: str) -> Response:
        """The form with a campaign's terms."""
        member = await self._front.member(request, Act.EDIT_CAMPAIGNS)
        async with self._front.database.reading() as session:
            campaign = await their_campaign(session, member, campaign_id)
        return self._show(request, form_of(campaign), campaign=campaign)

    async def save(
        self, request: Request, campaign_id: str, form: Annotated[CampaignForm, Form()]
    ) -> Response:
        """New terms for a campaign."""
        member = await self._front.member(request, Act.EDIT_CAMPAIGNS)
        campaign = None
        try:
            async with self._front.database.writing() as tx:
                campaign = await their_campaign(tx, member, campaign_id)
                terms = form.terms(self._front.clock.now())
                if form.starts_at == form_of(campaign).starts_at:
                    # The form shows minutes; what was not touched keeps its seconds.
                    terms = replace(terms, starts_at=campaign.terms.starts_at)
                after = await edit_campaign(
                    tx,
                    campaign_id,
                    terms=terms,
                    targeting=form.targeting(),
                    clock=self._front.clock,
                )
                await self._log(request, tx, member, "campaign.edited", after, before=campaign)
        except BadRequest as error:
            return self._show(request, form, campaign=campaign, problem=error)
        return self._pages.to(request, f"{PORTAL.home}campaigns/{campaign_id}?note=saved")

    async def duplicate(self, request: Request, campaign_id: str) -> Response:
        """A draft with the same terms and the same copy, none of it reviewed yet."""
        member = await self._front.member(request, Act.EDIT_CAMPAIGNS)
        async with self._front.database.writing() as tx:
            old = await their_campaign(tx, member, campaign_id)
            made = await copied_campaign(tx, old, clock=self._front.clock)
            await self._log(request, tx, member, "campaign.duplicated", made, before=old)
        return self._pages.to(request, f"{PORTAL.home}campaigns/{made.campaign_id}?note=duplicated")

    def _show(
        self,
        request: Request,
        form: CampaignForm,
        *,
        campaign: Campaign | None = None,
        problem: TollfreeError | None = None,
    ) -> Response:
        return self._pages.page(
            request,
            "campaign_editor.html",
            status=422 if problem else 200,
            form=form,
            campaign=campaign,
            problem=problem,
            ad_formats=_FORMATS,
            bid_types=[(one.value, _BID_TYPES[one]) for one in BidType],
            categories=sorted(CATEGORIES.items(), key=lambda pair: pair[1]),
            time_zones=[(zone, zone) for zone in sorted(available_timezones())],
        )

    async def _log(
        self,
        request: Request,
        tx: WriteSession,
        member: Member,
        action: str,
        after: Campaign,
        *,
        before: Campaign | None = None,
    ) -> None:
        await audit.record(
            tx,
            action=action,
            subject=after.campaign_id,
            clock=self._front.clock,
            visitor=member.visitor,
            request_id=request.scope.get("request_id"),
            before=None if before is None else _agreed(before),
            after=_agreed(after),
        )

    def add_to(self, router: APIRouter) -> None:
        """Add the editor's addresses; before those that take any campaign id."""
        router.add_api_route("/campaigns/new", self.blank, methods=["GET"])
        router.add_api_route("/campaigns/new", self.create, methods=["POST"])
        one = "/campaigns/{campaign_id}"
        router.add_api_route(f"{one}/edit", self.edit, methods=["GET"])
        router.add_api_route(f"{one}/edit", self.save, methods=["POST"])
        router.add_api_route(f"{one}/duplicate", self.duplicate, methods=["POST"])


def _agreed(campaign: Campaign) -> dict[str, Any]:
    """Terms and targeting as plain JSON, for the log."""
    return {"campaign": campaign.campaign_id, **terms_json(campaign)}

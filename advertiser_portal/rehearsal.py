"""A campaign tried before it runs: sample conversations, the ads they would get, nothing charged.

The same path as serving decides; nothing is recorded and nobody sees anything. Launching from here
hands the drafts in and starts the campaign, in one transaction.
"""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from adserver.catalog import commands
from adserver.catalog.creative import ReviewState
from adserver.catalog.queries import creatives_of
from advertiser_portal.match_panel import Matcher, panel_of, preview_of
from advertiser_portal.ownership import their_advertiser, their_campaign
from advertiser_portal.portal import PORTAL
from advertiser_portal.sample_conversations import SAMPLES
from kernel.errors import BadRequest
from web import audit
from web.pages import Pages
from web.roles import Act

_MOST = 3


class Rehearsal:
    """Handlers."""

    def __init__(
        self, pages: Pages, *, matcher: Matcher | None, auto_approve_after_lint: bool
    ) -> None:
        self._pages, self._front = pages, pages.front
        self._matcher, self._auto = matcher, auto_approve_after_lint

    async def show(self, request: Request, campaign_id: str) -> Response:
        """What would happen."""
        member = await self._front.member(request, Act.SEE)
        async with self._front.database.reading() as session:
            campaign = await their_campaign(session, member, campaign_id)
            advertiser = await their_advertiser(session, member)
            creatives = (await creatives_of(session, campaign_id))[:_MOST]
        at, panels = self._front.clock.now(), []
        for one in creatives:
            draft = preview_of(one.copy, advertiser, campaign, at=at)
            panels.append((one, await panel_of(self._matcher, draft) if self._matcher else None))
        return self._pages.page(
            request,
            "rehearsal.html",
            campaign=campaign,
            advertiser=advertiser,
            panels=panels,
            samples=len(SAMPLES),
            may_edit=member.may(Act.EDIT_CAMPAIGNS),
        )

    async def launch(self, request: Request, campaign_id: str) -> Response:
        """Hand in what is still a draft, and start."""
        member = await self._front.member(request, Act.EDIT_CAMPAIGNS)
        clock = self._front.clock
        async with self._front.database.writing() as tx:
            campaign = await their_campaign(tx, member, campaign_id)
            creatives = await creatives_of(tx, campaign_id)
            if not creatives:
                raise BadRequest("Write a creative first: there is nothing to show yet.")
            for one in creatives:
                if one.review_state is ReviewState.DRAFT:
                    await commands.submit_creative(
                        tx, one.creative_id, auto_approve_after_lint=self._auto, clock=clock
                    )
            after = await commands.start_campaign(tx, campaign_id, clock=clock)
            await audit.record(
                tx,
                action="campaign.started",
                subject=campaign_id,
                clock=clock,
                visitor=member.visitor,
                request_id=request.scope.get("request_id"),
                before={"status": campaign.status.value},
                after={"status": after.status.value},
            )
        return self._pages.to(request, f"{PORTAL.home}campaigns/{campaign_id}?note=launched")

    def add_to(self, router: APIRouter) -> None:
        """Add the addresses."""
        router.add_api_route("/campaigns/{campaign_id}/rehearsal", self.show, methods=["GET"])
        router.add_api_route("/campaigns/{campaign_id}/launch", self.launch, methods=["POST"])

"""Start, pause, resume and end: what an advertiser changes here.

The act and its line in the audit log are one transaction. Whose campaign it is, is settled in that
same transaction, before anything is touched. Pressing a button twice is pressing it once.
"""

from collections.abc import Awaitable
from typing import Annotated, Literal, Protocol

from fastapi import Form, Request
from fastapi.responses import Response
from pydantic import BaseModel

from adserver.catalog import commands
from adserver.catalog.campaign import Campaign
from advertiser_portal.overview_pages import NOTES, OverviewPages
from advertiser_portal.ownership import their_campaign
from advertiser_portal.periods import period_of
from advertiser_portal.portal import PORTAL
from kernel.clock import Clock
from kernel.database import WriteSession
from web import audit
from web.pages import Pages, is_fragment
from web.roles import Act


class Command(Protocol):
    """A command of the catalog on one campaign."""

    def __call__(
        self, tx: WriteSession, campaign_id: str, *, clock: Clock
    ) -> Awaitable[Campaign]: ...


class ActForm(BaseModel):
    """Where the button was, so that the answer fits there."""

    view: Literal["overview", "campaign"] = "overview"
    period: str = ""


class CampaignActs:
    """Handlers that change."""

    def __init__(self, pages: Pages, reading: OverviewPages) -> None:
        self._pages, self._front, self._reading = pages, pages.front, reading

    async def pause(
        self, request: Request, campaign_id: str, form: Annotated[ActForm, Form()]
    ) -> Response:
        """Stop serving a campaign."""
        await self._perform(request, campaign_id, commands.pause_campaign, "paused")
        return await self._answer(request, campaign_id, form, "paused")

    async def resume(
        self, request: Request, campaign_id: str, form: Annotated[ActForm, Form()]
    ) -> Response:
        """Serve a paused campaign again."""
        await self._perform(request, campaign_id, commands.resume_campaign, "resumed")
        return await self._answer(request, campaign_id, form, "resumed")

    async def start(
        self, request: Request, campaign_id: str, form: Annotated[ActForm, Form()]
    ) -> Response:
        """Make a draft live."""
        await self._perform(request, campaign_id, commands.start_campaign, "started")
        return await self._answer(request, campaign_id, form, "started")

    async def end(
        self, request: Request, campaign_id: str, form: Annotated[ActForm, Form()]
    ) -> Response:
        """Stop a campaign for good."""
        await self._perform(request, campaign_id, commands.end_campaign, "ended")
        return await self._answer(request, campaign_id, form, "ended")

    async def _perform(
        self, request: Request, campaign_id: str, command: Command, done: str
    ) -> None:
        member = await self._front.member(request, Act.EDIT_CAMPAIGNS)
        async with self._front.database.writing() as tx:
            before = await their_campaign(tx, member, campaign_id)
            after = await command(tx, campaign_id, clock=self._front.clock)
            if after.status is before.status:
                return
            await audit.record(
                tx,
                action=f"campaign.{done}",
                subject=campaign_id,
                clock=self._front.clock,
                visitor=member.visitor,
                request_id=request.scope.get("request_id"),
                before={"status": before.status.value},
                after={"status": after.status.value},
            )

    async def _answer(
        self, request: Request, campaign_id: str, form: ActForm, done: str
    ) -> Response:
        period = period_of(form.period)
        if not is_fragment(request):
            page = "" if form.view == "overview" else f"campaigns/{campaign_id}"
            return self._pages.to(request, f"{PORTAL.home}{page}?period={period.value}&note={done}")
        shown = await self._reading.theirs(request.state.member, period)
        if form.view == "overview":
            return self._reading.overview_fragment(request, shown, note=NOTES[done])
        return self._reading.campaign_fragment(request, shown, campaign_id, note=NOTES[done])

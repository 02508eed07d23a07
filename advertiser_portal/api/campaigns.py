"""Campaigns over the API: list, read, create, change, act.

The list is keyset-paged by id: `after` is the last id of the page before, `next` is what to send as
`after`, null at the end. A created campaign is a draft; starting it is an act of its own.
"""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel

from adserver.catalog import commands
from adserver.catalog.campaign import Campaign
from adserver.catalog.campaign_edits import edit_campaign
from adserver.catalog.targeting import Targeting
from advertiser_portal.api.door import Caller, Door
from advertiser_portal.api.retries import created_once
from advertiser_portal.api.wire import CampaignAnswer, CampaignRequest, terms_json
from advertiser_portal.copying import copied_campaign
from advertiser_portal.overview import CampaignLine, overview_of
from advertiser_portal.ownership import their_advertiser, their_campaign
from advertiser_portal.periods import Period
from kernel.database import WriteSession
from kernel.errors import NotFound
from web.front_desk import FrontDesk
from web.roles import Act

Name = Literal["start", "pause", "resume", "end"]
_DONE: Final = {"start": "started", "pause": "paused", "resume": "resumed", "end": "ended"}
_ACTS: Final[dict[str, Callable[..., Awaitable[Campaign]]]] = {
    "start": commands.start_campaign,
    "pause": commands.pause_campaign,
    "resume": commands.resume_campaign,
    "end": commands.end_campaign,
}
Limit = Annotated[int, Query(ge=1, le=200)]


class CampaignList(BaseModel):
    """One page of campaigns."""

    data: list[CampaignAnswer]
    next: str | None


class CampaignCalls:
    """Handlers."""

    def __init__(self, front: FrontDesk) -> None:
        self._front, self._door = front, Door(front)

    async def listed(
        self,
        request: Request,
        status: Annotated[Literal["draft", "live", "paused", "ended"] | None, Query()] = None,
        after: str = "",
        limit: Limit = 50,
    ) -> CampaignList:
        """Campaigns, oldest first."""
        caller = await self._door.caller(request, Act.SEE)
        lines = [
            line
            for line in await self._lines(caller)
            if line.campaign.campaign_id > after
            and (status is None or line.campaign.status.value == status)
        ]
        more = len(lines) > limit
        page = lines[:limit]
        last = page[-1].campaign.campaign_id if more else None
        return CampaignList(data=[answer_of(line) for line in page], next=last)

    async def one(self, request: Request, campaign_id: str) -> CampaignAnswer:
        """A campaign with its state and the reason for it."""
        return await self._answer(await self._door.caller(request, Act.SEE), campaign_id)

    async def create(self, request: Request, body: CampaignRequest) -> Response:
        """A new draft. Send an Idempotency-Key so that a retry does not make a second one."""
        caller = await self._door.caller(request, Act.EDIT_CAMPAIGNS)
        front = self._front

        async def make(tx: WriteSession) -> dict[str, Any]:
            advertiser = await their_advertiser(tx, caller)
            wanted = body.targeting.over(Targeting()) if body.targeting else Targeting()
            made = await commands.create_campaign(
                tx,
                advertiser_id=advertiser.advertiser_id,
                terms=body.over(CampaignRequest.blank(front.clock.now())),
                targeting=wanted,
                clock=front.clock,
            )
            await caller.log(
                tx, front, "campaign.created", made.campaign_id, after=terms_json(made)
            )
            return {"id": made.campaign_id, "status": made.status.value, **terms_json(made)}

        return await created_once(front, request, caller, make)

    async def change(
        self, request: Request, campaign_id: str, body: CampaignRequest
    ) -> CampaignAnswer:
        """New terms; what the request leaves out stays."""
        caller = await self._door.caller(request, Act.EDIT_CAMPAIGNS)
        async with self._front.database.writing() as tx:
            before = await their_campaign(tx, caller, campaign_id)
            wanted = before.targeting
            after = await edit_campaign(
                tx,
                campaign_id,
                terms=body.over(before.terms),
                targeting=body.targeting.over(wanted) if body.targeting else wanted,
                clock=self._front.clock,
            )
            await caller.log(
                tx,
                self._front,
                "campaign.edited",
                campaign_id,
                before=terms_json(before),
                after=terms_json(after),
            )
        return await self._answer(caller, campaign_id)

    async def act(self, request: Request, campaign_id: str, act: Name) -> CampaignAnswer:
        """Start a draft, pause, resume or end; doing it twice is doing it once."""
        caller = await self._door.caller(request, Act.EDIT_CAMPAIGNS)
        async with self._front.database.writing() as tx:
            before = await their_campaign(tx, caller, campaign_id)
            after = await _ACTS[act](tx, campaign_id, clock=self._front.clock)
            if after.status is not before.status:
                await caller.log(
                    tx,
                    self._front,
                    f"campaign.{_DONE[act]}",
                    campaign_id,
                    before={"status": before.status.value},
                    after={"status": after.status.value},
                )
        return await self._answer(caller, campaign_id)

    async def duplicate(self, request: Request, campaign_id: str) -> Response:
        """A draft with the same terms and copy."""
        caller = await self._door.caller(request, Act.EDIT_CAMPAIGNS)

        async def make(tx: WriteSession) -> dict[str, Any]:
            old = await their_campaign(tx, caller, campaign_id)
            made = await copied_campaign(tx, old, clock=self._front.clock)
            await caller.log(
                tx, self._front, "campaign.duplicated", made.campaign_id, after=terms_json(made)
            )
            return {"id": made.campaign_id, "status": made.status.value, **terms_json(made)}

        return await created_once(self._front, request, caller, make)

    async def _answer(self, caller: Caller, campaign_id: str) -> CampaignAnswer:
        for line in await self._lines(caller):
            if line.campaign.campaign_id == campaign_id:
                return answer_of(line)
        raise NotFound("You have no such campaign.")

    async def _lines(self, caller: Caller) -> list[CampaignLine]:
        async with self._front.database.reading() as session:
            shown = await overview_of(
                session, caller.organisation_id, period=Period.TODAY, at=self._front.clock.now()
            )
        return (
            [] if shown is None else sorted(shown.lines, key=lambda line: line.campaign.campaign_id)
        )

    def add_to(self, router: APIRouter) -> None:
        """Add the addresses."""
        at = "/campaigns"
        one = f"{at}/{{campaign_id}}"
        created: dict[int | str, dict[str, Any]] = {201: {"model": CampaignRequest}}
        router.add_api_route(at, self.listed, methods=["GET"], tags=["Campaigns"])
        router.add_api_route(
            at,
            self.create,
            methods=["POST"],
            tags=["Campaigns"],
            status_code=201,
            responses=created,
        )
        router.add_api_route(one, self.one, methods=["GET"], tags=["Campaigns"])
        router.add_api_route(one, self.change, methods=["PATCH"], tags=["Campaigns"])
        router.add_api_route(
            f"{one}/duplicate",
            self.duplicate,
            methods=["POST"],
            tags=["Campaigns"],
            status_code=201,
        )
        router.add_api_route(f"{one}/{{act}}", self.act, methods=["POST"], tags=["Campaigns"])


def answer_of(line: CampaignLine) -> CampaignAnswer:
    """A campaign as it travels."""
    campaign = line.campaign
    return CampaignAnswer.model_validate(
        {
            "id": campaign.campaign_id,
            "status": campaign.status.value,
            "serving": line.serving.label,
            "reason": line.serving.reason,
            "spent_total_micros": line.total.spent.amount if line.total else None,
            "spent_today_micros": line.daily.spent.amount if line.daily else None,
            **terms_json(campaign),
        }
    )

"""Creatives over the API: write, check, submit, read every version.

A change makes a new version and a draft again. `check` is the editor's panel: the findings of the
policy and the sample conversations that would and would not match, for copy that is kept nowhere.
"""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel

from adserver.catalog import commands
from adserver.catalog.lint import lint
from adserver.catalog.queries import creatives_of
from advertiser_portal.api.door import Door
from advertiser_portal.api.retries import created_once
from advertiser_portal.api.wire import CreativeAnswer, CreativeRequest
from advertiser_portal.history import Version, versions_of
from advertiser_portal.match_panel import Matcher, panel_of, preview_of
from advertiser_portal.ownership import their_advertiser, their_campaign, their_creative
from kernel.database import WriteSession
from web.front_desk import FrontDesk
from web.roles import Act


class CreativeList(BaseModel):
    """One page of a campaign's creatives."""

    data: list[CreativeAnswer]
    next: str | None


class FindingAnswer(BaseModel):
    """What a reviewer would say; `blocks` cannot be submitted, `review` waits for a person."""

    field: str
    code: str
    weight: str
    message: str


class SampleAnswer(BaseModel):
    """A sample conversation and how it came out."""

    conversation: list[str]
    relevance_percent: int | None
    reason: str | None


class CheckAnswer(BaseModel):
    """What the policy and the matching say to copy."""

    findings: list[FindingAnswer]
    would_match: list[SampleAnswer]
    would_not_match: list[SampleAnswer]


class VersionList(BaseModel):
    """Every version of a creative, newest first."""

    data: list[Version]


class CreativeCalls:
    """Handlers."""

    def __init__(
        self, front: FrontDesk, matcher: Matcher | None, *, auto_approve_after_lint: bool
    ) -> None:
        self._front, self._door = front, Door(front)
        self._matcher, self._auto = matcher, auto_approve_after_lint

    async def listed(
        self,
        request: Request,
        campaign_id: str,
        after: str = "",
        limit: Annotated[int, Query(ge=1, le=200)] = 50,
    ) -> CreativeList:
        """A campaign's creatives, oldest first."""
        caller = await self._door.caller(request, Act.SEE)
        async with self._front.database.reading() as session:
            await their_campaign(session, caller, campaign_id)
            found = await creatives_of(session, campaign_id)
        rest = [one for one in found if one.creative_id > after]
        last = rest[limit - 1].creative_id if len(rest) > limit else None
        return CreativeList(data=[CreativeAnswer.of(one) for one in rest[:limit]], next=last)

    async def one(self, request: Request, creative_id: str) -> CreativeAnswer:
        """A creative with its review."""
        caller = await self._door.caller(request, Act.SEE)
        async with self._front.database.reading() as session:
            creative, _ = await their_creative(session, caller, creative_id)
        return CreativeAnswer.of(creative)

    async def versions(self, request: Request, creative_id: str) -> VersionList:
        """What the copy said before, newest first."""
        caller = await self._door.caller(request, Act.SEE)
        async with self._front.database.reading() as session:
            await their_creative(session, caller, creative_id)
            return VersionList(data=await versions_of(session, creative_id))

    async def create(self, request: Request, campaign_id: str, body: CreativeRequest) -> Response:
        """A new draft in a campaign."""
        caller = await self._door.caller(request, Act.EDIT_CAMPAIGNS)

        async def make(tx: WriteSession) -> dict[str, Any]:
            await their_campaign(tx, caller, campaign_id)
            made = await commands.create_creative(
                tx,
                campaign_id=campaign_id,
                copy=body.over(CreativeRequest.blank()),
                clock=self._front.clock,
            )
            answer = CreativeAnswer.of(made).model_dump(mode="json")
            await caller.log(tx, self._front, "creative.created", made.creative_id, after=answer)
            return answer

        return await created_once(self._front, request, caller, make)

    async def change(
        self, request: Request, creative_id: str, body: CreativeRequest
    ) -> CreativeAnswer:
        """A new version; what the request leaves out stays."""
        caller = await self._door.caller(request, Act.EDIT_CAMPAIGNS)
        async with self._front.database.writing() as tx:
            before, _ = await their_creative(tx, caller, creative_id)
            made = await commands.edit_creative(tx, creative_id, body.over(before.copy))
            answer = CreativeAnswer.of(made)
            await caller.log(
                tx,
                self._front,
                "creative.edited",
                creative_id,
                after=answer.model_dump(mode="json"),
            )
        return answer

    async def submit(self, request: Request, creative_id: str) -> CreativeAnswer:
        """Hand a draft in for review."""
        caller = await self._door.caller(request, Act.EDIT_CAMPAIGNS)
        async with self._front.database.writing() as tx:
            await their_creative(tx, caller, creative_id)
            made = await commands.submit_creative(
                tx, creative_id, auto_approve_after_lint=self._auto, clock=self._front.clock
            )
            answer = CreativeAnswer.of(made)
            await caller.log(
                tx,
                self._front,
                "creative.submitted",
                creative_id,
                after=answer.model_dump(mode="json"),
            )
        return answer

    async def check(self, request: Request, campaign_id: str, body: CreativeRequest) -> CheckAnswer:
        """What policy and matching say to this copy; nothing is kept."""
        caller = await self._door.caller(request, Act.EDIT_CAMPAIGNS)
        async with self._front.database.reading() as session:
            campaign = await their_campaign(session, caller, campaign_id)
            advertiser = await their_advertiser(session, caller)
        copy = body.over(CreativeRequest.blank())
        findings = lint(copy, domain=advertiser.domain)
        matching: list[SampleAnswer] = []
        others: list[SampleAnswer] = []
        if self._matcher is not None and copy.title and copy.example_prompts:
            draft = preview_of(copy, advertiser, campaign, at=self._front.clock.now())
            panel = await panel_of(self._matcher, draft)
            matching, others = [
                [
                    SampleAnswer(
                        conversation=list(line.sample.said),
                        relevance_percent=line.percent,
                        reason=line.reason,
                    )
                    for line in lines
                ]
                for lines in (panel.matching, panel.others)
            ]
        return CheckAnswer(
            findings=[
                FindingAnswer(
                    field=one.field, code=one.code, weight=one.weight.value, message=one.message
                )
                for one in findings
            ],
            would_match=matching,
            would_not_match=others,
        )

    def add_to(self, router: APIRouter) -> None:
        """Add the addresses."""
        under, one = "/campaigns/{campaign_id}/creatives", "/creatives/{creative_id}"
        tags: list[Any] = ["Creatives"]
        router.add_api_route(under, self.listed, methods=["GET"], tags=tags)
        router.add_api_route(under, self.create, methods=["POST"], tags=tags, status_code=201)
        router.add_api_route(f"{under}/check", self.check, methods=["POST"], tags=tags)
        router.add_api_route(one, self.one, methods=["GET"], tags=tags)
        router.add_api_route(one, self.change, methods=["PATCH"], tags=tags)
        router.add_api_route(f"{one}/submit", self.submit, methods=["POST"], tags=tags)
        router.add_api_route(f"{one}/versions", self.versions, methods=["GET"], tags=tags)

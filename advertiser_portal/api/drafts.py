"""Drafts over the API: a landing page in, creatives and questions out; nothing is kept."""

from typing import Any, Final

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field

from advertiser_portal.api.door import Door
from advertiser_portal.drafting import Drafter
from advertiser_portal.ownership import their_advertiser
from web.front_desk import FrontDesk
from web.roles import Act

PER_HOUR: Final = 60


class DraftRequest(BaseModel):
    """The page to read."""

    model_config = ConfigDict(extra="forbid")

    url: str = Field(examples=["https://strideworks.example/arch-one"])


class DraftedCopy(BaseModel):
    title: str
    body: str
    cta: str
    landing_url: str
    category: str
    language: str
    example_prompts: list[str]
    facts: list[str]


class DraftAnswer(BaseModel):
    """Drafts to send back as creatives; `problem` says why there are none."""

    creatives: list[DraftedCopy]
    intents: list[str]
    problem: str | None


class DraftCalls:
    """Handlers."""

    def __init__(self, front: FrontDesk, drafter: Drafter) -> None:
        self._front, self._door, self._drafter = front, Door(front), drafter

    async def draft(self, request: Request, body: DraftRequest) -> DraftAnswer:
        """Read a landing page and draft from it."""
        caller = await self._door.caller(request, Act.EDIT_CAMPAIGNS)
        await self._front.attempts.count("draft", caller.organisation_id, most=PER_HOUR)
        async with self._front.database.reading() as session:
            advertiser = await their_advertiser(session, caller)
        found = await self._drafter.draft(body.url, domain=advertiser.domain)
        return DraftAnswer(
            creatives=[
                DraftedCopy(
                    title=one.title,
                    body=one.body,
                    cta=one.cta,
                    landing_url=one.landing_url,
                    category=one.category,
                    language=one.language,
                    example_prompts=list(one.example_prompts),
                    facts=list(one.facts),
                )
                for one in found.copies
            ],
            intents=list(found.intents),
            problem=found.problem,
        )

    def add_to(self, router: APIRouter) -> None:
        """Add the address."""
        tags: list[Any] = ["Creatives"]
        router.add_api_route("/drafts", self.draft, methods=["POST"], tags=tags)

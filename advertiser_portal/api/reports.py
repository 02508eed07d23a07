"""Reports over the API: the page's own rows, as JSON or as the page's file, and ads compared."""

from dataclasses import asdict
from typing import Annotated, Any, Literal

import orjson
from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field

from advertiser_portal.api.door import Door
from advertiser_portal.comparing import comparison_of
from advertiser_portal.comparison import Verdict
from advertiser_portal.ownership import their_advertiser, their_campaign
from advertiser_portal.report import Dimension, report_of, span_of
from advertiser_portal.report_file import as_csv, as_json
from web.front_desk import FrontDesk
from web.roles import Act


class ReportQuery(BaseModel):
    """Which report; seven days by campaign unless said otherwise."""

    model_config = ConfigDict(extra="forbid")

    by: Dimension = Field(Dimension.CAMPAIGN, description="What the rows stand for")
    first: str = Field("", alias="from", description="First day, UTC")
    last: str = Field("", alias="to", description="Last day, included")
    compare: bool = Field(False, description="Add the days just before")
    campaign: str = Field("", description="Of one campaign")
    form: Literal["json", "csv"] = Field("json", alias="format")


class StandingAnswer(BaseModel):
    """One wording of an ad, with what is believed of its click rate."""

    creative_id: str
    version: int
    title: str
    delivered: int
    clicks: int
    click_rate: float | None
    click_rate_low: float = Field(description="95 % of what is believed lies above this")
    click_rate_high: float = Field(description="and below this")
    chance_best: float = Field(description="How likely it has the best click rate of all")


class ComparisonAnswer(BaseModel):
    """The approved ads of a campaign side by side."""

    verdict: Verdict
    words: str
    data: list[StandingAnswer]


class ReportCalls:
    """Handlers."""

    def __init__(self, front: FrontDesk) -> None:
        self._front, self._door = front, Door(front)

    async def report(self, request: Request, asked: Annotated[ReportQuery, Query()]) -> Response:
        """Delivered, rendered, viewable, clicks, conversions, money, rates; seven days unless said.

        Rows by topic, country, app and hour are shown from 50 delivered ads on; the rest is one
        row "other", so that every table adds up.
        """
        caller = await self._door.caller(request, Act.SEE)
        front = self._front
        span = span_of(asked.first, asked.last, days=7, at=front.clock.now())
        async with front.database.reading() as session:
            advertiser = await their_advertiser(session, caller)
            if asked.campaign:
                await their_campaign(session, caller, asked.campaign)
            found = await report_of(
                session,
                advertiser.advertiser_id,
                dimension=asked.by,
                span=span,
                compare=asked.compare,
                campaign_id=asked.campaign or None,
            )
        if asked.form == "csv":
            return Response(as_csv(found), media_type="text/csv; charset=utf-8")
        return Response(orjson.dumps(as_json(found)), media_type="application/json")

    async def comparison(self, request: Request, campaign_id: str) -> ComparisonAnswer:
        """Which of a campaign's approved ads is clicked more often, and how sure that is."""
        caller = await self._door.caller(request, Act.SEE)
        async with self._front.database.reading() as session:
            campaign = await their_campaign(session, caller, campaign_id)
            found = await comparison_of(session, campaign, at=self._front.clock.now())
        return ComparisonAnswer(
            verdict=found.verdict,
            words=found.words,
            data=[
                StandingAnswer(
                    **asdict(one.wording),
                    click_rate=one.rate,
                    click_rate_low=one.low,
                    click_rate_high=one.high,
                    chance_best=one.chance_best,
                )
                for one in found.standings
            ],
        )

    def add_to(self, router: APIRouter) -> None:
        """Add the addresses."""
        router.add_api_route(
            "/campaigns/{campaign_id}/comparison",
            self.comparison,
            methods=["GET"],
            tags=["Reports"],
        )
        answers: dict[int | str, dict[str, Any]] = {
            200: {"content": {"application/json": {}, "text/csv": {}}}
        }
        router.add_api_route(
            "/reports", self.report, methods=["GET"], tags=["Reports"], responses=answers
        )

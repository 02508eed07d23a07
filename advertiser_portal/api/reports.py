"""Reports over the API: the page's own rows, as JSON or as the page's file."""

from typing import Annotated, Any, Literal

import orjson
from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field

from advertiser_portal.api.door import Door
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

    def add_to(self, router: APIRouter) -> None:
        """Add the address."""
        answers: dict[int | str, dict[str, Any]] = {
            200: {"content": {"application/json": {}, "text/csv": {}}}
        }
        router.add_api_route(
            "/reports", self.report, methods=["GET"], tags=["Reports"], responses=answers
        )

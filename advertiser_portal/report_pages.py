"""The report page and its file."""

from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel, Field

from adserver.catalog.campaign import Campaign
from adserver.catalog.queries import campaigns_of
from advertiser_portal.ownership import their_advertiser, their_campaign
from advertiser_portal.periods import Period, period_of
from advertiser_portal.report import Dimension, Report, dimension_of, rates_of, report_of, span_of
from advertiser_portal.report_file import as_csv
from web.pages import Pages
from web.roles import Act


class ReportQuery(BaseModel):
    """What stands in the address; a mangled link shows the usual report."""

    by: str = ""
    period: str = ""
    first: str = Field("", alias="from")
    last: str = Field("", alias="to")
    compare: str = ""
    campaign: str = ""


@dataclass(frozen=True)
class Shown:
    """A report and how it was asked for."""

    report: Report
    period: Period | None
    compare: bool
    campaign: Campaign | None
    campaigns: tuple[Campaign, ...]

    def address(self, **changes: str) -> str:
        """The query of a neighbouring report: ``address(by="day")``."""
        asked = {"by": self.report.dimension.value}
        if self.period is None:
            span = self.report.span
            asked |= {"from": span.first.isoformat(), "to": span.last.isoformat()}
        else:
            asked["period"] = self.period.value
        asked["compare"] = "yes" if self.compare else ""
        asked["campaign"] = self.campaign.campaign_id if self.campaign else ""
        if "period" in changes:
            asked = {name: value for name, value in asked.items() if name not in ("from", "to")}
        return urlencode({name: value for name, value in (asked | changes).items() if value})


class ReportPages:
    """Handlers that read."""

    def __init__(self, pages: Pages) -> None:
        self._pages, self._front = pages, pages.front

    async def page(self, request: Request, asked: Annotated[ReportQuery, Query()]) -> Response:
        """Chart and table."""
        shown = await self._shown(request, asked)
        return self._pages.page(
            request,
            "report.html",
            shown=shown,
            report=shown.report,
            rates_of=rates_of,
            periods=list(Period),
            dimensions=list(Dimension),
            most=max((line.numbers.spend.amount for line in shown.report.days), default=0),
        )

    async def file(self, request: Request, asked: Annotated[ReportQuery, Query()]) -> Response:
        """The same table as CSV."""
        report = (await self._shown(request, asked)).report
        days = f"{report.span.first.isoformat()}-{report.span.last.isoformat()}"
        name = f"tollfree-{report.dimension.value}-{days}.csv"
        return Response(
            as_csv(report),
            media_type="text/csv; charset=utf-8",
            headers={"content-disposition": f'attachment; filename="{name}"'},
        )

    async def _shown(self, request: Request, asked: ReportQuery) -> Shown:
        member = await self._front.member(request, Act.SEE)
        period = None if asked.first or asked.last else period_of(asked.period)
        days = 7 if period is None else period.days
        span = span_of(asked.first, asked.last, days=days, at=self._front.clock.now())
        async with self._front.database.reading() as session:
            advertiser = await their_advertiser(session, member)
            campaign = (
                await their_campaign(session, member, asked.campaign) if asked.campaign else None
            )
            report = await report_of(
                session,
                advertiser.advertiser_id,
                dimension=dimension_of(asked.by),
                span=span,
                compare=bool(asked.compare),
                campaign_id=campaign.campaign_id if campaign else None,
            )
            campaigns = tuple(await campaigns_of(session, advertiser.advertiser_id))
        return Shown(report, period, bool(asked.compare), campaign, campaigns)

    def add_to(self, router: APIRouter) -> None:
        """Add the report's addresses."""
        router.add_api_route("/reports", self.page, methods=["GET"])
        router.add_api_route("/reports.csv", self.file, methods=["GET"])

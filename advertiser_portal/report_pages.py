"""The report page and its file."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from advertiser_portal.ownership import their_advertiser
from advertiser_portal.periods import Period, period_of
from advertiser_portal.report import Dimension, Report, as_csv, dimension_of, report_of
from web.pages import Pages
from web.roles import Act


class ReportPages:
    """Handlers that read."""

    def __init__(self, pages: Pages) -> None:
        self._pages, self._front = pages, pages.front

    async def page(self, request: Request, period: str = "", by: str = "") -> Response:
        """Chart and table."""
        report = await self._report(request, period, by)
        return self._pages.page(
            request,
            "report.html",
            report=report,
            periods=list(Period),
            dimensions=list(Dimension),
            most=max((line.traffic.spend.amount for line in report.days), default=0),
        )

    async def file(self, request: Request, period: str = "", by: str = "") -> Response:
        """The same table as CSV."""
        report = await self._report(request, period, by)
        name = f"tollfree-{report.dimension.value}-{report.period.value}.csv"
        return Response(
            as_csv(report),
            media_type="text/csv; charset=utf-8",
            headers={"content-disposition": f'attachment; filename="{name}"'},
        )

    async def _report(self, request: Request, period: str, by: str) -> Report:
        member = await self._front.member(request, Act.SEE)
        async with self._front.database.reading() as session:
            advertiser = await their_advertiser(session, member)
            return await report_of(
                session,
                advertiser.advertiser_id,
                dimension=dimension_of(by),
                period=period_of(period),
                at=self._front.clock.now(),
            )

    def add_to(self, router: APIRouter) -> None:
        """Add the report's addresses."""
        router.add_api_route("/reports", self.page, methods=["GET"])
        router.add_api_route("/reports.csv", self.file, methods=["GET"])

"""The list of campaigns: filter, sort, act on many, saved views, a file out and a file in.

The whole view stands in the address, so that it can be sent or kept under a name. Acting on many is
acting on each: what cannot take the step is left out and counted.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel

from adserver.catalog import commands
from advertiser_portal import saved_views
from advertiser_portal.campaign_file import as_csv, imported
from advertiser_portal.fixes import LABELS
from advertiser_portal.overview import CampaignLine, overview_of
from advertiser_portal.ownership import their_advertiser, their_campaign
from advertiser_portal.periods import Period, period_of
from advertiser_portal.portal import PORTAL
from kernel.errors import BadRequest, Conflict, TollfreeError
from web import audit
from web.front_desk import Member
from web.pages import Pages
from web.roles import Act

_ACTS: Final[dict[str, Callable[..., Any]]] = {
    "start": commands.start_campaign,
    "pause": commands.pause_campaign,
    "resume": commands.resume_campaign,
    "end": commands.end_campaign,
}
_MOST: Final = 200
NOTES: Final = {
    "kept": "The view is kept.",
    "forgotten": "The view is forgotten.",
    "nothing": "Choose at least one campaign first.",
}
_ORDERS: Final[dict[str, Callable[[CampaignLine], Any]]] = {
    "name": lambda line: line.campaign.terms.name.casefold(),
    "spend": lambda line: -line.traffic.spend.amount,
    "delivered": lambda line: -line.traffic.delivered,
    "clicks": lambda line: -line.traffic.clicks,
    "newest": lambda line: tuple(-ord(sign) for sign in line.campaign.campaign_id),
}


class ListQuery(BaseModel):
    """What stands in the address."""

    q: str = ""
    status: str = ""
    sort: str = "newest"
    period: str = ""
    note: str = ""

    def address(self) -> str:
        """The view without its notice, one way to write it."""
        said = {"q": self.q[:80], "status": self.status, "sort": self.sort, "period": self.period}
        return urlencode({name: value for name, value in said.items() if value})


class BulkForm(BaseModel):
    """Which campaigns, and what to do."""

    campaign: list[str] = []
    act: Literal["start", "pause", "resume", "end"] = "pause"
    view: str = ""


class ViewForm(BaseModel):
    name: str = ""
    view: str = ""


class ImportForm(BaseModel):
    table: str = ""


@dataclass(frozen=True)
class Filtered:
    """The lines of a view; totals are of all of them."""

    lines: tuple[CampaignLine, ...]
    of: int


class CampaignListPages:
    """Handlers."""

    def __init__(self, pages: Pages) -> None:
        self._pages, self._front = pages, pages.front

    async def show(self, request: Request, asked: Annotated[ListQuery, Query()]) -> Response:
        """The list."""
        member = await self._front.member(request, Act.SEE)
        return await self._show(request, member, asked, note=_note(asked.note))

    async def bulk(self, request: Request, form: Annotated[BulkForm, Form()]) -> Response:
        """One act on many."""
        member = await self._front.member(request, Act.EDIT_CAMPAIGNS)
        if not form.campaign:
            return self._back(request, form.view, "nothing")
        done = 0
        async with self._front.database.writing() as tx:
            for campaign_id in dict.fromkeys(form.campaign[:_MOST]):
                before = await their_campaign(tx, member, campaign_id)
                try:
                    after = await _ACTS[form.act](tx, campaign_id, clock=self._front.clock)
                except Conflict:
                    continue
                if after.status is before.status:
                    continue
                done += 1
                await audit.record(
                    tx,
                    action=f"campaign.bulk_{form.act}",
                    subject=campaign_id,
                    clock=self._front.clock,
                    visitor=member.visitor,
                    request_id=request.scope.get("request_id"),
                    before={"status": before.status.value},
                    after={"status": after.status.value},
                )
        left = len(form.campaign) - done
        return self._back(request, form.view, f"done-{done}-{left}")

    async def keep_view(self, request: Request, form: Annotated[ViewForm, Form()]) -> Response:
        """Keep the view under a name."""
        member = await self._front.member(request, Act.EDIT_CAMPAIGNS)
        view = ListQuery(**_read(form.view)).address()
        async with self._front.database.writing() as tx:
            await saved_views.keep(
                tx, member.organisation_id, name=form.name, query=view, clock=self._front.clock
            )
        return self._back(request, view, "kept")

    async def forget_view(self, request: Request, view_id: str) -> Response:
        """Forget one."""
        member = await self._front.member(request, Act.EDIT_CAMPAIGNS)
        async with self._front.database.writing() as tx:
            await saved_views.forget(tx, member.organisation_id, view_id)
        return self._back(request, "", "forgotten")

    async def file(self, request: Request, asked: Annotated[ListQuery, Query()]) -> Response:
        """The campaigns of the view with all their terms, as CSV."""
        member = await self._front.member(request, Act.SEE)
        lines = (await self._filtered(member, asked)).lines
        return Response(
            as_csv([line.campaign for line in lines]),
            media_type="text/csv; charset=utf-8",
            headers={"content-disposition": 'attachment; filename="tollfree-campaigns.csv"'},
        )

    async def import_form(self, request: Request) -> Response:
        """Where a file of ours, or one like it, is pasted."""
        await self._front.member(request, Act.EDIT_CAMPAIGNS)
        return self._pages.page(request, "campaign_import.html", table="", problem=None)

    async def bring_in(self, request: Request, form: Annotated[ImportForm, Form()]) -> Response:
        """Drafts from a file; all of it or nothing."""
        member = await self._front.member(request, Act.EDIT_CAMPAIGNS)
        try:
            wanted = imported(form.table, now=self._front.clock.now())
            async with self._front.database.writing() as tx:
                advertiser = await their_advertiser(tx, member)
                for terms, targeting in wanted:
                    made = await commands.create_campaign(
                        tx,
                        advertiser_id=advertiser.advertiser_id,
                        terms=terms,
                        targeting=targeting,
                        clock=self._front.clock,
                    )
                    await audit.record(
                        tx,
                        action="campaign.imported",
                        subject=made.campaign_id,
                        clock=self._front.clock,
                        visitor=member.visitor,
                        request_id=request.scope.get("request_id"),
                        after={"name": terms.name},
                    )
        except BadRequest as problem:
            return self._pages.page(
                request, "campaign_import.html", status=422, table=form.table, problem=problem
            )
        return self._back(request, "", f"done-{len(wanted)}-0")

    async def _show(
        self,
        request: Request,
        member: Member,
        asked: ListQuery,
        *,
        note: str | None = None,
        problem: TollfreeError | None = None,
    ) -> Response:
        found = await self._filtered(member, asked)
        async with self._front.database.reading() as session:
            views = await saved_views.views_of(session, member.organisation_id)
        return self._pages.page(
            request,
            "campaigns.html",
            lines=found.lines,
            of=found.of,
            asked=asked,
            period=period_of(asked.period),
            periods=list(Period),
            orders=sorted(_ORDERS),
            views=views,
            fixes=LABELS,
            note=note,
            problem=problem,
        )

    async def _filtered(self, member: Member, asked: ListQuery) -> Filtered:
        async with self._front.database.reading() as session:
            shown = await overview_of(
                session,
                member.organisation_id,
                period=period_of(asked.period),
                at=self._front.clock.now(),
            )
        every = () if shown is None else shown.lines
        lines = [line for line in every if _fits(line, asked)]
        lines.sort(key=_ORDERS.get(asked.sort, _ORDERS["newest"]))
        return Filtered(tuple(lines), len(every))

    def _back(self, request: Request, view: str, note: str) -> Response:
        kept = ListQuery(**_read(view)).address()
        return self._pages.to(request, f"{PORTAL.home}campaigns?{kept}&note={note}")

    def add_to(self, router: APIRouter) -> None:
        """Add the addresses; before those that take any campaign id."""
        router.add_api_route("/campaigns", self.show, methods=["GET"])
        router.add_api_route("/campaigns.csv", self.file, methods=["GET"])
        router.add_api_route("/campaigns/bulk", self.bulk, methods=["POST"])
        router.add_api_route("/campaigns/import", self.import_form, methods=["GET"])
        router.add_api_route("/campaigns/import", self.bring_in, methods=["POST"])
        router.add_api_route("/campaigns/views", self.keep_view, methods=["POST"])
        router.add_api_route(
            "/campaigns/views/{view_id}/forget", self.forget_view, methods=["POST"]
        )


def _fits(line: CampaignLine, asked: ListQuery) -> bool:
    words = asked.q.casefold().split()
    name = line.campaign.terms.name.casefold()
    if not all(word in name for word in words):
        return False
    if asked.status == "troubled":
        return line.serving.tone in ("bad", "wait")
    return asked.status in ("", line.campaign.status.value)


def _read(view: str) -> dict[str, str]:
    from urllib.parse import parse_qsl

    known = ("q", "status", "sort", "period")
    return {name: value for name, value in parse_qsl(view[:400]) if name in known}


def _note(text: str) -> str | None:
    if text in NOTES:
        return NOTES[text]
    parts: Sequence[str] = text.split("-")
    if len(parts) == 3 and parts[0] == "done" and parts[1].isdigit() and parts[2].isdigit():
        left = f" {int(parts[2])} could not take the step." if int(parts[2]) else ""
        return f"Done for {int(parts[1])} campaigns.{left}"
    return None

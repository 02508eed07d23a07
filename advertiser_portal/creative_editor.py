"""Write creatives: lint as one types, a preview in a chat, hand in for review.

The preview draws copy the way readers meet it, label included, and never more than the copy holds.
What lint blocks cannot be handed in; what it asks a person about can, and says so.
"""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from adserver.catalog import commands
from adserver.catalog.advertiser import Advertiser
from adserver.catalog.campaign import Campaign
from adserver.catalog.categories import CATEGORIES
from adserver.catalog.creative import LONGEST_BODY, LONGEST_CTA, LONGEST_TITLE, Creative
from adserver.catalog.lint import lint
from advertiser_portal.creative_form import CreativeForm, form_of
from advertiser_portal.history import Version, versions_of
from advertiser_portal.match_panel import Matcher, Panel, panel_of, preview_of
from advertiser_portal.ownership import their_advertiser, their_campaign, their_creative
from advertiser_portal.portal import PORTAL
from kernel.database import WriteSession
from kernel.errors import BadRequest, Conflict, TollfreeError
from web import audit
from web.ad_previews import ad_previews
from web.front_desk import Member
from web.pages import Pages
from web.roles import Act


class SavedCreative(CreativeForm):
    """The form with the button that was pressed."""

    press: Literal["save", "submit"] = "save"


class CreativeEditor:
    """Handlers of the editor. Without `matcher` there is no match panel."""

    def __init__(
        self, pages: Pages, *, matcher: Matcher | None, auto_approve_after_lint: bool
    ) -> None:
        self._pages, self._front = pages, pages.front
        self._matcher, self._auto = matcher, auto_approve_after_lint

    async def blank(self, request: Request, campaign_id: str, note: str = "") -> Response:
        """The form for a new creative."""
        member = await self._front.member(request, Act.EDIT_CAMPAIGNS)
        advertiser, campaign = await self._house(member, campaign_id)
        form = CreativeForm(landing_url=f"https://{advertiser.domain}/")
        return await self._show(
            request,
            form,
            advertiser,
            campaign,
            note="The campaign is there. Now its first creative." if note == "created" else None,
        )

    async def create(
        self, request: Request, campaign_id: str, form: Annotated[SavedCreative, Form()]
    ) -> Response:
        """A draft; handed in at once if that button was pressed."""
        member = await self._front.member(request, Act.EDIT_CAMPAIGNS)
        advertiser, campaign = await self._house(member, campaign_id)
        try:
            async with self._front.database.writing() as tx:
                await their_campaign(tx, member, campaign_id)
                made = await commands.create_creative(
                    tx, campaign_id=campaign_id, copy=form.copy_of(), clock=self._front.clock
                )
                await self._finish(request, tx, member, made, form=form, action="creative.created")
        except BadRequest as error:
            return await self._show(request, form, advertiser, campaign, problem=error)
        return self._back(request, campaign, form)

    async def edit(self, request: Request, creative_id: str) -> Response:
        """The form with a creative's copy."""
        member = await self._front.member(request, Act.EDIT_CAMPAIGNS)
        async with self._front.database.reading() as session:
            creative, campaign = await their_creative(session, member, creative_id)
            advertiser = await their_advertiser(session, member)
            history = await versions_of(session, creative_id)
        return await self._show(
            request, form_of(creative), advertiser, campaign, creative=creative, history=history
        )

    async def save(
        self, request: Request, creative_id: str, form: Annotated[SavedCreative, Form()]
    ) -> Response:
        """A new version, a draft again."""
        member = await self._front.member(request, Act.EDIT_CAMPAIGNS)
        async with self._front.database.reading() as session:
            creative, campaign = await their_creative(session, member, creative_id)
            advertiser = await their_advertiser(session, member)
        try:
            async with self._front.database.writing() as tx:
                await their_creative(tx, member, creative_id)
                made = await commands.edit_creative(tx, creative_id, form.copy_of())
                await self._finish(request, tx, member, made, form=form, action="creative.edited")
        except (BadRequest, Conflict) as error:
            return await self._show(
                request, form, advertiser, campaign, creative=creative, problem=error
            )
        return self._back(request, campaign, form)

    async def preview(
        self, request: Request, campaign_id: str, form: Annotated[CreativeForm, Form()]
    ) -> Response:
        """Preview, lint and matches of what is typed; nothing is kept."""
        member = await self._front.member(request, Act.EDIT_CAMPAIGNS)
        advertiser, campaign = await self._house(member, campaign_id)
        return self._pages.page(
            request,
            "creative_preview.html",
            **await self._seen(form, advertiser, campaign),
        )

    async def _house(self, member: Member, campaign_id: str) -> tuple[Advertiser, Campaign]:
        async with self._front.database.reading() as session:
            campaign = await their_campaign(session, member, campaign_id)
            return await their_advertiser(session, member), campaign

    async def _finish(
        self,
        request: Request,
        tx: WriteSession,
        member: Member,
        made: Creative,
        *,
        form: SavedCreative,
        action: str,
    ) -> None:
        if form.press == "submit":
            made = await commands.submit_creative(
                tx,
                made.creative_id,
                auto_approve_after_lint=self._auto,
                clock=self._front.clock,
            )
            action = "creative.submitted"
        await audit.record(
            tx,
            action=action,
            subject=made.creative_id,
            clock=self._front.clock,
            visitor=member.visitor,
            request_id=request.scope.get("request_id"),
            after={"copy": asdict(made.copy), "state": made.review_state.value},
        )

    def _back(self, request: Request, campaign: Campaign, form: SavedCreative) -> Response:
        note = "submitted" if form.press == "submit" else "drafted"
        return self._pages.to(request, f"{PORTAL.home}campaigns/{campaign.campaign_id}?note={note}")

    async def _show(
        self,
        request: Request,
        form: CreativeForm,
        advertiser: Advertiser,
        campaign: Campaign,
        *,
        creative: Creative | None = None,
        problem: TollfreeError | None = None,
        note: str | None = None,
        history: Sequence[Version] = (),
    ) -> Response:
        return self._pages.page(
            request,
            "creative_editor.html",
            history=history,
            status=422 if problem else 200,
            creative=creative,
            problem=problem,
            note=note,
            categories=sorted(CATEGORIES.items(), key=lambda pair: pair[1]),
            **await self._seen(form, advertiser, campaign),
        )

    async def _seen(
        self, form: CreativeForm, advertiser: Advertiser, campaign: Campaign
    ) -> dict[str, Any]:
        copy = form.copy_of()
        panel: Panel | None = None
        if self._matcher is not None and copy.title and copy.example_prompts:
            draft = preview_of(copy, advertiser, campaign, at=self._front.clock.now())
            panel = await panel_of(self._matcher, draft)
        return {
            "form": form,
            "copy": copy,
            "previews": ad_previews(
                advertiser=advertiser.name,
                domain=advertiser.domain,
                title=copy.title or "Your title",
                body=copy.body or "Your text",
                cta=copy.cta or "Your link",
                facts=copy.facts,
            ),
            "advertiser": advertiser,
            "campaign": campaign,
            "findings": lint(copy, domain=advertiser.domain),
            "panel": panel,
            "matches": self._matcher is not None,
            "lengths": {
                "title": (len(copy.title), LONGEST_TITLE),
                "body": (len(copy.body), LONGEST_BODY),
                "cta": (len(copy.cta), LONGEST_CTA),
            },
        }

    def add_to(self, router: APIRouter) -> None:
        """Add the editor's addresses."""
        one = "/campaigns/{campaign_id}/creatives"
        router.add_api_route(f"{one}/new", self.blank, methods=["GET"])
        router.add_api_route(f"{one}/new", self.create, methods=["POST"])
        router.add_api_route(f"{one}/preview", self.preview, methods=["POST"])
        router.add_api_route("/creatives/{creative_id}", self.edit, methods=["GET"])
        router.add_api_route("/creatives/{creative_id}", self.save, methods=["POST"])

"""The wizard's pages: a landing page, the ads drafted from it, who should see them, a budget, launch.

Each step keeps what was typed before it goes on, so that nothing is lost by a closed browser. The
last step launches, or makes a test: a draft that is tried against sample conversations and costs
nothing until it is started.
"""

from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response
from pydantic import BaseModel

from adserver.catalog import commands
from adserver.catalog.advertiser import Advertiser
from adserver.catalog.campaign import Campaign
from adserver.catalog.categories import CATEGORIES
from adserver.catalog.lint import blocking, lint
from advertiser_portal import onboarding
from advertiser_portal.api.wire import terms_json
from advertiser_portal.drafting import Drafter
from advertiser_portal.match_panel import Matcher, panel_of, preview_of
from advertiser_portal.onboarding import ORDER, Ad, Step, Typed, Wizard
from advertiser_portal.ownership import their_advertiser
from advertiser_portal.portal import PORTAL
from kernel.database import WriteSession
from kernel.errors import BadRequest, QuotaExceeded, TollfreeError
from web import audit
from web.front_desk import Member
from web.pages import Pages
from web.roles import Act

PER_HOUR: Final = 60
# The steps at which it helps to see what the ads would meet.
_MATCHED: Final = (Step.AUDIENCE, Step.BUDGET)


class WizardForm(BaseModel):
    """The fields of all steps; each step reads its own."""

    url: str = ""
    title_1: str = ""
    body_1: str = ""
    cta_1: str = ""
    title_2: str = ""
    body_2: str = ""
    cta_2: str = ""
    title_3: str = ""
    body_3: str = ""
    cta_3: str = ""
    questions: str = ""
    facts: str = ""
    category: str = ""
    countries: str = ""
    languages: str = ""
    negative_keywords: str = ""
    name: str = ""
    bid_type: str = "cpc"
    bid: str = ""
    daily_budget: str = ""
    total_budget: str = ""
    press: Literal["next", "by_hand", "launch", "test"] = "next"

    def ads(self) -> list[Ad]:
        """The three ads."""
        return [
            Ad(
                title=getattr(self, f"title_{at}"),
                body=getattr(self, f"body_{at}"),
                cta=getattr(self, f"cta_{at}"),
            )
            for at in (1, 2, 3)
        ]


class OnboardingPages:
    """Handlers of the wizard. Without `drafter` everything is typed by hand."""

    def __init__(
        self,
        pages: Pages,
        *,
        drafter: Drafter | None,
        matcher: Matcher | None,
        auto_approve_after_lint: bool,
    ) -> None:
        self._pages, self._front = pages, pages.front
        self._drafter, self._matcher = drafter, matcher
        self._auto = auto_approve_after_lint

    async def start(self, request: Request) -> Response:
        """Go on with the latest, or offer to begin."""
        member = await self._front.member(request, Act.EDIT_CAMPAIGNS)
        async with self._front.database.reading() as session:
            going = await onboarding.open_wizard(session, member.organisation_id)
        return self._pages.page(request, "start.html", going=going)

    async def begin(self, request: Request) -> Response:
        """A new one."""
        member = await self._front.member(request, Act.EDIT_CAMPAIGNS)
        async with self._front.database.writing() as tx:
            advertiser = await their_advertiser(tx, member)
            wizard = await onboarding.begin(
                tx, member.organisation_id, advertiser, clock=self._front.clock
            )
        return self._pages.to(request, _at(wizard, Step.PAGE))

    async def show(self, request: Request, wizard_id: str, step: Step) -> Response:
        """One step with what was typed so far."""
        member = await self._front.member(request, Act.EDIT_CAMPAIGNS)
        wizard, advertiser = await self._wizard(member, wizard_id)
        if wizard.campaign_id is not None:
            return self._pages.to(request, f"{PORTAL.home}campaigns/{wizard.campaign_id}")
        return await self._show(request, wizard, advertiser, step)

    async def go(
        self, request: Request, wizard_id: str, step: Step, form: Annotated[WizardForm, Form()]
    ) -> Response:
        """Keep what was typed and go on; the last step makes the campaign."""
        member = await self._front.member(request, Act.EDIT_CAMPAIGNS)
        wizard, advertiser = await self._wizard(member, wizard_id)
        if wizard.campaign_id is not None or step not in ORDER:
            return self._pages.to(request, f"{PORTAL.home}campaigns/{wizard.campaign_id or ''}")
        typed = onboarding.merged(wizard.typed, step, form.model_dump(), form.ads())
        try:
            if step is Step.PAGE:
                typed = await self._drafted(member, advertiser, typed, form)
            self._check(step, typed, advertiser)
            if step is Step.BUDGET:
                return await self._launch(request, member, wizard, typed, press=form.press)
        except (BadRequest, QuotaExceeded) as problem:
            async with self._front.database.writing() as tx:
                wizard = await onboarding.keep(
                    tx, wizard, step=step, typed=typed, clock=self._front.clock
                )
            return await self._show(request, wizard, advertiser, step, problem=problem)
        following = ORDER[ORDER.index(step) + 1]
        async with self._front.database.writing() as tx:
            await onboarding.keep(tx, wizard, step=following, typed=typed, clock=self._front.clock)
        return self._pages.to(request, _at(wizard, following))

    async def _drafted(
        self, member: Member, advertiser: Advertiser, typed: Typed, form: WizardForm
    ) -> Typed:
        if form.press == "by_hand" or self._drafter is None:
            return typed.model_copy(update={"ads": typed.filled() or [Ad()]})
        await self._front.attempts.count("draft", member.organisation_id, most=PER_HOUR)
        drafts = await self._drafter.draft(typed.url, domain=advertiser.domain)
        if drafts.problem is not None:
            raise BadRequest(f"{drafts.problem} You can also write the ad by hand.", param="url")
        return onboarding.drafted(typed, drafts)

    def _check(self, step: Step, typed: Typed, advertiser: Advertiser) -> None:
        if step is Step.ADS:
            if not typed.filled():
                raise BadRequest("Write at least one ad: a title, a text, a link.", param="title_1")
            for copy in typed.copies():
                if wrong := blocking(lint(copy, domain=advertiser.domain)):
                    raise BadRequest(f"“{copy.title}”: {wrong[0].message}")
        if step is Step.AUDIENCE:
            typed.campaign().targeting()

    async def _launch(
        self,
        request: Request,
        member: Member,
        wizard: Wizard,
        typed: Typed,
        *,
        press: str,
    ) -> Response:
        front = self._front
        async with front.database.writing() as tx:
            advertiser = await their_advertiser(tx, member)
            form = typed.campaign()
            made = await commands.create_campaign(
                tx,
                advertiser_id=advertiser.advertiser_id,
                terms=form.terms(front.clock.now()),
                targeting=form.targeting(),
                clock=front.clock,
            )
            for copy in typed.copies():
                creative = await commands.create_creative(
                    tx, campaign_id=made.campaign_id, copy=copy, clock=front.clock
                )
                if press == "launch":
                    await commands.submit_creative(
                        tx,
                        creative.creative_id,
                        auto_approve_after_lint=self._auto,
                        clock=front.clock,
                    )
            if press == "launch":
                made = await commands.start_campaign(tx, made.campaign_id, clock=front.clock)
            await onboarding.keep(
                tx,
                wizard,
                step=Step.DONE,
                typed=typed,
                clock=front.clock,
                campaign_id=made.campaign_id,
            )
            await self._log(tx, request, member, made)
        where = f"{PORTAL.home}campaigns/{made.campaign_id}"
        return self._pages.to(
            request, f"{where}?note=launched" if press == "launch" else f"{where}/rehearsal"
        )

    async def _log(
        self, tx: WriteSession, request: Request, member: Member, made: Campaign
    ) -> None:
        await audit.record(
            tx,
            action="campaign.created",
            subject=made.campaign_id,
            clock=self._front.clock,
            visitor=member.visitor,
            request_id=request.scope.get("request_id"),
            after={"status": made.status.value, **terms_json(made)},
        )

    async def _wizard(self, member: Member, wizard_id: str) -> tuple[Wizard, Advertiser]:
        async with self._front.database.reading() as session:
            wizard = await onboarding.wizard_of(session, member.organisation_id, wizard_id)
            return wizard, await their_advertiser(session, member)

    async def _show(
        self,
        request: Request,
        wizard: Wizard,
        advertiser: Advertiser,
        step: Step,
        *,
        problem: TollfreeError | None = None,
    ) -> Response:
        shown = step if step in ORDER else Step.PAGE
        return self._pages.page(
            request,
            f"start_{shown.value}.html",
            status=422 if problem else 200,
            wizard=wizard,
            typed=wizard.typed,
            advertiser=advertiser,
            step=shown,
            steps=ORDER,
            categories=sorted(CATEGORIES.items(), key=lambda pair: pair[1]),
            panel=await self._panel(wizard.typed, advertiser) if shown in _MATCHED else None,
            problem=problem,
        )

    async def _panel(self, typed: Typed, advertiser: Advertiser) -> Any:
        copies = typed.copies()
        if self._matcher is None or not copies:
            return None
        form = typed.campaign().model_copy(update={"name": "Preview"})
        try:
            now = self._front.clock.now()
            campaign = form.as_campaign(advertiser.advertiser_id, now)
        except BadRequest:
            return None
        draft = preview_of(copies[0], advertiser, campaign, at=now)
        return await panel_of(self._matcher, draft)

    def add_to(self, router: APIRouter) -> None:
        """Add the wizard's addresses."""
        router.add_api_route("/start", self.start, methods=["GET"])
        router.add_api_route("/start", self.begin, methods=["POST"])
        router.add_api_route("/start/{wizard_id}/{step}", self.show, methods=["GET"])
        router.add_api_route("/start/{wizard_id}/{step}", self.go, methods=["POST"])


def _at(wizard: Wizard, step: Step) -> str:
    return f"{PORTAL.home}start/{wizard.wizard_id}/{step.value}"

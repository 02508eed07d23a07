"""The review queue: one creative at a time, with all that speaks for and against it.

Approving and rejecting name the version that was looked at; copy that changed meanwhile is shown
again instead. Each decision and its line in the audit log are one transaction.
"""

from typing import Annotated, Final, Literal

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response
from pydantic import BaseModel

from adserver.catalog import commands
from adserver.catalog.categories import CATEGORIES
from adserver.catalog.lint import lint
from adserver.catalog.review_queue import Submission, next_submission, waiting
from kernel.errors import BadRequest, Conflict
from operator_console.operators import operator
from operator_console.portal import CONSOLE
from web import audit
from web.ad_previews import AdPreviews, ad_previews
from web.front_desk import Member
from web.pages import Pages

# What is wrong, in the words that the advertiser will read.
REASONS: Final = {
    "claim": "A claim needs proof that we did not find on the landing page.",
    "landing": "The landing page does not show what the ad promises.",
    "wording": "The wording presses or shouts at the reader.",
    "subject": "We take no ads for this subject.",
    "prompts": "The example questions do not fit what is advertised.",
    "deceptive": "The copy could be taken for something other than an ad.",
}
_NOTES: Final = {"approved": "Approved.", "rejected": "Rejected, with your reason."}


class Verdict(BaseModel):
    """What the reviewer decided about which version."""

    act: Literal["approve", "reject"] = "reject"
    version: int = 0
    reason: str = ""
    words: str = ""


class Review:
    """Handlers of the queue."""

    def __init__(self, pages: Pages) -> None:
        self._pages, self._front = pages, pages.front

    async def queue(self, request: Request, after: int = 0, note: str = "") -> Response:
        """The oldest creative that waits; `after` skips."""
        await operator(self._front, request)
        return await self._show(request, after=after, note=_NOTES.get(note))

    async def decide(
        self, request: Request, creative_id: str, form: Annotated[Verdict, Form()]
    ) -> Response:
        """Approve or reject, and on to the next."""
        reviewer = await operator(self._front, request)
        try:
            await self._decide(request, reviewer, creative_id, form)
        except (BadRequest, Conflict) as error:
            return await self._show(
                request, creative_id=creative_id, problem=error.message, form=form
            )
        note = "approved" if form.act == "approve" else "rejected"
        return self._pages.to(request, f"{CONSOLE.home}?note={note}")

    async def _decide(
        self, request: Request, reviewer: Member, creative_id: str, form: Verdict
    ) -> None:
        reason = " ".join((REASONS.get(form.reason, ""), form.words.strip())).strip()
        async with self._front.database.writing() as tx:
            if form.act == "approve":
                after = await commands.approve_creative(tx, creative_id, clock=self._front.clock)
            else:
                after = await commands.reject_creative(
                    tx, creative_id, reason=reason, clock=self._front.clock
                )
            if after.version != form.version:
                raise Conflict("The copy has changed since you opened it. Look at it again.")
            await audit.record(
                tx,
                action=f"creative.{after.review_state.value}",
                subject=creative_id,
                clock=self._front.clock,
                visitor=reviewer.visitor,
                request_id=request.scope.get("request_id"),
                before={"state": "in_review", "version": after.version},
                after={"state": after.review_state.value, "reason": after.review_reason},
            )

    async def _show(
        self,
        request: Request,
        *,
        after: int = 0,
        creative_id: str = "",
        note: str | None = None,
        problem: str | None = None,
        form: Verdict | None = None,
    ) -> Response:
        async with self._front.database.reading() as session:
            found = await next_submission(session, after=after, creative_id=creative_id)
            if found is None:
                found = await next_submission(session)
            left = await waiting(session)
        findings = lint(found.creative.copy, domain=found.advertiser.domain) if found else ()
        return self._pages.page(
            request,
            "review.html",
            status=422 if problem else 200,
            found=found,
            left=left,
            findings=findings,
            previews=_previews(found) if found else None,
            reasons=REASONS,
            categories=CATEGORIES,
            note=note,
            problem=problem,
            form=form or Verdict(),
        )

    def add_to(self, router: APIRouter) -> None:
        """Add the queue's addresses."""
        router.add_api_route("/", self.queue, methods=["GET"])
        router.add_api_route("/creatives/{creative_id}", self.decide, methods=["POST"])


def _previews(found: Submission) -> AdPreviews:
    copy = found.creative.copy
    return ad_previews(
        advertiser=found.advertiser.name,
        domain=found.advertiser.domain,
        title=copy.title,
        body=copy.body,
        cta=copy.cta,
        facts=copy.facts,
    )

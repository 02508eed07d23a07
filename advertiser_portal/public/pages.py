"""The landing page with its live chat, prices, the ad policy, and the library of all ads.

The chat is there where somebody answers it: a question is sent to the API as any caller would send
it, is kept nowhere, and each address may ask sixty an hour.
"""

from typing import Annotated, Final

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import HTMLResponse, Response
from pydantic import BaseModel

from adserver.catalog.campaign import LOWEST_BID
from adserver.catalog.categories import CATEGORIES, PROHIBITED, RESTRICTED
from adserver.catalog.library import public_ads
from adserver.catalog.publisher import STANDARD_SHARE_BP
from advertiser_portal.public.portal import PUBLIC
from advertiser_portal.public.talk import Said, Talk
from kernel.errors import NotFound, QuotaExceeded, Unavailable
from kernel.money import Micros
from web.front_desk import FrontDesk
from web.page_route import page_route
from web.pages import Pages, is_fragment

PER_ADDRESS: Final = 60
LONGEST: Final = 400
PER_PAGE: Final = 24
SUGGESTIONS: Final = (
    "Which running shoes are good for flat feet?",
    "How do I keep slugs away from my lettuce?",
    "What is the capital of Australia?",
)
# What a reader is told where there is no ad; every other reason is the plain first one.
_NO_AD: Final = {
    "sensitive_topic": "No ad: this subject never carries one.",
    "not_commercial": "No ad: nobody is looking for an offer here.",
}


class Question(BaseModel):
    """What somebody asks."""

    question: str = ""


class LibraryQuery(BaseModel):
    """What is looked for among the ads."""

    q: str = ""
    topic: str = ""
    before: str = ""


class PublicPages:
    """Handlers of the public pages."""

    def __init__(self, pages: Pages, talk: Talk | None) -> None:
        self._pages, self._front, self._talk = pages, pages.front, talk

    async def landing(self, request: Request) -> Response:
        """What this is."""
        return self._landing(request)

    async def ask(self, request: Request, form: Annotated[Question, Form()]) -> Response:
        """An answer with its ad, on the page or as a fragment of it."""
        if self._talk is None:
            raise NotFound("Nobody answers here. Use the API.")
        question = " ".join(form.question.split())[:LONGEST]
        said, problem = None, None
        try:
            if question:
                address = request.client.host if request.client else ""
                await self._front.attempts.count("talk", address, most=PER_ADDRESS)
                said = await self._talk.ask(question)
        except (QuotaExceeded, Unavailable) as error:
            problem = error.message
        return self._landing(request, question=question, said=said, problem=problem)

    async def ad_policy(self, request: Request) -> Response:
        """What may be advertised, and how."""
        allowed = [(text, key in RESTRICTED) for key, text in CATEGORIES.items() if key != "house"]
        return self._pages.page(
            request,
            "ad_policy.html",
            allowed=sorted(allowed),
            prohibited=sorted(PROHIBITED.values()),
        )

    async def pricing(self, request: Request) -> Response:
        """What it costs, who gets what, with an example that adds up."""
        click = Micros(350_000)
        earned = click.share(STANDARD_SHARE_BP)
        return self._pages.page(
            request,
            "pricing.html",
            lowest_bid=LOWEST_BID,
            share=f"{STANDARD_SHARE_BP / 100:g}",
            click=click,
            earned=earned,
            kept=click - earned,
            joins=self._front.post is not None,
        )

    async def ads(self, request: Request, asked: Annotated[LibraryQuery, Query()]) -> Response:
        """Every ad that is being shown."""
        async with self._front.database.reading() as session:
            found = await public_ads(
                session,
                at=self._front.clock.now(),
                words=asked.q[:80],
                category=asked.topic if asked.topic in CATEGORIES else "",
                before=int(asked.before) if asked.before.isdecimal() else None,
                limit=PER_PAGE + 1,
            )
        more = found[PER_PAGE - 1].number if len(found) > PER_PAGE else None
        return self._pages.page(
            request,
            "ads.html",
            ads=found[:PER_PAGE],
            more=more,
            asked=asked,
            topics=sorted(CATEGORIES.items(), key=lambda pair: pair[1]),
            names=CATEGORIES,
        )

    def _landing(
        self,
        request: Request,
        *,
        question: str = "",
        said: Said | None = None,
        problem: str | None = None,
    ) -> Response:
        return self._pages.page(
            request,
            "conversation.html" if is_fragment(request) else "landing.html",
            question=question,
            said=said,
            problem=problem,
            no_ad=_no_ad(said),
            talks=self._talk is not None,
            joins=self._front.post is not None,
            suggestions=SUGGESTIONS,
            lowest_bid=LOWEST_BID,
            share=f"{STANDARD_SHARE_BP / 100:g}",
            longest=LONGEST,
            base_url=f"{self._front.public_url}/v1",
        )


def routes(front: FrontDesk, talk: Talk | None = None) -> APIRouter:
    """``/``, ``/try``, ``/pricing``, ``/ads`` and ``/ad-policy``."""
    pages = Pages(front, PUBLIC)
    router = APIRouter(
        route_class=page_route(pages),
        default_response_class=HTMLResponse,
        include_in_schema=False,
    )
    own = PublicPages(pages, talk)
    router.add_api_route("/", own.landing, methods=["GET"])
    router.add_api_route("/try", own.ask, methods=["POST"])
    router.add_api_route("/ad-policy", own.ad_policy, methods=["GET"])
    router.add_api_route("/pricing", own.pricing, methods=["GET"])
    router.add_api_route("/ads", own.ads, methods=["GET"])
    return router


def _no_ad(said: Said | None) -> str | None:
    if said is None or said.ads:
        return None
    return _NO_AD.get(said.no_ad_reason or "", "No ad: none fits well enough.")

"""The public page behind "Why this ad?": who paid, what it was matched by, hide it, report it.

    GET  /why/{decision}            the page        GET  /why/{decision}.json   the same for programs
    POST /why/{decision}/hide       no more of this advertiser in the conversation
    POST /why/{decision}/report     reason=misleading|…; hides as well

Reads the record of one decision and shows nothing of the conversation, because nothing of it was
kept. A decision that was just made may not be durable yet; the page waits a moment for it. Whoever
has the number may hide and report: it stands in the answer that only its reader has.
"""

import asyncio
from typing import Any, Final
from urllib.parse import parse_qs

import orjson
from fastapi import APIRouter, Request
from starlette.responses import Response

from adserver.catalog.categories import CATEGORIES
from adserver.decision.explain import why_matched
from adserver.decision.hidden import HiddenAdvertisers
from adserver.events.complaints import Wrong, complain
from adserver.http.decision_ids import is_decision_id
from adserver.http.public_page import HEADERS, choices, facts, page, paragraph
from adserver.reports.shown_ads import ShownAd, shown_ad
from kernel.clock import Clock
from kernel.database import Database
from kernel.telemetry import counter

_BATCH_S: Final = 0.25
_MOST_BYTES: Final = 2_000
_NOT_USED: Final = (
    "anything you said in another conversation",
    "your name, address, e-mail, device or place",
    "a profile of you; there is none",
)
_PRIVACY: Final = (
    "The ad was chosen from this conversation alone, in memory. Your words were not stored, the "
    "advertiser does not get to see them, and no profile of you exists. The ad did not change the "
    "answer: the model never sees it."
)
_complaints = counter("ads_reported", "What readers say is wrong with ads.", "reason")


class WhyDesk:
    """What the page needs to do its work."""

    def __init__(
        self, database: Database, clock: Clock, hidden: HiddenAdvertisers | None = None
    ) -> None:
        self.database, self._clock, self._hidden = database, clock, hidden

    async def ad(self, decision_id: str) -> ShownAd | None:
        """The ad of a decision, if it showed one."""
        if not is_decision_id(decision_id):
            return None
        for pause_s in (_BATCH_S, 0.0):
            async with self.database.reading() as session:
                found = await shown_ad(session, decision_id)
            if found is not None:
                return found
            await asyncio.sleep(pause_s)
        return None

    async def hide(self, decision_id: str, ad: ShownAd) -> bool:
        """From the next turn on; False where the conversation is not known any more."""
        if self._hidden is None or ad.advertiser_id is None:
            return False
        return await self._hidden.hide(decision_id, ad.advertiser_id)

    async def report(self, decision_id: str, ad: ShownAd, wrong: Wrong) -> None:
        """For the operator, at once and for good; the reader sees no more of it either."""
        async with self.database.writing() as tx:
            is_new = await complain(
                tx,
                decision_id=decision_id,
                advertiser_id=ad.advertiser_id,
                creative_id=ad.creative_id,
                wrong=wrong,
                clock=self._clock,
            )
        if is_new:
            _complaints.labels(wrong.value).inc()
        await self.hide(decision_id, ad)


def routes(desk: WhyDesk) -> APIRouter:
    """The page, its data, and its two buttons."""
    router = APIRouter(prefix="/why", tags=["why"])

    @router.get("/{decision_id}.json", include_in_schema=False)
    async def data(decision_id: str) -> Response:
        ad = await desk.ad(decision_id)
        return _json({"error": "unknown"}, 404) if ad is None else _json(_told(ad, decision_id))

    @router.get("/{decision_id}", include_in_schema=False)
    async def why(decision_id: str) -> Response:
        ad = await desk.ad(decision_id)
        return _unknown() if ad is None else _explained(ad, decision_id)

    @router.post("/{decision_id}/hide", include_in_schema=False)
    async def hide(decision_id: str) -> Response:
        ad = await desk.ad(decision_id)
        if ad is None:
            return _unknown()
        if await desk.hide(decision_id, ad):
            said = (
                f"This conversation shows no more ads of {ad.advertiser}, from its next answer on."
            )
        else:
            said = "This conversation is over: we have forgotten it, and no ad will follow in it."
        return page("Hidden", paragraph(said))

    @router.post("/{decision_id}/report", include_in_schema=False)
    async def report(decision_id: str, request: Request) -> Response:
        ad = await desk.ad(decision_id)
        if ad is None:
            return _unknown()
        await desk.report(decision_id, ad, await _reason(request))
        return page(
            "Thank you",
            paragraph("Your report is with the people who review ads. This conversation shows no "
                      "more ads of this advertiser."),
        )  # fmt: skip

    return router


async def _reason(request: Request) -> Wrong:
    """What was chosen; "other" where nothing sensible was."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > _MOST_BYTES:
            return Wrong.OTHER
    chosen = parse_qs(body.decode("utf-8", "replace")).get("reason", [""])[0]
    return Wrong(chosen) if chosen in set(Wrong) else Wrong.OTHER


def _told(ad: ShownAd, decision_id: str) -> dict[str, Any]:
    return {
        "decision_id": decision_id,
        "format": ad.format,
        "title": ad.title,
        "advertiser": {"name": ad.advertiser, "domain": ad.domain},
        "who_pays": _payer(ad),
        "matched_by": _matched(ad),
        "topic": CATEGORIES.get(ad.category, ad.category),
        "not_used": list(_NOT_USED),
        "test": ad.test,
        "hide": f"/why/{decision_id}/hide",
        "report": {"to": f"/why/{decision_id}/report", "reasons": [one.value for one in Wrong]},
    }


def _explained(ad: ShownAd, decision_id: str) -> Response:
    manner = (
        "In links that the model wrote itself"
        if ad.is_link
        else f"As a labelled {ad.format}, apart from the answer"
    )
    told = {
        "The ad": ad.title,
        "Paid for by": _payer(ad),
        "Why it was shown": _matched(ad),
        "How it was shown": manner,
        "What was not used": "; ".join(_NOT_USED),
        "Its number": decision_id,
    }
    parts = [facts({name: value for name, value in told.items() if value}), paragraph(_PRIVACY)]
    if ad.advertiser_id is not None:
        parts.append(
            choices(f"/why/{decision_id}/hide", f"Hide {ad.advertiser} in this conversation")
        )
    reasons = {one.value: one.value.capitalize() for one in Wrong}
    parts.append(choices(f"/why/{decision_id}/report", "Report this ad", reasons))
    return page("Why this ad?", *parts)


def _payer(ad: ShownAd) -> str:
    if ad.is_link:
        return (
            "Nobody pays for this place. The service earns a commission from the shop if you buy; "
            "the price is the same."
        )
    return "Nobody: this is a test" if ad.test else f"{ad.advertiser} ({ad.domain})"


def _matched(ad: ShownAd) -> str:
    if ad.is_link:
        return "The model named this page by itself; the link was made to say where you came from."
    subject = CATEGORIES.get(ad.category, ad.category)
    return why_matched(subject=subject, relevance=ad.relevance, test=ad.test)


def _unknown() -> Response:
    return page(
        "There is no such ad",
        paragraph("No ad was shown under this number, or its record has been deleted."),
        status=404,
    )


def _json(value: dict[str, Any], status: int = 200) -> Response:
    headers = {name: HEADERS[name] for name in ("cache-control", "referrer-policy", "x-robots-tag")}
    return Response(orjson.dumps(value), status, headers, "application/json")

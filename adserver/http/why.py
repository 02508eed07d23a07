"""The public page behind "Why this ad?": who paid, what it was matched by, how to report it.

Reads the record of one decision and shows nothing of the conversation, because nothing of it was
kept. A decision that was just made may not be durable yet; the page waits a moment for it.
"""

import asyncio

from fastapi import APIRouter
from starlette.responses import Response

from adserver.catalog.categories import CATEGORIES
from adserver.decision.explain import why_matched
from adserver.http.decision_ids import is_decision_id
from adserver.http.public_page import facts, page, paragraph
from adserver.reports.shown_ads import ShownAd, shown_ad
from kernel.database import Database

_A_BATCH_S = 0.25
_PRIVACY = (
    "The ad was chosen from this conversation alone, in memory. Your words were not stored, the "
    "advertiser does not get to see them, and no profile of you exists. The ad did not change the "
    "answer: the model never sees it."
)


def routes(database: Database) -> APIRouter:
    """The page, by decision."""
    router = APIRouter(tags=["why"])

    @router.get("/why/{decision_id}", include_in_schema=False)
    async def why(decision_id: str) -> Response:
        ad = await _found(database, decision_id)
        return _unknown() if ad is None else _explained(ad, decision_id)

    return router


async def _found(database: Database, decision_id: str) -> ShownAd | None:
    if not is_decision_id(decision_id):
        return None
    for pause_s in (_A_BATCH_S, 0.0):
        async with database.reading() as session:
            ad = await shown_ad(session, decision_id)
        if ad is not None:
            return ad
        await asyncio.sleep(pause_s)
    return None


def _explained(ad: ShownAd, decision_id: str) -> Response:
    subject = CATEGORIES.get(ad.category, ad.category)
    payer = "Nobody: this is a test" if ad.test else f"{ad.advertiser} ({ad.domain})"
    matched = why_matched(subject=subject, relevance=ad.relevance, test=ad.test)
    return page(
        "Why this ad?",
        facts(
            {
                "The ad": ad.title,
                "Paid for by": payer,
                "Why it was shown": matched,
                "How it was shown": f"As a labelled {ad.format}, apart from the answer",
            }
        ),
        paragraph(_PRIVACY),
        paragraph(
            "Is something wrong with this ad? Tell the service in which you saw it, or the operator "
            f"of this site, and name this number: {decision_id}"
        ),
    )


def _unknown() -> Response:
    return page(
        "There is no such ad",
        paragraph("No ad was shown under this number, or its record has been deleted."),
        status=404,
    )

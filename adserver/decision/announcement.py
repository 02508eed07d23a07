"""A verdict as the caller gets it, and as the event that stays.

The ad carries the words that were approved and two links under our own public address: the click,
signed, and the page that says why. The event carries ids, amounts and the trace.
"""

from datetime import datetime

from adserver.catalog.campaign import BidType
from adserver.catalog.publisher import Publisher
from adserver.decision.decide import Verdict
from adserver.decision.trace import trace_of
from adserver.events.record import DecisionEvent
from adserver.events.tokens import ClickTokens
from tollfree_sdk.contract import Ad, AdRequest, Advertiser, Format, Label


def announced(verdict: Verdict, decision_id: str, *, tokens: ClickTokens, public_url: str) -> Ad:
    """The ad of a verdict that has a winner."""
    creative, winner, form = verdict.creative, verdict.outcome.winner, verdict.format
    assert creative is not None
    assert winner is not None
    assert form is not None
    token = tokens.mint(decision_id, creative.number)
    return Ad(
        format=form,
        label=Label.SPONSORED,
        advertiser=Advertiser(creative.advertiser_name, creative.display_domain),
        title=creative.title,
        body=creative.body,
        cta=creative.cta,
        click_url=f"{public_url}/c/{token}",
        why_url=f"{public_url}/why/{decision_id}",
        relevance=winner.relevance,
        facts=creative.facts,
    )


def announced_link(decision_id: str, *, public_url: str) -> Ad:
    """Leave to rewrite links of the model's own; whose they are shows when they are found."""
    return Ad(
        format=Format.LINK,
        label=Label.AFFILIATE,
        advertiser=Advertiser("", ""),
        title="",
        body="",
        cta="",
        click_url="",
        why_url=f"{public_url}/why/{decision_id}",
        relevance=0.0,
    )


def event_of(
    verdict: Verdict,
    decision_id: str,
    *,
    request: AdRequest,
    publisher: Publisher,
    at: datetime,
) -> DecisionEvent:
    """The record of a verdict, with or without an ad."""
    winner = verdict.outcome.winner
    return DecisionEvent(
        decision_id=decision_id,
        at=at,
        publisher_id=publisher.publisher_id,
        app_id=request.app,
        test=request.test,
        no_fill_reason=verdict.outcome.reason,
        advertiser_id=None if winner is None else winner.advertiser_id,
        campaign_id=None if winner is None else winner.campaign_id,
        creative_id=None if winner is None else winner.creative_id,
        creative_number=None if winner is None else winner.number,
        creative_version=None if winner is None else winner.creative_version,
        format=verdict.format,
        placement=request.placement,
        bid=None if winner is None else winner.bid,
        price=verdict.outcome.price,
        relevance=None if winner is None else winner.relevance,
        topic=verdict.topic,
        bid_type=BidType.CPC if verdict.creative is None else verdict.creative.bid_type,
        country=request.country.upper() if request.country else None,
        trace=trace_of(verdict),
    )

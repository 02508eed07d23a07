"""The creatives nearest to a turn, each with its numbers and with what took it out, if anything.

Searches among those that may stand and have money. Where nobody can be shown it looks once more
without the mask, to learn why, because a no-ad without a reason helps nobody. Numbers are rounded
before they are used: what is computed with is then exactly what the event records.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from adserver.decision.budget import Books, BudgetBook, Purse
from adserver.decision.click_rate import click_rate, quality
from adserver.decision.eligibility import rejection
from adserver.decision.frequency import Seen
from adserver.decision.inventory import Inventory, Mask
from adserver.decision.settings import DecisionSettings
from adserver.decision.vocabulary import Candidate, Filter, Offer, Opportunity, mentions
from adserver.matching.index import CreativeIndex, Hit
from adserver.matching.relevance import relevance
from kernel.money import ZERO, Micros

_KEYWORD_LIFT: Final = 0.05
_VOTERS: Final = 5
_EXPLAINED: Final = 8
_BOUNDLESS: Final = Purse(Micros(2**62))
_NO_MONEY_KNOWN: Final = Purse(ZERO)


@dataclass(frozen=True)
class Scene:
    """The snapshots that one decision reads from start to end."""

    index: CreativeIndex
    inventory: Inventory
    books: Books | None
    budget: BudgetBook


@dataclass(frozen=True, slots=True)
class Terms:
    """What every candidate of one turn is measured by."""

    turn: Opportunity
    seen: Seen
    reserve: Micros
    settings: DecisionSettings


def contenders(
    scene: Scene, terms: Terms, vectors: NDArray[np.float32]
) -> tuple[list[Candidate], str | None]:
    """The nearest creatives that may stand and have money, and the topic that they speak for."""
    mask: Mask = scene.inventory.standing(terms.turn)
    if scene.books is not None:
        mask &= scene.books.funded(scene.inventory)
    hits = scene.index.search(vectors, mask, terms.settings.shortlist)
    topic = topic_of(hits, scene, terms.settings.relevance_floor)
    return [_candidate(hit, scene, terms, topic) for hit in hits], topic


def explained(
    scene: Scene,
    terms: Terms,
    vectors: NDArray[np.float32],
    known: Sequence[Candidate],
    *,
    topic: str | None,
) -> list[Candidate]:
    """The nearest creatives of all that are not known yet, each with what rules it out."""
    numbers = {one.number for one in known}
    nearest = scene.index.search(vectors, None, _EXPLAINED)
    judged = [_candidate(hit, scene, terms, topic) for hit in nearest]
    return [one for one in judged if one.number not in numbers]


def topic_of(hits: Sequence[Hit], scene: Scene, relevance_floor: float) -> str | None:
    """The category that the nearest fitting creatives speak for; None where nothing fits."""
    votes: dict[str, float] = {}
    for hit in hits[:_VOTERS]:
        fit = relevance(hit.similarity, scene.index.model_id)
        if fit >= relevance_floor:
            category = scene.inventory.offers[hit.position].category
            votes[category] = votes.get(category, 0.0) + fit
    return max(votes, key=lambda category: (votes[category], category), default=None)


def _candidate(hit: Hit, scene: Scene, terms: Terms, topic: str | None) -> Candidate:
    offer = scene.inventory.offers[hit.position]
    similarity = round(hit.similarity, 5)
    fit = _fit(offer, similarity, scene.index.model_id, terms.turn)
    purse = _purse(offer, scene, terms.turn)
    bid = ZERO if offer.is_house else offer.bid
    return Candidate(
        number=offer.number,
        creative_id=offer.creative_id,
        creative_version=offer.creative_version,
        campaign_id=offer.campaign_id,
        advertiser_id=offer.advertiser_id,
        similarity=similarity,
        relevance=fit,
        quality=quality(fit),
        click_rate=click_rate(fit),
        bid=bid,
        pace=1.0 if purse is None else purse.pace,
        room=_NO_MONEY_KNOWN.room if purse is None else purse.room,
        filter=_filter(offer, fit, purse, terms, topic),
    )


def _fit(offer: Offer, similarity: float, model_id: str, turn: Opportunity) -> float:
    fit = relevance(similarity, model_id)
    if any(mentions(turn.words, keyword) for keyword in offer.keywords):
        fit = min(1.0, fit + _KEYWORD_LIFT)
    return round(fit, 4)


def _purse(offer: Offer, scene: Scene, turn: Opportunity) -> Purse | None:
    if offer.is_house:
        return _BOUNDLESS
    if scene.books is None:
        return None
    return scene.budget.purse(scene.books, offer.campaign_id, turn.at)


def _filter(
    offer: Offer, fit: float, purse: Purse | None, terms: Terms, topic: str | None
) -> Filter | None:
    ruled_out = rejection(offer, terms.turn)
    if ruled_out is not None:
        return ruled_out
    if offer.categories and topic not in offer.categories:
        return Filter.TOPIC
    if offer.is_house:
        return None
    if fit < terms.settings.relevance_floor:
        return Filter.RELEVANCE
    if terms.seen.of_campaign(offer.campaign_id) >= terms.settings.campaign_per_session:
        return Filter.FREQUENCY
    return _money_filter(offer.bid, purse, terms.reserve)


def _money_filter(bid: Micros, purse: Purse | None, reserve: Micros) -> Filter | None:
    if purse is None:
        return Filter.BUDGET_UNKNOWN
    if bid < reserve:
        return Filter.FLOOR
    if purse.room < reserve or purse.room <= ZERO:
        return Filter.BUDGET
    if Micros.from_score(bid.amount * purse.pace, cap=bid) < reserve:
        return Filter.PACED
    return None

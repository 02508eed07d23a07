"""One creative near a turn: its numbers, and the first thing that takes it out.

Numbers are rounded before they are used, so that what is computed with is exactly what the event
records. `judged` says what holds for as long as the words and the creatives stay the same, and may
be remembered; `counted` adds what only this moment knows, and looks at money last.
"""

from dataclasses import dataclass, field
from typing import Final

from adserver.decision.budget import Books, BudgetBook, Purse
from adserver.decision.click_rate import ClickRates, click_rate, quality
from adserver.decision.eligibility import is_wanted_here, rejection
from adserver.decision.frequency import Seen
from adserver.decision.inventory import Inventory
from adserver.decision.nearby import Nearby
from adserver.decision.separation import Earlier, is_rival
from adserver.decision.settings import DecisionSettings
from adserver.decision.vocabulary import Candidate, Filter, Offer, Opportunity
from adserver.intent.clusters import Clusters
from adserver.intent.wording import mentions
from adserver.matching.index import CreativeIndex, Hit
from adserver.matching.relevance import relevance
from kernel.money import ZERO, Micros

KEYWORD_LIFT: Final = 0.05
# How well a creative fits that was found by its keyword, in a language without vectors.
BY_KEYWORD: Final = 0.7
NOTHING_LEARNED: Final = ClickRates()
_BOUNDLESS: Final = Micros(2**62)


@dataclass(frozen=True)
class Scene:
    """The snapshots that one decision reads from start to end."""

    index: CreativeIndex
    inventory: Inventory
    books: Books | None
    budget: BudgetBook
    rates: ClickRates = NOTHING_LEARNED
    clusters: Clusters | None = None
    nearby: Nearby = field(default_factory=Nearby)


@dataclass(frozen=True, slots=True)
class Terms:
    """What every candidate of one turn is measured by; `reserve` is for a click."""

    turn: Opportunity
    seen: Seen
    reserve: Micros
    settings: DecisionSettings
    earlier: tuple[Earlier, ...] = ()


def judged(
    hit: Hit, scene: Scene, terms: Terms, *, topic: str | None, stands: bool = False
) -> Candidate:
    """A hit as a candidate before anybody's money; `stands`: it came through the inventory's mask."""
    offer = scene.inventory.offer(hit.position)
    similarity = round(hit.similarity, 5)
    fit = _fit(offer, similarity, scene.index.model_id, terms.turn)
    out = _misfit(offer, fit, terms, topic=topic, stands=stands)
    belief = scene.rates.belief(offer.number, offer.campaign_id, topic)
    rate = round(min(1.0, click_rate(fit) * belief.factor), 8)
    reserve = ZERO if offer.is_house else terms.settings.reserve_for(offer, terms.reserve)
    return Candidate(
        number=offer.number,
        creative_id=offer.creative_id,
        creative_version=offer.creative_version,
        campaign_id=offer.campaign_id,
        advertiser_id=offer.advertiser_id,
        similarity=similarity,
        relevance=fit,
        quality=quality(fit),
        click_rate=rate,
        drawn=rate,
        certainty=round(belief.certainty, 4),
        conversion_rate=scene.rates.conversion_rate(offer.campaign_id),
        bid_type=offer.bid_type,
        reserve=reserve,
        bid=ZERO if offer.is_house else offer.bid,
        pace=1.0,
        room=_BOUNDLESS if offer.is_house and out is None else ZERO,
        filter=out,
    )


def counted(candidate: Candidate, offer: Offer, scene: Scene, terms: Terms) -> Candidate:
    """The candidate with what its campaign can pay now, unless something took it out before."""
    if candidate.filter is not None or offer.is_house:
        return candidate
    if _is_seen_enough(offer, terms):
        return candidate.with_money(1.0, ZERO, Filter.FREQUENCY)
    if terms.earlier and is_rival(offer, terms.earlier):
        return candidate.with_money(1.0, ZERO, Filter.RIVAL)
    purse = _purse(offer, scene, terms.turn)
    if purse is None:
        return candidate.with_money(1.0, ZERO, Filter.BUDGET_UNKNOWN)
    return candidate.with_money(purse.pace, purse.room, _unpaid(offer, purse, candidate.reserve))


def _fit(offer: Offer, similarity: float, model_id: str, turn: Opportunity) -> float:
    is_named = any(mentions(turn.words, keyword) for keyword in offer.keywords)
    if turn.by_keyword:
        return BY_KEYWORD if is_named else 0.0
    fit = relevance(similarity, model_id)
    if is_named:
        fit = min(1.0, fit + KEYWORD_LIFT)
    return round(fit, 4)


def _misfit(
    offer: Offer, fit: float, terms: Terms, *, topic: str | None, stands: bool
) -> Filter | None:
    ruled_out = _ruled_out(offer, terms.turn, stands=stands)
    if ruled_out is not None:
        return ruled_out
    if offer.categories and topic not in offer.categories:
        return Filter.TOPIC
    # Test traffic has a handful of house ads to choose from; fitting is not what it tests.
    if offer.is_house:
        return None
    return Filter.RELEVANCE if fit < terms.settings.relevance_floor else None


def _is_seen_enough(offer: Offer, terms: Terms) -> bool:
    if terms.seen.of_campaign(offer.campaign_id) >= terms.settings.campaign_per_session:
        return True
    return terms.seen.is_capped(offer.campaign_id, offer.frequency, terms.turn.at)


def _ruled_out(offer: Offer, turn: Opportunity, *, stands: bool) -> Filter | None:
    if not stands:
        return rejection(offer, turn)
    return None if is_wanted_here(offer, turn) else Filter.NEGATIVE_KEYWORD


def _purse(offer: Offer, scene: Scene, turn: Opportunity) -> Purse | None:
    if scene.books is None:
        return None
    return scene.budget.purse(scene.books, offer.campaign_id, turn.at)


def _unpaid(offer: Offer, purse: Purse, reserve: Micros) -> Filter | None:
    # Plain numbers: this is asked for every creative that fits.
    bid, least, room = offer.bid.amount, reserve.amount, purse.room.amount
    if bid < least:
        return Filter.FLOOR
    if room < least or room <= 0:
        return Filter.BUDGET
    if Micros.from_score(bid * purse.pace, cap=offer.bid).amount < least:
        return Filter.PACED
    return None

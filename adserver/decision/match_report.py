"""What the engine would do with one message, laid open.

For the command line and for operators: the winner and its price, or the reason, and each candidate
with its numbers and the filter that took it out. Holds catalog copy only, never the message.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from adserver.catalog.queries import LiveCreative
from adserver.decision.decide import Verdict
from adserver.decision.judging import Scene
from adserver.decision.outcome import bid_of
from adserver.decision.vocabulary import Candidate


@dataclass(frozen=True, slots=True)
class MatchedCandidate:
    """One creative as it stood; `filter` is None for one that was in the auction."""

    creative_id: str
    advertiser: str
    title: str
    category: str
    similarity: float
    relevance: float
    click_rate: float
    bid_micros: int
    score: float
    filter: str | None


@dataclass(frozen=True, slots=True)
class MatchReport:
    """The decision for one message: a winner with its price, or a reason."""

    winner: MatchedCandidate | None
    price_micros: int | None
    no_fill_reason: str | None
    topic: str | None
    commercial: float | None
    language: str | None
    candidates: tuple[MatchedCandidate, ...]

    def to_json(self) -> dict[str, Any]:
        """The report as plain JSON."""
        members = {name: getattr(self, name) for name in self.__slots__}
        members["winner"] = None if self.winner is None else _plain(self.winner)
        members["candidates"] = [_plain(candidate) for candidate in self.candidates]
        return members


def report_of(verdict: Verdict, scene: Scene) -> MatchReport:
    """The report of a verdict; candidates by score, then by relevance."""
    winner, price = verdict.outcome.winner, verdict.outcome.price
    matched = [_matched(candidate, scene) for candidate in _ranked(verdict.candidates)]
    return MatchReport(
        winner=None if winner is None else _matched(winner, scene),
        price_micros=None if price is None else price.amount,
        no_fill_reason=verdict.outcome.reason,
        topic=verdict.topic,
        commercial=verdict.commercial,
        language=verdict.language,
        candidates=tuple(matched),
    )


def _ranked(candidates: Sequence[Candidate]) -> list[Candidate]:
    return sorted(
        candidates,
        key=lambda one: (one.filter is not None, -bid_of(one).score, -one.relevance, one.number),
    )


def _matched(candidate: Candidate, scene: Scene) -> MatchedCandidate:
    creative = _creative(candidate, scene)
    return MatchedCandidate(
        creative_id=candidate.creative_id,
        advertiser=creative.advertiser_name,
        title=creative.title,
        category=creative.category,
        similarity=candidate.similarity,
        relevance=candidate.relevance,
        click_rate=candidate.click_rate,
        bid_micros=candidate.bid.amount,
        score=round(bid_of(candidate).score, 3),
        filter=candidate.filter,
    )


def _creative(candidate: Candidate, scene: Scene) -> LiveCreative:
    return scene.index.creatives[scene.inventory.position_of(candidate.number)]


def _plain(candidate: MatchedCandidate) -> dict[str, Any]:
    return {name: getattr(candidate, name) for name in candidate.__slots__}

"""The creatives nearest to a turn, as candidates.

Searches among those that may stand and have money. Where nobody can be shown it looks once more
without the mask, to learn why, because a no-ad without a reason helps nobody.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from adserver.decision.judging import KEYWORD_LIFT, Scene, Terms, judged
from adserver.decision.vocabulary import Candidate
from adserver.matching.index import Hit
from adserver.matching.nearness import nearest_first
from adserver.matching.relevance import relevance

_VOTERS: Final = 5
_MISFITS: Final = 3
_EXPLAINED: Final = 8


def contenders(
    scene: Scene, terms: Terms, vectors: NDArray[np.float32]
) -> tuple[list[Candidate], str | None]:
    """The nearest creatives that may stand and have money, and the topic that they speak for."""
    mask = scene.inventory.standing(terms.turn)
    if scene.books is not None:
        mask &= scene.books.funded(scene.inventory)
    if terms.turn.by_keyword:
        mask &= scene.inventory.named(terms.turn)
    found = scene.index.search(vectors, mask, terms.settings.shortlist)
    hits = nearest_first(found, terms.turn.words, scene.index)
    topic = topic_of(hits, scene, terms.settings.relevance_floor)
    worth = _worth_judging(hits, scene, terms)
    return [judged(hit, scene, terms, topic=topic, stands=True) for hit in worth], topic


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
    found = scene.index.search(vectors, None, _EXPLAINED)
    nearest = nearest_first(found, terms.turn.words, scene.index)
    candidates = [judged(hit, scene, terms, topic=topic) for hit in nearest]
    return [one for one in candidates if one.number not in numbers]


def topic_of(hits: Sequence[Hit], scene: Scene, relevance_floor: float) -> str | None:
    """The category that the nearest fitting creatives speak for; None where nothing fits."""
    votes: dict[str, float] = {}
    for hit in hits[:_VOTERS]:
        fit = relevance(hit.similarity, scene.index.model_id)
        if fit >= relevance_floor:
            category = scene.inventory.offer(hit.position).category
            votes[category] = votes.get(category, 0.0) + fit
    return max(votes, key=lambda category: (votes[category], category), default=None)


def _worth_judging(hits: Sequence[Hit], scene: Scene, terms: Terms) -> Sequence[Hit]:
    """The hits that can fit and the first few that cannot; nearest come first."""
    if terms.turn.test or terms.turn.by_keyword:
        return hits
    least = terms.settings.relevance_floor - KEYWORD_LIFT
    model_id = scene.index.model_id
    for fitting, hit in enumerate(hits):
        if relevance(hit.similarity, model_id) < least:
            return hits[: fitting + _MISFITS]
    return hits

"""The creatives nearest to a turn, as candidates.

Searches among those that may stand and have money. Where nobody can be shown it looks once more
without the mask, to learn why, because a no-ad without a reason helps nobody.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from adserver.decision.judging import KEYWORD_LIFT, Scene, Terms, counted, judged
from adserver.decision.nearby import Near
from adserver.decision.vocabulary import Candidate
from adserver.matching.bits import Bits
from adserver.matching.index import Hit
from adserver.matching.nearness import nearest_first
from adserver.matching.relevance import relevance

_VOTERS: Final = 5
_MISFITS: Final = 3
_EXPLAINED: Final = 8


def contenders(
    scene: Scene, terms: Terms, vectors: NDArray[np.float32]
) -> tuple[list[Candidate], Near]:
    """The nearest creatives that may stand, and what the search found.

    Who has money changes by the second, so it is asked of those that were found. Only where more
    would fit than were found does one without money take another's place: then it is looked for
    again among those that have some.
    """
    among = _among(scene, terms)
    near = scene.nearby.of(
        vectors,
        among,
        scene.rates,
        _of_the_words(terms),
        lambda: _nearest(scene, terms, vectors, among),
    )
    if scene.books is not None and near.is_cut and not scene.books.bear(near.offers):
        funded = among & scene.books.funded(scene.inventory)
        near = _nearest(scene, terms, vectors, funded)
    return _counted(near, scene, terms), near


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
    near = scene.nearby.of(
        vectors,
        _among(scene, terms),
        scene.rates,
        (topic, _of_the_words(terms)),
        lambda: _nearest_of_all(scene, terms, vectors, topic),
    )
    return [one for one in _counted(near, scene, terms) if one.number not in numbers]


def topic_of(hits: Sequence[Hit], scene: Scene, relevance_floor: float) -> str | None:
    """The category that the nearest fitting creatives speak for; None where nothing fits."""
    votes: dict[str, float] = {}
    for hit in hits[:_VOTERS]:
        fit = relevance(hit.similarity, scene.index.model_id)
        if fit >= relevance_floor:
            category = scene.inventory.offer(hit.position).category
            votes[category] = votes.get(category, 0.0) + fit
    return max(votes, key=lambda category: (votes[category], category), default=None)


def _among(scene: Scene, terms: Terms) -> Bits:
    among = scene.inventory.standing(terms.turn)
    return among & scene.inventory.named(terms.turn) if terms.turn.by_keyword else among


def _of_the_words(terms: Terms) -> tuple[str, int, float]:
    return terms.turn.words, terms.reserve.amount, terms.settings.relevance_floor


def _counted(near: Near, scene: Scene, terms: Terms) -> list[Candidate]:
    return [
        counted(one, offer, scene, terms)
        for one, offer in zip(near.candidates, near.offers, strict=True)
    ]


def _nearest(scene: Scene, terms: Terms, vectors: NDArray[np.float32], among: Bits) -> Near:
    found = scene.index.search(vectors, among, terms.settings.shortlist)
    hits = nearest_first(found, terms.turn.words, scene.index)
    topic = topic_of(hits, scene, terms.settings.relevance_floor)
    worth = _worth_judging(hits, scene, terms)
    return Near(
        tuple(judged(hit, scene, terms, topic=topic, stands=True) for hit in worth),
        tuple(scene.inventory.offer(hit.position) for hit in worth),
        topic,
        None if scene.clusters is None else scene.clusters.nearest(vectors[0]),
        is_cut=len(worth) == terms.settings.shortlist,
    )


def _nearest_of_all(
    scene: Scene, terms: Terms, vectors: NDArray[np.float32], topic: str | None
) -> Near:
    found = scene.index.search(vectors, None, _EXPLAINED)
    hits = nearest_first(found, terms.turn.words, scene.index)
    return Near(
        tuple(judged(hit, scene, terms, topic=topic) for hit in hits),
        tuple(scene.inventory.offer(hit.position) for hit in hits),
        topic,
    )


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

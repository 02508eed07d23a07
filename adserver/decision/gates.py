"""What a turn must pass before any creative is looked at, and what is read from it on the way.

The gates stand in a fixed order, cheap ones first; the first that closes gives the reason. The
safety screen reads the whole conversation as it was written and comes before anything that sells. A `Reading` holds words and vectors: it lives as long as the call.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import numpy as np
from numpy.typing import NDArray

from adserver.catalog.publisher import Publisher
from adserver.decision.frequency import Seen
from adserver.decision.settings import SERVED_FORMATS, DecisionSettings
from adserver.decision.vocabulary import Opportunity, words_of
from adserver.intent.conversation import Distilled, distil
from adserver.intent.screening import ConversationScreen
from adserver.intent.vectors import MessageVectors, intent_vectors
from language import commercial_intent, language_id
from language.embedder import Embedder
from tollfree_sdk.contract import AdRequest, Format, NoFill


@dataclass(frozen=True, slots=True)
class Asked:
    """One turn to decide: the request, who asks, when, and what the conversation saw before."""

    request: AdRequest
    publisher: Publisher
    at: datetime
    seed: int
    seen: Seen

    @property
    def formats(self) -> frozenset[Format]:
        """What the request, the publisher and we can all do."""
        allowed = SERVED_FORMATS & frozenset(self.request.formats)
        return allowed & frozenset(Format(name) for name in self.publisher.formats)


@dataclass(frozen=True, slots=True)
class Closed:
    """A gate closed; what was known by then is kept for the record."""

    reason: NoFill
    commercial: float | None = None
    language: str | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """What a turn that passed every gate is about."""

    opportunity: Opportunity
    vectors: NDArray[np.float32]
    commercial: float
    language: str | None


class Reader:
    """What reads a conversation: the cache of its messages' vectors, and the safety screen."""

    def __init__(self, embedder: Embedder) -> None:
        self.vectors = MessageVectors(embedder)
        self.screen = ConversationScreen(self.vectors)


@dataclass(frozen=True, slots=True)
class _Turn:
    asked: Asked
    said: Distilled
    screen: ConversationScreen
    settings: DecisionSettings


def read(
    asked: Asked,
    reader: Reader,
    *,
    languages: frozenset[str],
    settings: DecisionSettings,
) -> Reading | Closed:
    """Pass a turn through the gates; `languages` are those that any creative speaks."""
    turn = _Turn(asked, distil(asked.request.conversation), reader.screen, settings)
    reason = next((reason for reason, closes in _GATES if closes(turn)), None)
    if reason is not None:
        return Closed(reason)
    language = language_of(turn.asked.request, turn.said)
    if languages and language not in languages:
        return Closed(NoFill.UNSUPPORTED_LANGUAGE, language=language)
    rows = intent_vectors(turn.said, reader.vectors)
    commercial = commercial_score(turn.said, rows, reader.vectors.model_id)
    if commercial < settings.commercial_floor:
        return Closed(NoFill.NOT_COMMERCIAL, commercial=commercial, language=language)
    return Reading(_opportunity(turn, language), rows, commercial, language)


def language_of(request: AdRequest, said: Distilled) -> str | None:
    """What the caller says it is, else what the words look like."""
    if request.language:
        return request.language.partition("-")[0].lower()
    return language_id.detect(said.query) or language_id.detect(said.context)


def commercial_score(said: Distilled, rows: NDArray[np.float32], model_id: str) -> float:
    """Whether an offer helps here. A turn that goes on with its subject may borrow from it."""
    score = commercial_intent.score(said.query, rows[0], model_id=model_id)
    if len(rows) > 1 and said.context:
        together = f"{said.context} {said.query}"
        score = max(score, commercial_intent.score(together, rows[1], model_id=model_id))
    return round(score, 4)


def _opportunity(turn: _Turn, language: str | None) -> Opportunity:
    request, publisher = turn.asked.request, turn.asked.publisher
    said = " ".join((turn.said.query, turn.said.context, *request.keywords))
    blocked = (*publisher.blocked_domains, *request.blocked_domains)
    return Opportunity(
        at=turn.asked.at,
        words=words_of(said),
        formats=turn.asked.formats,
        country=request.country.upper() if request.country else None,
        language=language,
        blocked_categories=publisher.blocked_categories | frozenset(request.blocked_categories),
        blocked_domains=frozenset(domain.casefold() for domain in blocked),
        test=request.test,
    )


_GATES: Final[tuple[tuple[NoFill, Callable[[_Turn], bool]], ...]] = (
    (NoFill.CONSENT_MISSING, lambda turn: not turn.asked.request.consent),
    (NoFill.MINOR, lambda turn: turn.asked.request.minor),
    (NoFill.NOT_PLACEABLE, lambda turn: not turn.asked.formats),
    (NoFill.FIRST_TURN, lambda turn: 0 < turn.said.turns_user < turn.settings.first_ad_on_turn),
    (NoFill.FREQUENCY_CAP, lambda turn: turn.asked.seen.ads >= turn.settings.ads_per_session),
    (NoFill.NOT_COMMERCIAL, lambda turn: turn.said.is_code or words_of(turn.said.query) == "  "),
    (NoFill.SENSITIVE_TOPIC, lambda turn: turn.screen.topic(turn.said) is not None),
)

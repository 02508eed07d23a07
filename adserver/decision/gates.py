"""What a turn must pass before any creative is looked at, and what is read from it on the way.

The gates stand in a fixed order, cheap ones first; the first that closes gives the reason. The
safety screen reads the whole conversation as it was written and comes before anything that sells. A `Reading` holds words and vectors: it lives as long as the call.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from adserver.catalog.iab import own_categories
from adserver.catalog.publisher import PUBLISHER_ZERO, Publisher
from adserver.decision.frequency import Seen
from adserver.decision.settings import SERVED_FORMATS, DecisionSettings
from adserver.decision.vocabulary import Opportunity
from adserver.intent.hearing import Heard, Hearing
from adserver.intent.wording import words_of
from language.other_languages import SCREENED, SPOKEN
from tollfree_sdk.contract import AdRequest, Format, NoFill


@dataclass(frozen=True, slots=True)
class Asked:
    """One turn to decide: the request, who asks, when, and what the conversation saw before.

    `heard` is what was read of the same words before, where that is remembered.
    """

    request: AdRequest
    publisher: Publisher
    at: datetime
    seed: int
    seen: Seen
    heard: Heard | None = None

    @property
    def formats(self) -> tuple[Format, ...]:
        """What the request, the publisher and we can all do, in the request's order."""
        return _welcome(self.request.formats, self.publisher.formats)

    @property
    def may_link(self) -> bool:
        """Whether links of the model's own may earn here; never in tests, which nobody pays."""
        return Format.LINK in self.formats and not self.request.test


@lru_cache(maxsize=1_000)
def _welcome(asked: tuple[Format, ...], taken: tuple[str, ...]) -> tuple[Format, ...]:
    welcome = SERVED_FORMATS & frozenset(map(Format, taken))
    return tuple(one for one in asked if one in welcome)


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


@dataclass(frozen=True, slots=True)
class _Turn:
    asked: Asked
    heard: Heard
    turns_user: int
    settings: DecisionSettings


def read(
    asked: Asked,
    hearing: Hearing,
    *,
    languages: frozenset[str],
    settings: DecisionSettings,
) -> Reading | Closed:
    """Pass a turn through the gates; `languages` are those that any creative speaks."""
    turns = asked.request.conversation
    turns_user = sum(1 for said in turns if said.role == "user")
    early = _Turn(asked, _NOT_HEARD, turns_user, settings)
    reason = next((reason for reason, closes in _UNHEARD if closes(early)), None)
    if reason is not None:
        return Closed(reason)
    heard = asked.heard or hearing.of(turns)
    turn = _Turn(asked, heard, turns_user, settings)
    reason = next((reason for reason, closes in _GATES if closes(turn)), None)
    if reason is not None or heard.vectors is None or heard.commercial is None:
        return Closed(reason or NoFill.ERROR)
    language = language_of(asked.request, heard)
    if languages and language not in languages:
        return Closed(NoFill.UNSUPPORTED_LANGUAGE, language=language)
    opportunity = _opportunity(turn, language)
    if opportunity.by_keyword and (language not in SCREENED or language != heard.language):
        # Words that were not screened in their own language are not known to be harmless.
        return Closed(NoFill.UNSUPPORTED_LANGUAGE, language=language)
    if not opportunity.by_keyword and heard.commercial < settings.commercial_floor:
        return Closed(NoFill.NOT_COMMERCIAL, commercial=heard.commercial, language=language)
    return Reading(opportunity, heard.vectors, heard.commercial, language)


def language_of(request: AdRequest, heard: Heard) -> str | None:
    """What the caller says it is, else what the words look like."""
    if request.language:
        return request.language.partition("-")[0].lower()
    return heard.language


def _opportunity(turn: _Turn, language: str | None) -> Opportunity:
    request, publisher = turn.asked.request, turn.asked.publisher
    given = words_of(" ".join(request.keywords)) if request.keywords else ""
    blocked = (*publisher.blocked_domains, *request.blocked_domains)
    return Opportunity(
        at=turn.asked.at,
        words=turn.heard.words + given,
        formats=frozenset(turn.asked.formats) - {Format.LINK},
        country=request.country.upper() if request.country else None,
        language=language,
        by_keyword=language is not None and language not in SPOKEN and not request.test,
        blocked_categories=own_categories(
            (*publisher.blocked_categories, *request.blocked_categories)
        ),
        blocked_domains=frozenset(domain.casefold() for domain in blocked),
        blocked_advertisers=frozenset(map(str.casefold, request.blocked_advertisers))
        | publisher.blocked_advertisers
        | turn.asked.seen.hidden,
        test=request.test,
        # Callers of our own API get text: nobody there can say that it was on a screen.
        viewable=publisher.publisher_id != PUBLISHER_ZERO,
    )


def _comes_too_soon(turn: _Turn) -> bool:
    shown = turn.asked.seen.by_turn
    return bool(shown) and turn.turns_user - max(shown) <= turn.asked.request.turns_between


_NOT_HEARD: Final = Heard(is_wordless=True)
# What needs no reading stands first.
_UNHEARD: Final[tuple[tuple[NoFill, Callable[[_Turn], bool]], ...]] = (
    (NoFill.CONSENT_MISSING, lambda turn: not turn.asked.request.consent),
    (NoFill.MINOR, lambda turn: turn.asked.request.minor),
    (NoFill.NOT_PLACEABLE, lambda turn: not turn.asked.formats),
    (NoFill.FIRST_TURN, lambda turn: 0 < turn.turns_user < turn.settings.first_ad_on_turn),
    (NoFill.FREQUENCY_CAP, lambda turn: turn.asked.seen.ads >= turn.settings.ads_per_session),
    (NoFill.FREQUENCY_CAP, lambda turn: _comes_too_soon(turn)),
)
_GATES: Final[tuple[tuple[NoFill, Callable[[_Turn], bool]], ...]] = (
    (NoFill.NOT_COMMERCIAL, lambda turn: turn.heard.is_wordless),
    (NoFill.SENSITIVE_TOPIC, lambda turn: turn.heard.topic is not None),
)

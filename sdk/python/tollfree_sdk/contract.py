"""The words that a service and the ad network exchange: one request, one decision, one field.

    AdRequest ──AdSource.decide──► AdDecision ──placement──► the answer + the `tollfree` field
                └─AdSource.record(decision_id, step)

Frozen values, no I/O. `AdSource` has two forms, the engine in the same process and the client over
HTTP, and one contract test runs against both. The JSON forms are in `tollfree_sdk.wire`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

VERSION = 1


class Format(StrEnum):
    """How an ad stands in an answer."""

    UNIT = "unit"
    MENTION = "mention"
    LINK = "link"


class Delivery(StrEnum):
    """Where the ad travels: in the text, in the machine-readable field, or in both.

    The field always describes what was placed; `FIELD` keeps `content` free of ads.
    """

    CONTENT = "content"
    FIELD = "field"
    BOTH = "both"


class Label(StrEnum):
    """The words that disclose an ad; no others are allowed."""

    SPONSORED = "Sponsored"
    AD = "Ad"
    AFFILIATE = "Affiliate link"


class NoFill(StrEnum):
    """Why a turn carries no ad. A closed list: every turn without an ad has exactly one."""

    ADS_OFF = "ads_off"
    CONSENT_MISSING = "consent_missing"
    MINOR = "minor"
    UNSUPPORTED_LANGUAGE = "unsupported_language"
    SENSITIVE_TOPIC = "sensitive_topic"
    NOT_COMMERCIAL = "not_commercial"
    NOT_PLACEABLE = "not_placeable"
    FIRST_TURN = "first_turn"
    FREQUENCY_CAP = "frequency_cap"
    BLOCKED_BY_PUBLISHER = "blocked_by_publisher"
    NO_MATCH = "no_match"
    BELOW_RELEVANCE = "below_relevance"
    BELOW_FLOOR = "below_floor"
    BUDGET_PACED = "budget_paced"
    HOLDOUT = "holdout"
    OVERLOADED = "overloaded"
    TIMEOUT = "timeout"
    UNAVAILABLE = "unavailable"
    ERROR = "error"


class Step(StrEnum):
    """How far an ad came. With the decision id it names an impression; steps are never mixed."""

    DELIVERED = "delivered"
    RENDERED = "rendered"
    VIEWABLE = "viewable"
    CLICK = "click"
    CONVERSION = "conversion"


@dataclass(frozen=True, slots=True)
class Turn:
    """One message of a conversation, as plain text; `role` is system, user, assistant or tool."""

    role: str
    text: str


@dataclass(frozen=True, slots=True)
class AdRequest:
    """What the network needs to decide about one turn. The text stays in memory.

    `session` is the caller's name for the conversation or a keyed digest of its first message;
    `end_user` is a digest too, and only ever widens what a reader hid. `country` is ISO 3166-1
    alpha-2, `language` BCP 47, both None when unknown. `formats` are in order of preference.
    `test` marks traffic of a test key: house ads, never billed. `floor_micros` is the least a click
    must pay, `ads_per_session` and `turns_between` cap how often one conversation sees an ad.
    """

    conversation: Sequence[Turn]
    app: str | None = None
    session: str | None = None
    end_user: str | None = None
    placement: str | None = None
    formats: tuple[Format, ...] = (Format.UNIT,)
    country: str | None = None
    language: str | None = None
    consent: bool = True
    minor: bool = False
    test: bool = False
    keywords: tuple[str, ...] = ()
    blocked_categories: tuple[str, ...] = ()
    blocked_domains: tuple[str, ...] = ()
    blocked_advertisers: tuple[str, ...] = ()
    floor_micros: int = 0
    min_relevance: float = 0.0
    ads_per_session: int | None = None
    turns_between: int = 0


@dataclass(frozen=True, slots=True)
class Advertiser:
    """Who pays, as shown beside every ad: legal or trading name, and the domain clicked through to."""

    name: str
    domain: str


@dataclass(frozen=True, slots=True)
class Ad:
    """A decided ad, before it is placed: everything placement may say, and nothing else.

    `relevance` lies in 0-1. `facts` are the approved claims that a mention may use.
    """

    format: Format
    label: Label
    advertiser: Advertiser
    title: str
    body: str
    cta: str
    click_url: str
    why_url: str
    relevance: float
    facts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AdDecision:
    """The outcome of one turn: an ad, or the reason why there is none; never both, never neither."""

    decision_id: str | None
    ad: Ad | None
    no_fill_reason: NoFill | None
    decided_in_ms: float = 0.0

    def __post_init__(self) -> None:
        if (self.ad is None) == (self.no_fill_reason is None):
            raise ValueError("A decision has an ad or a reason, exactly one of the two.")
        if self.ad is not None and not self.decision_id:
            raise ValueError("An ad needs the id of its decision.")


def no_ad(reason: NoFill, *, decision_id: str | None = None, ms: float = 0.0) -> AdDecision:
    """A decision against an ad: ``no_ad(NoFill.TIMEOUT)``."""
    return AdDecision(decision_id, None, reason, ms)


@dataclass(frozen=True, slots=True)
class Span:
    """Where ad text stands in the delivered content of a choice.

    Offsets count Unicode code points, `end` is exclusive. `original` is the text that a rewritten
    link replaced, None where the span was added. Cutting the spans (or putting `original` back)
    gives the organic answer.
    """

    choice: int
    start: int
    end: int
    original: str | None = None


@dataclass(frozen=True, slots=True)
class PlacedAd:
    """An ad as it was placed; `text`, `markdown` and `html` each carry the label and the name."""

    ad: Ad
    text: str
    markdown: str
    html: str
    spans: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class TollfreeField:
    """The top-level `tollfree` object of an answer and of the chunk with `finish_reason`."""

    decision_id: str | None
    ads: tuple[PlacedAd, ...]
    no_fill_reason: NoFill | None
    organic_sha256: str
    decided_in_ms: float


class AdSource(Protocol):
    """Where decisions come from: the engine in this process, or the network over HTTP.

    `decide` may raise or hang: the caller sets the deadline and answers without an ad. `record`
    says that a step happened and is safe to repeat.
    """

    async def decide(self, request: AdRequest) -> AdDecision: ...

    async def record(self, decision_id: str, step: Step) -> None: ...

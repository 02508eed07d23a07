"""The words of a decision: the offers, the turn they compete for, and what ends their chances.

Frozen values without behaviour beyond reading themselves. Text of the conversation stands in
`Opportunity.words` only, which lives for one call and is never written anywhere.

    Offer ──Filter?──► Candidate ──auction──► winner and price
                 └──► NoFill: the reason a turn carries no ad
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from adserver.catalog.campaign import BidType
from adserver.catalog.targeting import FrequencyCap
from kernel.money import ZERO, Micros
from tollfree_sdk.contract import Format, NoFill


class Filter(StrEnum):
    """What took a creative out of the running, in the order in which the filters stand."""

    HOUSE = "house"
    SCHEDULE = "schedule"
    BID_TYPE = "bid_type"
    COUNTRY = "country"
    LANGUAGE = "language"
    FORMAT = "format"
    TOPIC = "topic"
    NEGATIVE_KEYWORD = "negative_keyword"
    CATEGORY_BLOCKED = "category_blocked"
    DOMAIN_BLOCKED = "domain_blocked"
    ADVERTISER_BLOCKED = "advertiser_blocked"
    RELEVANCE = "relevance"
    FREQUENCY = "frequency"
    RIVAL = "rival"
    BUDGET = "budget"
    BUDGET_UNKNOWN = "budget_unknown"
    PACED = "paced"
    FLOOR = "floor"

    @property
    def reason(self) -> NoFill:
        """What the caller is told when this filter took the last creative."""
        return _REASONS.get(self, NoFill.NO_MATCH)


_REASONS: Final = {
    Filter.CATEGORY_BLOCKED: NoFill.BLOCKED_BY_PUBLISHER,
    Filter.DOMAIN_BLOCKED: NoFill.BLOCKED_BY_PUBLISHER,
    Filter.ADVERTISER_BLOCKED: NoFill.BLOCKED_BY_PUBLISHER,
    Filter.RELEVANCE: NoFill.BELOW_RELEVANCE,
    Filter.FREQUENCY: NoFill.FREQUENCY_CAP,
    Filter.RIVAL: NoFill.FREQUENCY_CAP,
    Filter.BUDGET: NoFill.BUDGET_PACED,
    Filter.BUDGET_UNKNOWN: NoFill.UNAVAILABLE,
    Filter.PACED: NoFill.BUDGET_PACED,
    Filter.FLOOR: NoFill.BELOW_FLOOR,
}


@dataclass(frozen=True, slots=True)
class Offer:
    """A live creative with what its campaign asks for; empty sets mean "anywhere".

    `domains` and `advertiser_name` (in small letters) are the advertiser's, and keywords are
    normalised by `words_of`. `number` names the creative in click tokens.
    """

    number: int
    creative_id: str
    creative_version: int
    campaign_id: str
    advertiser_id: str
    category: str
    language: str
    bid: Micros
    bid_type: BidType = BidType.CPC
    advertiser_name: str = ""
    domains: frozenset[str] = frozenset()
    countries: frozenset[str] = frozenset()
    languages: frozenset[str] = frozenset()
    categories: frozenset[str] = frozenset()
    keywords: tuple[str, ...] = ()
    negative_keywords: tuple[str, ...] = ()
    excluded_brands: frozenset[str] = frozenset()
    formats: frozenset[Format] = frozenset({Format.UNIT})
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    frequency: FrequencyCap | None = None
    is_house: bool = False


@dataclass(frozen=True, slots=True)
class Opportunity:
    """One turn as the filters see it.

    `by_keyword` marks a language that the model does not speak: only a keyword can match.
    `words` is what the user wrote, through `words_of`. `country` is alpha-2 in capitals, `language`
    a primary subtag such as ``en``; None means unknown, and what a campaign asks for is then
    not met. `viewable`: somebody can report that an ad was on a screen.
    """

    at: datetime
    words: str = " "
    formats: frozenset[Format] = frozenset({Format.UNIT})
    country: str | None = None
    language: str | None = None
    by_keyword: bool = False
    blocked_categories: frozenset[str] = frozenset()
    blocked_domains: frozenset[str] = frozenset()
    blocked_advertisers: frozenset[str] = frozenset()
    viewable: bool = True
    test: bool = False


@dataclass(frozen=True, slots=True)
class Candidate:
    """A creative with everything that its chance depended on; enough to run the auction again.

    `room` is what wallet and limits still bear, `pace` the share of the bid that pacing lets
    through, `filter` what took it out, None for one that stood in the auction. `click_rate` is what
    is believed, `certainty` how firmly (in clicks), and `drawn` what this decision counted with. A shoe ad that
    bids $0.50 at relevance 0.8 with its day half ahead of plan:
    ``bid=Micros(500_000), pace=0.8, room=Micros(12_400_000)`` may pay at most ``Micros(400_000)``.
    """

    number: int
    creative_id: str
    creative_version: int
    campaign_id: str
    advertiser_id: str
    similarity: float
    relevance: float
    quality: float
    click_rate: float
    drawn: float
    bid: Micros
    pace: float
    room: Micros
    bid_type: BidType = BidType.CPC
    conversion_rate: float = 0.0
    certainty: float = 0.0
    reserve: Micros = ZERO
    filter: Filter | None = None

    # Written out: `dataclasses.replace` takes twice as long, and this is done for every creative.
    def with_money(self, pace: float, room: Micros, out: Filter | None) -> "Candidate":
        """The same creative with what its campaign can pay."""
        return self._changed(self.drawn, pace, room, out)

    def drawing(self, drawn: float) -> "Candidate":
        """The same creative with another draw of its click rate."""
        return self._changed(drawn, self.pace, self.room, self.filter)

    def _changed(self, drawn: float, pace: float, room: Micros, out: Filter | None) -> "Candidate":
        return Candidate(
            self.number,
            self.creative_id,
            self.creative_version,
            self.campaign_id,
            self.advertiser_id,
            self.similarity,
            self.relevance,
            self.quality,
            self.click_rate,
            drawn,
            self.bid,
            pace,
            room,
            self.bid_type,
            self.conversion_rate,
            self.certainty,
            self.reserve,
            out,
        )

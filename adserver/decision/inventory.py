"""The live creatives of one index snapshot, arranged so that a turn is filtered in one sweep.

Positions are those of the matching index. `standing` answers for all creatives at once what
`eligibility.rejection` answers for one, except negative keywords, which read the text and are asked
only of the few that the search returns. Immutable but for memoised masks, and safe from many
threads: a mask computed twice is the same mask.
"""

from collections.abc import Callable, Hashable, Mapping, Sequence
from datetime import datetime
from typing import Final

import numpy as np
from numpy.typing import NDArray

from adserver.catalog.queries import LiveCreative
from adserver.decision.eligibility import (
    fits_format,
    is_advertiser_welcome,
    is_category_welcome,
    is_in_country,
    speaks,
    with_parents,
)
from adserver.decision.vocabulary import Offer, Opportunity
from adserver.intent.wording import words_of
from tollfree_sdk.contract import Format

Mask = NDArray[np.bool_]
_Admits = Callable[[Offer, Opportunity], bool]

_MOST_MASKS: Final = 512
_FOREVER: Final = np.inf


class Inventory:
    """Offers by position with the arrays that filter them."""

    def __init__(self, offers: Sequence[Offer]) -> None:
        self.offers = tuple(offers)
        self.position_of = {offer.number: at for at, offer in enumerate(offers)}
        self.languages = frozenset(offer.language for offer in offers)
        self.is_house = np.array([offer.is_house for offer in offers], dtype=np.bool_)
        self._starts = _times([offer.starts_at for offer in offers], missing=-_FOREVER)
        self._ends = _times([offer.ends_at for offer in offers], missing=_FOREVER)
        self._campaigns = sorted({offer.campaign_id for offer in offers})
        place = {campaign: at for at, campaign in enumerate(self._campaigns)}
        self._campaign_of = np.array([place[offer.campaign_id] for offer in offers], dtype=np.intp)
        self._by_domain = _positions_by_domain(offers)
        self._masks: dict[tuple[_Admits, Hashable], Mask] = {}

    def standing(self, turn: Opportunity) -> Mask:
        """Which positions pass every filter but negative keywords."""
        at = turn.at.timestamp()
        mask: Mask = self.is_house == turn.test
        mask &= (self._starts <= at) & (at < self._ends)
        mask &= self._remembered(turn.country, is_in_country, turn)
        mask &= self._remembered(turn.language, speaks, turn)
        mask &= self._remembered(turn.formats, fits_format, turn)
        if turn.blocked_categories:
            mask &= self._remembered(turn.blocked_categories, is_category_welcome, turn)
        if turn.blocked_advertisers:
            mask &= self._remembered(turn.blocked_advertisers, is_advertiser_welcome, turn)
        for domain in turn.blocked_domains:
            mask[self._by_domain.get(domain, [])] = False
        return mask

    def of_campaigns(self, passes: Callable[[str], bool]) -> Mask:
        """Which positions belong to campaigns that pass; asked once for each campaign."""
        verdicts = np.array([passes(campaign) for campaign in self._campaigns], dtype=np.bool_)
        return verdicts[self._campaign_of] if self.offers else np.zeros(0, dtype=np.bool_)

    def _remembered(self, key: Hashable, admits: _Admits, turn: Opportunity) -> Mask:
        found = self._masks.get((admits, key))
        if found is None:
            found = np.array([admits(offer, turn) for offer in self.offers], dtype=np.bool_)
            if len(self._masks) < _MOST_MASKS:
                self._masks[admits, key] = found
        return found


def offer_of(creative: LiveCreative) -> Offer:
    """A live creative as the filters and the auction see it."""
    targeting = creative.targeting
    return Offer(
        number=creative.number,
        creative_id=creative.creative_id,
        creative_version=creative.version,
        campaign_id=creative.campaign_id,
        advertiser_id=creative.advertiser_id,
        category=creative.category,
        language=creative.language.partition("-")[0],
        bid=creative.bid,
        advertiser_name=creative.advertiser_name.casefold(),
        domains=frozenset(
            domain.casefold() for domain in (creative.advertiser_domain, creative.display_domain)
        ),
        countries=frozenset(targeting.countries),
        languages=frozenset(targeting.languages),
        categories=frozenset(targeting.categories),
        keywords=tuple(words_of(keyword) for keyword in targeting.keywords),
        negative_keywords=tuple(
            words_of(phrase)
            for phrase in (*targeting.negative_keywords, *targeting.excluded_brands)
        ),
        formats=frozenset(Format(name) for name in targeting.formats),
        starts_at=creative.starts_at,
        ends_at=creative.ends_at,
        is_house=creative.is_house,
    )


def _times(moments: Sequence[datetime | None], *, missing: float) -> NDArray[np.float64]:
    stamps = [missing if at is None else at.timestamp() for at in moments]
    return np.array(stamps, dtype=np.float64)


def _positions_by_domain(offers: Sequence[Offer]) -> Mapping[str, list[int]]:
    positions: dict[str, list[int]] = {}
    for position, offer in enumerate(offers):
        for name in {parent for domain in offer.domains for parent in with_parents(domain)}:
            positions.setdefault(name, []).append(position)
    return positions

"""What the campaigns of an index ask for, side by side, so that a question is asked of each once.

By the campaign's number in the index. Campaigns that want the same countries share one answer, and
a campaign that did not change from one snapshot to the next keeps its offer.
"""

from collections.abc import Callable, Hashable, Sequence
from datetime import datetime
from typing import Final

import numpy as np
from numpy.typing import NDArray

from adserver.catalog.queries import LiveCreative
from adserver.decision.vocabulary import Offer
from adserver.intent.wording import words_of
from tollfree_sdk.contract import Format

Verdicts = NDArray[np.bool_]
FOREVER: Final = np.inf


class CampaignTerms:
    """Offers without a creative, by campaign number."""

    def __init__(
        self, campaigns: Sequence[LiveCreative], before: "CampaignTerms | None" = None
    ) -> None:
        self._campaigns = tuple(campaigns)
        known = {} if before is None else before.by_identity()
        self.offers = tuple(known.get(id(one)) or terms_of(one) for one in campaigns)
        self.ids = tuple(one.campaign_id for one in campaigns)
        self._numbers: dict[str, int] | None = None
        self.has_caps = any(offer.frequency is not None for offer in self.offers)
        self.starts = _times([offer.starts_at for offer in self.offers], missing=-FOREVER)
        self.ends = _times([offer.ends_at for offer in self.offers], missing=FOREVER)
        self._groups: dict[str, tuple[list[int], NDArray[np.intp]]] = {}

    def by_identity(self) -> dict[int, Offer]:
        """The offers by the identity of the campaign they were made from."""
        return dict(zip(map(id, self._campaigns), self.offers, strict=True))

    def __len__(self) -> int:
        return len(self.offers)

    def number(self, campaign_id: str) -> int | None:
        """The number of a campaign, None if it is not among these."""
        if self._numbers is None:
            self._numbers = {name: at for at, name in enumerate(self.ids)}
        return self._numbers.get(campaign_id)

    def verdicts(self, wish: str, admits: Callable[[Offer], bool]) -> Verdicts:
        """What `admits` says, for which only the field `wish` of an offer may count."""
        first, group_of = self._group(wish)
        answers = np.array([admits(self.offers[at]) for at in first], dtype=np.bool_)
        return answers[group_of]

    def where(self, *, advertisers: frozenset[str]) -> Verdicts:
        """Which campaigns belong to one of these advertisers, by id or by name."""
        return np.array(
            [
                one.advertiser_id in advertisers or one.advertiser_name in advertisers
                for one in self.offers
            ],
            dtype=np.bool_,
        )

    def _group(self, wish: str) -> tuple[list[int], NDArray[np.intp]]:
        known = self._groups.get(wish)
        if known is None:
            numbers: dict[Hashable, int] = {}
            first: list[int] = []
            group_of = np.empty(len(self.offers), dtype=np.intp)
            for at, offer in enumerate(self.offers):
                value = getattr(offer, wish)
                if value not in numbers:
                    numbers[value] = len(first)
                    first.append(at)
                group_of[at] = numbers[value]
            known = self._groups[wish] = first, group_of
        return known


def terms_of(campaign: LiveCreative) -> Offer:
    """An offer of this campaign for no creative in particular."""
    targeting = campaign.targeting
    return Offer(
        number=0,
        creative_id="",
        creative_version=0,
        campaign_id=campaign.campaign_id,
        advertiser_id=campaign.advertiser_id,
        category="",
        language="",
        bid=campaign.bid,
        bid_type=campaign.bid_type,
        advertiser_name=campaign.advertiser_name.casefold(),
        domains=frozenset({campaign.advertiser_domain.casefold()}),
        countries=_same(frozenset(targeting.countries)),
        languages=_same(frozenset(targeting.languages)),
        categories=_same(frozenset(targeting.categories)),
        keywords=tuple(words_of(keyword) for keyword in targeting.keywords),
        # A brand that is named keeps an ad away as any other word does.
        negative_keywords=tuple(
            words_of(name) for name in (*targeting.negative_keywords, *targeting.excluded_brands)
        ),
        excluded_brands=_same(frozenset(targeting.excluded_brands)),
        formats=_same(frozenset(Format(name) for name in targeting.formats)),
        starts_at=campaign.starts_at,
        ends_at=campaign.ends_at,
        frequency=targeting.frequency,
    )


_SAME: dict[frozenset[object], frozenset[object]] = {}


def _same(wanted: frozenset) -> frozenset:  # type: ignore[type-arg]
    """One object for equal wishes: most campaigns wish for the same few things."""
    if len(_SAME) > 10_000:
        _SAME.clear()
    return _SAME.setdefault(wanted, wanted)


def _times(moments: Sequence[datetime | None], *, missing: float) -> NDArray[np.float64]:
    stamps = [missing if at is None else at.timestamp() for at in moments]
    return np.array(stamps, dtype=np.float64)

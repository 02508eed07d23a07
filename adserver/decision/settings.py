"""What an operator may set about decisions; the defaults are what we promise.

Plain values: the composition root fills them from its own settings.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from adserver.catalog.campaign import BidType
from adserver.decision.vocabulary import Offer
from adserver.matching.relevance import FLOOR
from kernel.money import Micros
from tollfree_sdk.contract import AdRequest, Format

SERVED_FORMATS: Final = frozenset({Format.UNIT, Format.MENTION, Format.LINK})
_ONE_CENT: Final = Micros(10_000)
# A floor is stated for a click. What else can be bought must bring as much for its impressions as
# clicks at the usual rates: ten of a thousand who see an ad click, one of twenty of them buys.
_CLICKS_IN: Final = {BidType.CPC: 1, BidType.CPM: 10, BidType.CPA: 20}


def _cores() -> int:
    """Threads beyond the cores that we may use only make every turn slower."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@dataclass(frozen=True, slots=True)
class DecisionSettings:
    """Floors, caps and limits of the flow.

    `reserve` is the least that a click on a paid ad costs anywhere; a publisher's own floor may be
    higher. `queue` is how many turns may wait for one of the `threads`; more are turned away, and
    so are those that would not be decided in the `patience_ms` that an answer waits at its end.
    A turn that was read before is decided at once, without a thread, among `at_once_up_to` creatives.
    `budgets_good_for_s` is how old the view of the books may grow before paid ads stop.
    `category_reserves` are higher reserves by category, `holdout_bp` the share of turns with a
    winner that get no ad all the same, in hundredths of a percent. Two advertisers of one category
    never follow each other within `rivals_apart` turns of a conversation. What `explores` gives creatives
    with few clicks their chances; without it the best guess always wins.
    """

    deadline_ms: int = 30
    threads: int = field(default_factory=_cores)
    patience_ms: int = 30
    queue: int = 4
    at_once_up_to: int = 2_000
    commercial_floor: float = 0.5
    relevance_floor: float = FLOOR
    reserve: Micros = _ONE_CENT
    shortlist: int = 24
    first_ad_on_turn: int = 1
    ads_per_session: int = 12
    campaign_per_session: int = 3
    rivals_apart: int = 1
    budgets_good_for_s: float = 3.0
    category_reserves: Mapping[str, Micros] = field(default_factory=dict)
    holdout_bp: int = 0
    explores: bool = False

    def reserve_for(self, offer: Offer, floor: Micros) -> Micros:
        """The least that this offer must bid where a click costs at least `floor`.

        With a floor of one cent: a click one cent, a thousand impressions ten, a conversion twenty.
        """
        of_category = self.category_reserves.get(offer.category, floor)
        return max(floor, of_category) * _CLICKS_IN[offer.bid_type]

    def narrowed(self, request: AdRequest) -> "DecisionSettings":
        """The same, or stricter where the request asks for it; never more lenient."""
        floor = max(self.relevance_floor, request.min_relevance)
        most = self.ads_per_session
        if request.ads_per_session is not None:
            most = min(most, request.ads_per_session)
        if floor == self.relevance_floor and most == self.ads_per_session:
            return self
        return replace(self, relevance_floor=floor, ads_per_session=most)

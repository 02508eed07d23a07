"""Where creatives led when the database last said so.

For moments without a database, so that a reader still arrives; and for a fraction of a second, so
that a busy creative is not looked up with each of its clicks. Bounded: what was looked up longest ago
goes first.
"""

from collections import OrderedDict
from collections.abc import Collection, Iterable
from math import inf
from typing import Final

from adserver.catalog.advertiser import AdvertiserStatus
from adserver.catalog.campaign import CampaignStatus
from adserver.catalog.landing import Landing
from adserver.catalog.queries import LiveCreative

_NEVER: Final[tuple[Landing | None, float]] = None, -inf  # a time, in seconds


class KnownLandings:
    """A memory of landings by creative number."""

    def __init__(self, *, capacity: int = 100_000) -> None:
        self._capacity = capacity
        self._landings: OrderedDict[int, tuple[Landing, float]] = OrderedDict()  # in seconds

    def get(self, creative_number: int) -> Landing | None:
        """The landing as it was last seen."""
        found = self._landings.get(creative_number)
        return None if found is None else found[0]

    def of(self, creative_numbers: Collection[int], since_s: float) -> dict[int, Landing] | None:
        """All of these as they were at `since_s` or later; None where one was not looked up since."""
        found = {number: self._landings.get(number, _NEVER) for number in creative_numbers}
        if any(landing is None or at_s < since_s for landing, at_s in found.values()):
            return None
        return {number: landing for number, (landing, _) in found.items() if landing is not None}

    def add(self, landing: Landing, at_s: float = -inf) -> None:
        """Remember a landing as it was at `at_s`, a stopped one included."""
        self._landings[landing.creative_number] = landing, at_s
        self._landings.move_to_end(landing.creative_number)
        if len(self._landings) > self._capacity:
            self._landings.popitem(last=False)

    def add_live(self, creatives: Iterable[LiveCreative]) -> None:
        """Remember where all of these lead."""
        for creative in creatives:
            self.add(_landing_from(creative))


def _landing_from(creative: LiveCreative) -> Landing:
    return Landing(
        creative_number=creative.number,
        approved_url=creative.landing_url,
        is_house=creative.is_house,
        campaign_id=creative.campaign_id,
        campaign_status=CampaignStatus.LIVE,
        ends_at=creative.ends_at,
        total_budget=creative.total_budget,
        daily_budget=creative.daily_budget,
        advertiser_id=creative.advertiser_id,
        advertiser_status=AdvertiserStatus.ACTIVE,
        creative_id=creative.creative_id,
    )

"""Where creatives led when the database last said so.

Only for moments without a database, so that a reader still arrives. Bounded: what was looked up
longest ago goes first.
"""

from collections import OrderedDict
from collections.abc import Iterable

from adserver.catalog.advertiser import AdvertiserStatus
from adserver.catalog.campaign import CampaignStatus
from adserver.catalog.landing import Landing
from adserver.catalog.queries import LiveCreative


class KnownLandings:
    """A memory of landings by creative number."""

    def __init__(self, *, capacity: int = 100_000) -> None:
        self._capacity = capacity
        self._landings: OrderedDict[int, Landing] = OrderedDict()

    def get(self, creative_number: int) -> Landing | None:
        """The landing as it was last seen."""
        return self._landings.get(creative_number)

    def add(self, landing: Landing) -> None:
        """Remember a landing as it is now, a stopped one included."""
        self._landings[landing.creative_number] = landing
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

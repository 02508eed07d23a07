"""What ads brought: delivered, clicked, paid. The portal's view of the ad server's reports.

A *delivered* ad was handed to the reader's application; nobody claims that it was looked at. Clicks
count every human click, billed clicks those that cost money; the difference is never charged.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from adserver.reports import queries as reports
from kernel.money import ZERO, Micros


@dataclass(frozen=True)
class Traffic:
    """``Traffic(delivered=1_200, clicks=18, billed_clicks=17, spend=Micros(6_120_000))``."""

    delivered: int
    clicks: int
    billed_clicks: int
    spend: Micros

    def __add__(self, other: "Traffic") -> "Traffic":
        return Traffic(
            self.delivered + other.delivered,
            self.clicks + other.clicks,
            self.billed_clicks + other.billed_clicks,
            self.spend + other.spend,
        )


NO_TRAFFIC: Final = Traffic(0, 0, 0, ZERO)


async def traffic_of(
    session: AsyncSession, advertiser_id: str, *, since: datetime
) -> dict[str, Traffic]:
    """By campaign id, from `since` until now; campaigns without traffic are missing."""
    return _traffic(await reports.totals(session, advertiser_id, since))


async def creative_traffic_of(
    session: AsyncSession, advertiser_id: str, *, since: datetime
) -> dict[str, Traffic]:
    """The same by creative id."""
    return _traffic(await reports.creative_totals(session, advertiser_id, since))


def _traffic(totals: Mapping[str, reports.Totals]) -> dict[str, Traffic]:
    return {
        name: Traffic(row.delivered, row.clicks, row.billed_clicks, row.spend)
        for name, row in totals.items()
    }

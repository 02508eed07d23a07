"""What the public may know of a decision that showed an ad.

Who paid, what was shown and how closely it fitted: no price, no publisher, no app, and no rival.
"""

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from adserver.events.tables import DecisionRow
from tollfree_sdk.contract import Format


@dataclass(frozen=True, slots=True)
class ShownAd:
    """An ad as it was shown, under the name that its advertiser had then.

    A turn that nobody paid for, in whose links the service may earn, has neither advertiser nor
    creative.
    """

    advertiser: str
    domain: str
    title: str
    category: str
    format: str
    relevance: float
    test: bool
    advertiser_id: str | None = None
    creative_id: str | None = None

    @property
    def is_link(self) -> bool:
        return self.format == Format.LINK.value


async def shown_ad(session: AsyncSession, decision_id: str) -> ShownAd | None:
    """The ad of a decision; None for an unknown one and for one that showed none."""
    found = await session.execute(
        sa.select(
            DecisionRow.trace,
            DecisionRow.format,
            DecisionRow.relevance,
            DecisionRow.test,
            DecisionRow.advertiser_id,
            DecisionRow.creative_id,
        ).where(
            DecisionRow.id == decision_id,
            (DecisionRow.outcome == "ad") | (DecisionRow.format == Format.LINK.value),
        )
    )
    row = found.one_or_none()
    if row is None:
        return None
    if row.format == Format.LINK.value:
        return ShownAd("", "", "", "", row.format, 0.0, row.test)
    shown = row.trace["shown"]
    return ShownAd(
        advertiser=shown["advertiser"],
        domain=shown["domain"],
        title=shown["title"],
        category=shown["category"],
        format=row.format,
        relevance=row.relevance,
        test=row.test,
        advertiser_id=row.advertiser_id,
        creative_id=row.creative_id,
    )

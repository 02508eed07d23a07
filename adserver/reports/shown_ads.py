"""What the public may know of a decision that showed an ad.

Who paid, what was shown and how closely it fitted: no price, no publisher, no app, and no rival.
"""

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from adserver.events.tables import DecisionRow


@dataclass(frozen=True, slots=True)
class ShownAd:
    """An ad as it was shown, under the name that its advertiser had then."""

    advertiser: str
    domain: str
    title: str
    category: str
    format: str
    relevance: float
    test: bool


async def shown_ad(session: AsyncSession, decision_id: str) -> ShownAd | None:
    """The ad of a decision; None for an unknown one and for one that showed none."""
    found = await session.execute(
        sa.select(
            DecisionRow.trace, DecisionRow.format, DecisionRow.relevance, DecisionRow.test
        ).where(DecisionRow.id == decision_id, DecisionRow.outcome == "ad")
    )
    row = found.one_or_none()
    if row is None:
        return None
    shown = row.trace["shown"]
    return ShownAd(
        advertiser=shown["advertiser"],
        domain=shown["domain"],
        title=shown["title"],
        category=shown["category"],
        format=row.format,
        relevance=row.relevance,
        test=row.test,
    )

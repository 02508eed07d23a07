"""How often an advertiser's ads were delivered and clicked, and what that cost.

Counted from the events themselves, by the moment of the step, so a report agrees with the charges to
the micro. Delivered, clicked and billed are never mixed. Test traffic is not counted. Dimensions
here are the advertiser's own (campaign, creative); none comes from a conversation.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from adserver.events.tables import DecisionRow, StepRow
from kernel.money import ZERO, Micros
from tollfree_sdk.contract import Step


@dataclass(frozen=True, slots=True)
class Totals:
    """``Totals(delivered=1_200, clicks=18, billed_clicks=17, spend=Micros(6_120_000))``."""

    delivered: int
    clicks: int
    billed_clicks: int
    spend: Micros


async def totals(session: AsyncSession, advertiser_id: str, since: datetime) -> dict[str, Totals]:
    """By campaign id, from `since` on; a campaign to which nothing happened is missing."""
    return await _by(session, DecisionRow.campaign_id, advertiser_id, since)


async def creative_totals(
    session: AsyncSession, advertiser_id: str, since: datetime
) -> dict[str, Totals]:
    """By creative id, from `since` on; a creative to which nothing happened is missing."""
    return await _by(session, DecisionRow.creative_id, advertiser_id, since)


async def _by(
    session: AsyncSession, dimension: Any, advertiser_id: str, since: datetime
) -> dict[str, Totals]:
    clicked = StepRow.step == Step.CLICK.value
    rows = await session.execute(
        sa.select(
            dimension.label("name"),
            _count(StepRow.step == Step.DELIVERED.value).label("delivered"),
            _count(clicked).label("clicks"),
            _count(clicked & StepRow.billable).label("billed_clicks"),
            sa.func.sum(sa.case((clicked & StepRow.billable, StepRow.price_micros))).label("spend"),
        )
        .join(StepRow, StepRow.decision_id == DecisionRow.id)
        .where(
            DecisionRow.advertiser_id == advertiser_id,
            DecisionRow.test.is_(sa.false()),
            StepRow.at >= since,
        )
        .group_by(dimension)
    )
    return {
        row.name: Totals(row.delivered, row.clicks, row.billed_clicks, row.spend or ZERO)
        for row in rows
    }


def _count(condition: sa.ColumnElement[bool]) -> sa.ColumnElement[int]:
    return sa.func.count(sa.case((condition, 1)))

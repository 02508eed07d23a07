"""The same events by day in UTC: the rows that every report of an advertiser is added up from.

One query; charts, tables and files sum its rows, so they cannot disagree with each other, nor with
the charges, which carry the same price as the step.
"""

from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from adserver.events.tables import DecisionRow, StepRow
from kernel.money import ZERO, Micros
from tollfree_sdk.contract import Step


@dataclass(frozen=True, slots=True)
class DailyRow:
    """What one creative brought on one day."""

    day: date
    campaign_id: str
    creative_id: str
    delivered: int
    clicks: int
    billed_clicks: int
    spend: Micros


async def daily(session: AsyncSession, advertiser_id: str, since: datetime) -> list[DailyRow]:
    """By day, campaign and creative, from `since` on, in that order; nothing for empty days."""
    day = _day_of(session).label("day")
    clicked = StepRow.step == Step.CLICK.value
    delivered = StepRow.step == Step.DELIVERED.value
    rows = await session.execute(
        sa.select(
            day,
            DecisionRow.campaign_id,
            DecisionRow.creative_id,
            sa.func.count(sa.case((delivered, 1))).label("delivered"),
            sa.func.count(sa.case((clicked, 1))).label("clicks"),
            sa.func.count(sa.case((clicked & StepRow.billable, 1))).label("billed_clicks"),
            sa.func.sum(sa.case((clicked & StepRow.billable, StepRow.price_micros))).label("spend"),
        )
        .join(StepRow, StepRow.decision_id == DecisionRow.id)
        .where(
            DecisionRow.advertiser_id == advertiser_id,
            DecisionRow.test.is_(sa.false()),
            StepRow.at >= since,
        )
        .group_by(day, DecisionRow.campaign_id, DecisionRow.creative_id)
        .order_by(day, DecisionRow.campaign_id, DecisionRow.creative_id)
    )
    return [
        DailyRow(
            date.fromisoformat(str(row.day)),
            row.campaign_id,
            row.creative_id,
            row.delivered,
            row.clicks,
            row.billed_clicks,
            row.spend or ZERO,
        )
        for row in rows
    ]


def _day_of(session: AsyncSession) -> sa.ColumnElement[object]:
    # SQLite keeps times in UTC; PostgreSQL would take the day of the connection's own zone.
    if session.get_bind().dialect.name == "postgresql":
        return sa.func.date(sa.func.timezone("UTC", StepRow.at))
    return sa.func.date(StepRow.at)

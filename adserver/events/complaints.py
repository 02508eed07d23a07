"""What readers say is wrong with an ad: written once for each decision, read by the operator.

Holds a reason from a short list and ids, and nothing that a reader wrote.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from adserver.events.tables import ComplaintRow
from adserver.once import insert_once
from kernel.clock import Clock
from kernel.database import WriteSession


class Wrong(StrEnum):
    """The reasons that a reader may give."""

    MISLEADING = "misleading"
    OFFENSIVE = "offensive"
    IRRELEVANT = "irrelevant"
    DANGEROUS = "dangerous"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Complained:
    """How often a creative was complained of, and why most often."""

    creative_id: str
    advertiser_id: str
    complaints: int
    latest: datetime


async def complain(
    tx: WriteSession,
    *,
    decision_id: str,
    advertiser_id: str | None,
    creative_id: str | None,
    wrong: Wrong,
    clock: Clock,
) -> bool:
    """Note a complaint; False where this decision was complained of before."""
    row = {
        "decision_id": decision_id,
        "advertiser_id": advertiser_id,
        "creative_id": creative_id,
        "reason": wrong.value,
        "at": clock.now(),
    }
    return await insert_once(tx, ComplaintRow, row)


async def most_complained(session: AsyncSession, *, since: datetime) -> list[Complained]:
    """The creatives that readers complained of, the worst first."""
    count, latest = sa.func.count(), sa.func.max(ComplaintRow.at)
    found = await session.execute(
        sa.select(ComplaintRow.creative_id, ComplaintRow.advertiser_id, count, latest)
        .where(ComplaintRow.at >= since, ComplaintRow.creative_id.is_not(None))
        .group_by(ComplaintRow.creative_id, ComplaintRow.advertiser_id)
        .order_by(count.desc(), latest.desc())
        .limit(200)
    )
    return [
        Complained(creative or "", advertiser or "", number, at)
        for creative, advertiser, number, at in found
    ]

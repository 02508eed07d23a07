"""Why clicks and views cost nothing: by reason, the same numbers for who pays and who earns.

Three sources: steps that were recorded unbilled, steps that were found out later, and visits of
machines that were sent on. Reasons are a closed list, described in docs/unbilled.md.
"""

from collections import Counter
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from adserver.events.tables import DecisionRow, InvalidRow, RefusedVisitRow, StepRow
from adserver.reports.breakdown import Owner
from tollfree_sdk.contract import Step


async def refusals(
    session: AsyncSession, owner: Owner, *, since: datetime, until: datetime
) -> dict[str, int]:
    """How many clicks, views and visits were refused, by reason, the most frequent first."""
    mine = DecisionRow.advertiser_id if owner.kind == "advertiser" else DecisionRow.publisher_id
    paid_steps = StepRow.step.in_((Step.CLICK.value, Step.VIEWABLE.value))
    sources = (
        (StepRow, StepRow.unbilled_reason, paid_steps & StepRow.unbilled_reason.is_not(None)),
        (InvalidRow, InvalidRow.reason, sa.true()),
        (RefusedVisitRow, RefusedVisitRow.reason, sa.true()),
    )
    counted: Counter[str] = Counter()
    for table, reason, which in sources:
        rows = await session.execute(
            sa.select(reason, sa.func.count())
            .join(DecisionRow, DecisionRow.id == table.decision_id)
            .where(
                mine == owner.owner_id,
                DecisionRow.test.is_(sa.false()),
                table.at >= since,
                table.at < until,
                which,
            )
            .group_by(reason)
        )
        for name, count in rows:
            counted[str(name)] += count
    return dict(counted.most_common())

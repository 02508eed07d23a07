"""What an answer of an app earns, told from the past.

`RevenueForecast` is asked now and then, never during a call, and knows apps and days only: no
conversation, no bid, no ad of this turn. Costs are ours, from the rows of calls. `FloorForecast` is
the harmless twin: it takes every third answer to carry an ad at the floor price.

    floor 9,000 micros × 30 % fill = 2,700 micros an answer
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Protocol

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from api.tables import Completion
from kernel.money import ZERO, Micros

SPAN: Final = timedelta(days=7)
_FILL_PER_CENT: Final = 30


class RevenueForecast(Protocol):
    """Money earned by ads in the answers of our own API."""

    async def revenue(
        self, session: AsyncSession, *, since: datetime, answers: Mapping[str, int]
    ) -> Mapping[str, Micros]:
        """By app, what it earned since then; `answers` says how many each app had.

        An app that is missing earned nothing.
        """
        ...


class FloorForecast:
    """Until money posts: each answer is worth the floor price at a modest fill."""

    def __init__(self, floor: Micros) -> None:
        self._floor = floor

    @property
    def of_one_answer(self) -> Micros:
        """What an answer is taken to earn."""
        return Micros(self._floor.amount * _FILL_PER_CENT // 100)

    async def revenue(
        self,
        session: AsyncSession,  # noqa: ARG002  the protocol's
        *,
        since: datetime,  # noqa: ARG002  the protocol's
        answers: Mapping[str, int],
    ) -> Mapping[str, Micros]:
        """As the protocol says."""
        return {
            app_id: Micros(self._floor.amount * count * _FILL_PER_CENT // 100)
            for app_id, count in answers.items()
        }


@dataclass(frozen=True, slots=True)
class Reading:
    """Seven days of one app by one alias: ``Reading("app_1", "small", 900, 45_000, 30_000)``."""

    app_id: str
    alias: str
    answers: int
    revenue: Micros
    cost: Micros


async def readings(
    session: AsyncSession, forecast: RevenueForecast, *, since: datetime
) -> Sequence[Reading]:
    """Every app and alias with calls since then; an app's revenue is shared out by answers."""
    query = (
        sa.select(
            Completion.app_id,
            Completion.model,
            sa.func.count(),
            sa.func.coalesce(sa.func.sum(Completion.cost_micros), 0),
        )
        .where(Completion.at >= since, Completion.status < 400)
        .group_by(Completion.app_id, Completion.model)
    )
    rows = (await session.execute(query)).all()
    answers: defaultdict[str, int] = defaultdict(int)
    for app_id, _, count, _ in rows:
        answers[app_id] += count
    earned = await forecast.revenue(session, since=since, answers=answers)
    return [
        Reading(
            app_id,
            alias,
            count,
            Micros(earned.get(app_id, ZERO).amount * count // answers[app_id]),
            Micros(_amount(cost)),
        )
        for app_id, alias, count, cost in rows
    ]


def _amount(cost: Micros | int) -> int:
    return cost.amount if isinstance(cost, Micros) else int(cost)

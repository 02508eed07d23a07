"""What serving knows of the counts: click rates and the daily curve, as of the last look.

Looks at the database every half minute and never while a reader waits. Until the first look, and
where looking fails, what was known last stands; nothing known is a state like any other.
"""

import asyncio
from collections.abc import Sequence
from typing import Final

import sqlalchemy as sa

from adserver.decision.click_rate import ClickRates, Tally, learned_from
from adserver.decision.pacing import FLAT, HOURS, DailyCurve
from adserver.decision.tables import RankingCountRow, RankingHourRow
from kernel.database import Database
from kernel.telemetry import counter, logger

_log = logger(__name__)
_failures = counter("learned_refresh_failures", "Looks at the learned counts that failed")

# Each hour keeps a little traffic of its own, so that a quiet hour is not planned with nothing.
_OWN_SHARE: Final = 0.05


class Learned:
    """Holds the last look; run it beside the engine."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._rates, self._curve = ClickRates(), FLAT

    @property
    def rates(self) -> ClickRates:
        return self._rates

    @property
    def curve(self) -> DailyCurve:
        return self._curve

    async def refresh(self) -> None:
        """Look once."""
        async with self._database.reading() as session:
            counts = (await session.scalars(sa.select(RankingCountRow))).all()
            hours = (await session.scalars(sa.select(RankingHourRow))).all()
        self._rates = rates_of(counts)
        self._curve = curve_of({row.hour: row.turns for row in hours})

    async def run(self, interval_s: float = 30.0) -> None:
        """Keep looking until cancelled."""
        while True:
            try:
                await self.refresh()
            except Exception as problem:  # noqa: BLE001  The edge of a background task.
                _failures.inc()
                _log.warning("learned_refresh_failed", exc_info=problem)
            await asyncio.sleep(interval_s)


def rates_of(rows: Sequence[RankingCountRow]) -> ClickRates:
    """What these counts teach."""
    return learned_from(
        (
            row.creative_number,
            row.campaign_id,
            row.topic,
            Tally(row.clicks, row.expected, row.conversions),
        )
        for row in rows
    )


def curve_of(turns: dict[int, int]) -> DailyCurve:
    """The daily curve of these turns by hour; flat where nothing came yet."""
    own = sum(turns.values()) * _OWN_SHARE / HOURS
    by_hour = tuple(turns.get(hour, 0) + own for hour in range(HOURS))
    return DailyCurve(by_hour) if sum(by_hour) > 0 else FLAT

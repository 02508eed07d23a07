"""The tier that an app has earned: its operator's word, moved a step by what seven days brought.

    revenue ≥ 2 × cost   one tier up      revenue < cost / 2   one tier down
    fewer than 50 answers, or in between: as the operator set it

Read again every minute from the past. A reading that fails leaves the last one in use.
"""

import asyncio
from collections.abc import Iterable, Mapping
from typing import Final

from api.solvency.forecast import SPAN, Reading, RevenueForecast, readings
from kernel.clock import Clock
from kernel.database import Database
from kernel.money import Micros
from kernel.telemetry import logger

_AGAIN_SECONDS: Final = 60.0
_ENOUGH: Final = 50
_LADDER: Final = ("new", "standard", "trusted")

_log = logger(__name__)


class Standings:
    """What is known of each app; start `run`."""

    def __init__(self, database: Database, clock: Clock, forecast: RevenueForecast) -> None:
        self._database, self._clock, self._forecast = database, clock, forecast
        self._steps: Mapping[str, int] = {}
        self._worth: Mapping[tuple[str, str], Micros] = {}

    def tier(self, app_id: str, granted: str) -> str:
        """The tier of an app to which the operator has granted another."""
        step = self._steps.get(app_id, 0)
        if step == 0 or granted not in _LADDER:
            return granted
        return _LADDER[min(max(_LADDER.index(granted) + step, 0), len(_LADDER) - 1)]

    def worth(self, app_id: str, alias: str) -> Micros | None:
        """What an answer of the app by the alias earned lately, on average."""
        return self._worth.get((app_id, alias))

    async def refresh(self) -> None:
        """Read the last seven days."""
        async with self._database.reading() as session:
            since = self._clock.now() - SPAN
            found = await readings(session, self._forecast, since=since)
        self._steps = steps_of(found)
        self._worth = {
            (one.app_id, one.alias): Micros(one.revenue.amount // one.answers)
            for one in found
            if one.answers
        }

    async def run(self) -> None:
        """Refresh now and then, until cancelled."""
        while True:
            try:
                await self.refresh()
            except Exception as error:  # noqa: BLE001  a process edge: the last reading stays in use
                _log.warning("standings_not_read", kind=type(error).__name__)
            await asyncio.sleep(_AGAIN_SECONDS)


def steps_of(found: Iterable[Reading]) -> dict[str, int]:
    """By app, how many tiers it moves; apps that stay are left out."""
    sums: dict[str, tuple[int, int, int]] = {}
    for one in found:
        answers, revenue, cost = sums.get(one.app_id, (0, 0, 0))
        sums[one.app_id] = (
            answers + one.answers, revenue + one.revenue.amount, cost + one.cost.amount,
        )  # fmt: skip
    moved = {
        app_id: (revenue >= 2 * cost) - (2 * revenue < cost)
        for app_id, (answers, revenue, cost) in sums.items()
        if answers >= _ENOUGH and cost > 0
    }
    return {app_id: step for app_id, step in moved.items() if step}

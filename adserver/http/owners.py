"""Whose decision it is that a step is reported for.

A publisher may report on its own decisions only. The decisions of this process are remembered for a
while, because a report often comes before the decision is durable; for others the database is asked,
and asked once more after the time that a batch of decisions takes.
"""

import asyncio
from collections import OrderedDict
from typing import Final

from adserver.catalog.publisher import Publisher
from adserver.events.click_rows import decided_of
from adserver.http.decision_ids import is_decision_id
from kernel.database import Database
from kernel.errors import NotFound

_MOST_REMEMBERED: Final = 20_000
_A_BATCH_S: Final = 0.25


class Owners:
    """Remembers which publisher a decision was made for."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._recent: OrderedDict[str, str] = OrderedDict()

    def remember(self, decision_id: str, publisher: Publisher) -> None:
        """Note a decision that was just made."""
        self._recent[decision_id] = publisher.publisher_id
        while len(self._recent) > _MOST_REMEMBERED:
            self._recent.popitem(last=False)

    async def require(self, decision_id: str, publisher: Publisher) -> None:
        """Raises NotFound for a decision that is unknown or another publisher's."""
        owner = self._recent.get(decision_id)
        if owner is None and is_decision_id(decision_id):
            owner = await self._recorded(decision_id)
        if owner != publisher.publisher_id:
            raise NotFound("There is no such decision.", param="decision_id")

    async def _recorded(self, decision_id: str) -> str | None:
        for pause_s in (_A_BATCH_S, 0.0):
            async with self._database.reading() as session:
                decided = await decided_of(session, decision_id)
            if decided is not None:
                return decided.publisher_id
            await asyncio.sleep(pause_s)
        return None

"""Whether there is money for a call, and by which legs it may be made.

free legs only   ─► at once
else             legs that the tier and the stage of the budget allow ─► worst case out of the purse
"""

from collections.abc import Sequence
from typing import Any

from api.access.key_book import Caller
from api.solvency.breaker import Stage, allowed, is_free, load_of
from api.solvency.purse import Hold, Purse, SpendRefused
from api.solvency.standing import Standings
from api.upstream.routing import Leg
from kernel.money import Micros

_WAIT_SECONDS = 600.0


class Allowance:
    """Asked once for each call. `standings` also tells what an answer is worth."""

    def __init__(
        self, purse: Purse, standings: Standings, *, answer_cost: Micros, most_output: int
    ) -> None:
        self.standings = standings
        self._purse, self._answer_cost, self._most_output = purse, answer_cost, most_output

    async def admit(
        self, caller: Caller, legs: Sequence[Leg], body: Any, size: int
    ) -> tuple[Sequence[Leg], Hold | None]:
        """The legs for this call, and what is set aside. Raises SpendRefused or Forbidden."""
        if all(map(is_free, legs)):
            return legs, None
        stage = self._purse.stage
        if stage >= Stage.TRUSTED and caller.tier != "trusted":
            raise SpendRefused(
                "Today's budget for models is nearly used up and kept for trusted apps. "
                "Try again later, or choose a model that is free.",
                retry_after_seconds=_WAIT_SECONDS,
                code="spend_limited",
            )
        load = load_of(body, size, most_output=self._most_output)
        legs = allowed(legs, load, tier=caller.tier, stage=stage, answer_cost=self._answer_cost)
        return legs, await self._purse.take(max(load.worst(leg) for leg in legs))

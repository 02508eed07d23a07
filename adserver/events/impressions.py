"""Charge for impressions that were seen, from leases: no database is asked per delivery.

A view is told as billed when it is durable together with the charge of its lease, and not before.
A view whose lease ran out before its report is recorded unbilled: money fails closed. The same view
counts once, in this process by its name and in all of them by its step.
"""

import asyncio
import contextlib
from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from adserver.events.lease_till import ALREADY_COUNTED, LeaseTill, Waiting
from adserver.events.view_rows import View
from kernel.clock import Clock
from kernel.database import Database
from kernel.errors import Unavailable
from kernel.telemetry import counter

_views = counter("paid_views", "Views that a campaign pays for, by what became of them", "reason")

LIVES: Final = timedelta(seconds=15)
# However fast a lease is used up, its campaign takes no more than so many turns in a second.
_SHORTEST_TURN_S: Final = 0.25


class ImpressionDesk:
    """Takes the views of one process; `close` writes what waits."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        *,
        interval_s: float = 3.0,
        capacity: int = 300_000,
        lives: timedelta = LIVES,
        shortest_turn_s: float = _SHORTEST_TURN_S,
    ) -> None:
        self._database, self._clock, self._lives = database, clock, lives
        self._interval_s, self._shortest_turn_s = interval_s, shortest_turn_s
        self._capacity = capacity
        self._tills: dict[str, LeaseTill] = {}
        self._turning: dict[str, asyncio.Task[None]] = {}
        self._under_way: set[str] = set()
        self._closing = False

    def view(self, view: View) -> "asyncio.Future[str]":
        """Take a view; the future tells nothing when it was billed, else the reason.

        Raises Unavailable when too many wait.
        """
        if self._closing or len(self._under_way) >= self._capacity:
            raise Unavailable("The database is behind with its writes. Try again in a moment.")
        told: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        if view.decision_id in self._under_way:
            told.set_result(ALREADY_COUNTED)
            return told
        self._under_way.add(view.decision_id)
        till = self._tills.get(view.campaign_id) or self._open(view.campaign_id)
        till.add(view, told)
        return told

    async def close(self) -> None:
        """Write what waits, end every lease, and return when all of it is durable."""
        self._closing = True
        for task in self._turning.values():
            task.cancel()
        await asyncio.gather(*self._turning.values(), return_exceptions=True)
        for till in self._tills.values():
            while not till.is_idle:
                await till.turn(renews=False)

    def _open(self, campaign_id: str) -> LeaseTill:
        till = LeaseTill(
            self._database,
            self._clock,
            lives=self._lives,
            period_ms=int(self._interval_s * 1_000),
            told=self._told,
        )
        self._tills[campaign_id] = till
        self._turning[campaign_id] = asyncio.create_task(self._turn(till))
        return till

    async def _turn(self, till: LeaseTill) -> None:
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(till.is_used_up.wait(), self._interval_s)
            # A turn that has begun is finished: cut short, it would leave open what was charged.
            await asyncio.shield(till.turn())
            await asyncio.sleep(self._shortest_turn_s)

    def _told(self, waiting: Sequence[Waiting], reason: str) -> None:
        self._under_way.difference_update([view.decision_id for view, _ in waiting])
        _views.labels(reason or "billed").inc(len(waiting))

"""What this process may spend on upstreams without asking: a slice of the day's budget, in memory.

A call's worst case is taken before it is made and settled by what it cost. The slice is filled up
beside the calls, for ten minutes of what was spent lately. While the database is away calls go on
until the slice is used, and are then refused with `spend_unconfirmed`; calls that cost nothing never
ask. Slices of workers that were killed are booked as lost by whoever is alive.
"""

import asyncio
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.exc import SQLAlchemyError

from api.solvency import slices
from api.solvency.breaker import Stage, stage_at
from kernel.clock import Clock
from kernel.database import Database
from kernel.errors import Unavailable
from kernel.ids import new_id
from kernel.money import Micros
from kernel.telemetry import counter, gauge, logger

_MINUTES: Final = 10
_PARTS_OF_A_DAY: Final = 24 * 60 // _MINUTES
_ROUND_SECONDS: Final = 2.0
_LIVES_FOR: Final = timedelta(minutes=_MINUTES)
_DRAW_DEADLINE: Final = 0.5
_AWAY: Final = (SQLAlchemyError, OSError, TimeoutError)

_log = logger(__name__)
_refused: Final = counter("calls_refused_for_money", "Calls the budget had nothing for.", "code")
_left: Final = gauge("spend_slice_left_micros", "What this process may spend without asking.")


class SpendRefused(Unavailable):
    """There is no confirmed money for this call; `retry_after_seconds` says when to come back."""

    code = "spend_exhausted"

    def __init__(self, message: str, *, retry_after_seconds: float, code: str) -> None:
        self.retry_after_seconds = retry_after_seconds
        super().__init__(message, code=code)


class Hold:
    """The worst case of one call, out of the purse until it is settled."""

    __slots__ = ("_purse", "amount", "slice_id")

    def __init__(self, purse: "Purse", amount: int, slice_id: str) -> None:
        self._purse, self.amount, self.slice_id = purse, amount, slice_id

    def settle(self, cost: int) -> None:
        """Put back what the call did not cost; once."""
        purse, self.amount = self.amount, 0
        self._purse.settled(purse, cost, self.slice_id)


class Purse:
    """One per process; start `run`, and `close` it before the database."""

    def __init__(self, database: Database, clock: Clock, *, per_day: Micros) -> None:
        self._database, self._clock, self._limit = database, clock, per_day
        self._slice_id, self._day = new_id("slc"), ""
        self._left = 0
        self._spent_lately: list[int] = [0]
        self._drawing: asyncio.Task[None] | None = None
        self._is_away = False
        self.stage = Stage.OPEN

    async def take(self, worst: int) -> Hold | None:
        """Set aside the worst case of a call; None for one that is free. Raises SpendRefused."""
        if worst <= 0:
            return None
        for _ in range(2):
            # The draw that is under way may be for others, who wanted less.
            if self._left < worst:
                await self._ask_for(worst)
        if self._left < worst:
            raise self._refusal()
        self._left -= worst
        return Hold(self, worst, self._slice_id)

    def settled(self, held: int, cost: int, slice_id: str) -> None:
        """As `Hold.settle` says."""
        self._spent_lately[-1] += cost
        if slice_id == self._slice_id:
            self._left += held - cost

    async def run(self) -> None:
        """Keep the slice filled and alive, until cancelled."""
        rounds = 0
        while True:
            await asyncio.sleep(_ROUND_SECONDS)
            rounds += 1
            if rounds * _ROUND_SECONDS >= 60:
                rounds, self._spent_lately = 0, [*self._spent_lately[-_MINUTES + 1 :], 0]
            await self.tend()

    async def tend(self) -> None:
        """One round: what expired is booked, ours kept alive and filled up."""
        try:
            async with asyncio.timeout(_ROUND_SECONDS), self._database.writing() as tx:
                await slices.book_lost(tx, now=self._clock.now())
                ours = self._day == "" or await slices.say_alive(tx, self._slice_id, self._expiry())
            if not ours:
                self._begin_anew()
            if self._day and (self._day != self._today() or self._left < self._target() // 2):
                await self._draw(self._target() - self._left)
        except _AWAY as error:
            self._is_away = True
            _log.warning("spend_not_tended", kind=type(error).__name__)
        _left.set(self._left)

    async def close(self) -> None:
        """Give back what is left; call it after the last row is written."""
        if not self._day:
            return
        try:
            async with asyncio.timeout(_DRAW_DEADLINE), self._database.writing() as tx:
                await slices.give_back(tx, self._slice_id)
        except _AWAY as error:
            _log.warning("slice_not_given_back", kind=type(error).__name__)
        self._begin_anew()

    async def _ask_for(self, worst: int) -> None:
        if self._drawing is None:
            self._drawing = asyncio.create_task(self._draw_in_time(worst))
            self._drawing.add_done_callback(self._drawn)
        await asyncio.shield(self._drawing)

    def _drawn(self, _task: "asyncio.Task[None]") -> None:
        self._drawing = None

    async def _draw_in_time(self, worst: int) -> None:
        try:
            async with asyncio.timeout(_DRAW_DEADLINE):
                # Twice the worst: several calls wait for one draw.
                await self._draw(max(self._target() - self._left, worst * 2))
        except _AWAY as error:
            self._is_away = True
            _log.warning("spend_not_drawn", kind=type(error).__name__)

    async def _draw(self, amount: int) -> None:
        today = self._today()
        if self._day not in {"", today}:
            async with self._database.writing() as tx:
                await slices.give_back(tx, self._slice_id)
            self._begin_anew()
        wanted = slices.Wanted(
            self._slice_id, today, Micros(max(1, amount)), self._limit, self._expiry()
        )
        async with self._database.writing() as tx:
            granted = await slices.draw(tx, wanted)
            used = await slices.drawn_per_cent(tx, today, self._limit)
        if granted:
            self._day = today
        self._left += granted.amount
        self.stage, self._is_away = stage_at(used), False

    def _target(self) -> int:
        """Ten minutes of what was spent lately, and at first of an even day."""
        minutes = len(self._spent_lately)
        lately = sum(self._spent_lately) * _MINUTES // minutes
        # Never more than a tenth of the day: a burst here must leave something for the others.
        lately = min(lately, self._limit.amount // 10)
        return max(self._limit.amount // _PARTS_OF_A_DAY, lately, 1)

    def _refusal(self) -> SpendRefused:
        code = "spend_unconfirmed" if self._is_away else "spend_exhausted"
        _refused.labels(code).inc()
        if self._is_away:
            return SpendRefused(
                "The budget cannot be confirmed right now. Try again shortly.",
                retry_after_seconds=5,
                code=code,
            )
        now = self._clock.now()
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
        return SpendRefused(
            "Today's budget for models is used up. It starts anew at midnight UTC.",
            retry_after_seconds=(midnight - now).total_seconds(),
            code=code,
        )

    def _begin_anew(self) -> None:
        self._slice_id, self._day, self._left = new_id("slc"), "", 0

    def _today(self) -> str:
        return self._clock.now().date().isoformat()

    def _expiry(self) -> datetime:
        return self._clock.now() + _LIVES_FOR

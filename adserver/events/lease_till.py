"""One campaign's impressions in one process: its lease, and the views that wait for it.

    covered by the lease ──turn──► written and the lease reported, together ──► told as billed
    not covered ──turn──► the next lease ──► covered, or written off where there is no money

A turn costs two transactions. It comes every few seconds, or when the lease is used up; then the
next one is made for twice of what came lately, so that turns stay rare whatever comes. A lease that
lasted was large enough: the next one is no larger than such a time needs, since others have to wait
for what is held here.
"""

import asyncio
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Final

from sqlalchemy.exc import IntegrityError

from adserver.events.click_rules import Unbilled
from adserver.events.view_rows import View, price_of_all, write_billed, write_unbilled
from kernel.clock import Clock
from kernel.database import Database
from kernel.errors import Conflict
from kernel.ids import new_id
from kernel.money import Micros
from kernel.telemetry import logger
from ledger import leases
from ledger.charging import WALLET, Refused

_log = logger(__name__)
Waiting = tuple[View, "asyncio.Future[str]"]
ALREADY_COUNTED: Final = "already_counted"

_FIRST_SLICE: Final = 50
_LARGEST_SLICE: Final = 400_000
# A quarter of what is left: the other processes need some of it too.
_PART_BP: Final = 2_500
# A lease is not spent from in its last moments: the report has to arrive in its time.
_MARGIN: Final = timedelta(seconds=1)


class LeaseTill:
    """Takes the views of one campaign; `turn` moves them on."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        *,
        lives: timedelta,
        period_ms: int,
        told: Callable[[Sequence[Waiting], str], None],
    ) -> None:
        self._database, self._clock, self._lives = database, clock, lives
        self._told, self._period_ms = told, period_ms
        self._size, self._came, self._turned_at = _FIRST_SLICE, 0, clock.monotonic()
        self._allowance: leases.Allowance | None = None
        self._covered: list[Waiting] = []
        self._uncovered: list[Waiting] = []
        self._turning = asyncio.Lock()
        self.is_used_up = asyncio.Event()

    @property
    def is_idle(self) -> bool:
        """Whether there is nothing to turn over."""
        return not (self._covered or self._uncovered or self._allowance)

    def add(self, view: View, told: "asyncio.Future[str]") -> None:
        """Take a view, from the lease if it still bears it."""
        self._came += 1
        self._cover(view, told)

    def _cover(self, view: View, told: "asyncio.Future[str]") -> None:
        if self._pays(view.price):
            self._covered.append((view, told))
        else:
            self._uncovered.append((view, told))
            self.is_used_up.set()

    async def turn(self, *, renews: bool = True) -> None:
        """Write what is covered, report the lease, and take the next one for the rest."""
        async with self._turning:
            await self._turn(renews=renews)

    async def _turn(self, *, renews: bool) -> None:
        if self._allowance is not None:
            self._size = self._next_size(was_used_up=self.is_used_up.is_set())
        self.is_used_up.clear()
        allowance, self._allowance = self._allowance, None
        covered, self._covered = self._covered, []
        if allowance is not None:
            await self._write(allowance.lease, covered)
        if self._uncovered or (covered and renews):
            await self._renew()

    def _next_size(self, *, was_used_up: bool) -> int:
        """How many views the next lease is for."""
        now = self._clock.monotonic()
        took_ms, self._turned_at = int((now - self._turned_at) * 1_000), now
        came, self._came = self._came, 0
        needed = came * self._period_ms * 2 // took_ms if took_ms else 0
        if was_used_up:
            return min(max(self._size * 2, needed), _LARGEST_SLICE)
        # Nothing came: nothing is leased until something does, and then it may be as much as before.
        return max(_FIRST_SLICE, min(self._size, needed)) if took_ms and came else self._size

    def _pays(self, price: Micros) -> bool:
        allowance = self._allowance
        if allowance is None or self._clock.now() >= allowance.lease.expires_at - _MARGIN:
            return False
        return allowance.spend(price)

    async def _write(self, lease: leases.Lease, covered: Sequence[Waiting]) -> None:
        views = [view for view, _ in covered]
        try:
            try:
                known = await self._report(lease, views)
            except IntegrityError:
                # Another process wrote one of these views at the same moment; now it can be seen.
                known = await self._report(lease, views)
        except Conflict:
            await self._write_off(covered, Unbilled.NO_BUDGET)
        except Exception as problem:  # noqa: BLE001  a process edge: those who wait are told
            self._fail(covered, problem)
        else:
            self._tell([one for one in covered if one[0].decision_id not in known], "")
            self._tell([one for one in covered if one[0].decision_id in known], ALREADY_COUNTED)

    async def _report(self, lease: leases.Lease, views: Sequence[View]) -> set[str]:
        """Write views and their charge; returns which of them were known before."""
        async with self._database.writing() as tx:
            known, spent = await write_billed(
                tx, views, paid_by=lease.lease_id, at=self._clock.now()
            )
            await leases.report(tx, lease, spent, clock=self._clock)
        return known

    async def _renew(self) -> None:
        waiting, self._uncovered = self._uncovered, []
        views = [view for view, _ in waiting]
        price = max((view.price for view in views), default=Micros(1))
        try:
            taken = await self._take(views, price) if views else None
        except Exception as problem:  # noqa: BLE001  a process edge: those who wait are told
            self._fail(waiting, problem)
            return
        if isinstance(taken, Refused):
            no_money = Unbilled.NO_FUNDS if taken.limit == WALLET else Unbilled.NO_BUDGET
            await self._write_off(waiting, no_money)
            return
        self._allowance = None if taken is None else leases.Allowance(taken, self._clock)
        # Whoever came in the meantime found no lease; that says nothing about the new one.
        came_late, self._uncovered = self._uncovered, []
        self.is_used_up.clear()
        for view, told in [*waiting, *came_late]:
            self._cover(view, told)

    async def _take(self, views: Sequence[View], price: Micros) -> leases.Lease | Refused:
        last = views[-1]
        async with self._database.writing() as tx:
            return await leases.take(
                tx,
                new_id("lse"),
                campaign_id=last.campaign_id,
                payer=last.payer,
                limit_keys=last.limits,
                slice_=max(price * self._size, price_of_all(views) * 2),
                least=price,
                lives=self._lives,
                clock=self._clock,
                part_bp=_PART_BP,
            )

    async def _write_off(self, waiting: Sequence[Waiting], reason: Unbilled) -> None:
        try:
            async with self._database.writing() as tx:
                views = [view for view, _ in waiting]
                await write_unbilled(tx, views, reason=reason, at=self._clock.now())
        except Exception as problem:  # noqa: BLE001  a process edge: those who wait are told
            self._fail(waiting, problem)
        else:
            self._tell(waiting, reason.value)

    def _tell(self, waiting: Sequence[Waiting], reason: str) -> None:
        for _, told in waiting:
            if not told.done():
                told.set_result(reason)
        self._told(waiting, reason)

    def _fail(self, waiting: Sequence[Waiting], problem: Exception) -> None:
        _log.error("views_not_recorded", views=len(waiting), error=type(problem).__name__)
        for _, told in waiting:
            if not told.done():
                told.set_exception(problem)
        self._told(waiting, "unavailable")

"""What each campaign can still pay: a recent look at the books, less what is on its way.

Reads wallets and spend limits every half second and writes no money; a click is charged elsewhere,
against the books themselves. Between two looks, and for clicks that are still to come, it counts
what this process has served at its expected cost, so that a small budget is not promised many times
over. A look that is too old confirms nothing, and paid ads stop: money fails closed.
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

import numpy as np

from adserver.catalog.queries import LiveCreative
from adserver.decision.expectations import Expectations
from adserver.decision.inventory import Inventory
from adserver.decision.learned import Learned
from adserver.decision.pacing import FLAT, Day, Dial, released, started, turned
from adserver.decision.vocabulary import Offer
from adserver.matching.bits import Bits
from adserver.matching.snapshots import IndexKeeper
from kernel.clock import Clock
from kernel.database import Database
from kernel.money import ZERO, Micros
from kernel.telemetry import counter, logger
from ledger import limits
from ledger.journal import LimitKey
from ledger.pockets import spendable
from ledger.windows import window_at

_log = logger(__name__)
_failures = counter("budget_refresh_failures", "Looks at the books that failed")
_BOUNDLESS: Final = Micros(2**62)


@dataclass(frozen=True, slots=True)
class Purse:
    """What one campaign may pay for a click now: `room` in all its budgets, `pace` of its bid."""

    room: Micros
    pace: float = 1.0


@dataclass(frozen=True, slots=True)
class Funds:
    """One campaign in the books; None stands for a budget that was not set."""

    campaign_id: str
    advertiser_id: str
    wallet: Micros
    total_left: Micros | None = None
    day: Day | None = None
    dial: Dial | None = None

    @property
    def has_money(self) -> bool:
        """Whether anything is left in every pocket."""
        total = _BOUNDLESS if self.total_left is None else self.total_left
        in_day = _BOUNDLESS if self.day is None else self.day.budget - self.day.spent
        return min(self.wallet, total, in_day) > ZERO

    def purse(self, at: datetime, *, of_campaign: Micros, of_advertiser: Micros) -> Purse:
        """What is left once the clicks that are expected have come."""
        # Plain numbers: this is asked for every creative that fits.
        room = self.wallet.amount - of_advertiser.amount
        if self.total_left is not None:
            room = min(room, self.total_left.amount - of_campaign.amount)
        if self.day is None:
            return Purse(Micros(room))
        room = min(room, self.day.budget.amount - self.day.spent.amount - of_campaign.amount)
        if self.dial is None or released(self.day, at):
            return Purse(Micros(room))
        return Purse(Micros(room), self.dial.pace)


@dataclass(frozen=True)
class Books:
    """One look, taken at `taken_at` of the monotonic clock."""

    taken_at: float
    funds: Mapping[str, Funds]
    moneyed: "Moneyed"

    def funded(self, inventory: Inventory) -> Bits:
        """Which positions belong to campaigns with any money left; house ads need none."""
        return self.moneyed.positions(inventory)

    def bear(self, offers: Iterable[Offer]) -> bool:
        """Whether every one of these has any money left, or needs none."""
        moneyed = self.moneyed.campaigns
        return all(one.campaign_id in moneyed or one.is_house for one in offers)


class Moneyed:
    """The campaigns that have money. Looks that agree on them share one, with what it remembers."""

    def __init__(self, campaigns: frozenset[str]) -> None:
        self.campaigns = campaigns
        self._known: tuple[Inventory, Bits] | None = None

    def positions(self, inventory: Inventory) -> Bits:
        """The positions of their creatives, and of house ads."""
        known = self._known
        if known is None or known[0] is not inventory:
            verdicts = [one in self.campaigns for one in inventory.terms.ids]
            paid = inventory.of_campaigns(np.array(verdicts, dtype=np.bool_))
            known = self._known = inventory, inventory.house | paid
        return known[1]


def books_of(taken_at: float, funds: Sequence[Funds], before: Books | None = None) -> Books:
    """One look from what was found, sharing what it can with the look before."""
    moneyed = frozenset(one.campaign_id for one in funds if one.has_money)
    by_campaign = {one.campaign_id: one for one in funds}
    if before is not None and before.moneyed.campaigns == moneyed:
        return Books(taken_at, by_campaign, before.moneyed)
    return Books(taken_at, by_campaign, Moneyed(moneyed))


class BudgetBook:
    """Holds the latest look. Run it beside the engine, and `refresh` once before serving."""

    def __init__(
        self,
        database: Database,
        index: IndexKeeper,
        clock: Clock,
        *,
        good_for_s: float = 3.0,
        learned: Learned | None = None,
    ) -> None:
        self._database, self._index, self._clock = database, index, clock
        self._good_for_s, self._learned = good_for_s, learned
        self._books: Books | None = None
        self._expected = Expectations(clock)

    def books(self) -> Books | None:
        """The latest look, or None where it is too old to confirm anything."""
        books = self._books
        if books is None or self._clock.monotonic() - books.taken_at > self._good_for_s:
            return None
        return books

    def purse(self, books: Books, campaign_id: str, at: datetime) -> Purse | None:
        """What a campaign may pay by these books; None for one that they do not know yet."""
        funds = books.funds.get(campaign_id)
        if funds is None:
            return None
        return funds.purse(
            at,
            of_campaign=self._expected.of(campaign_id),
            of_advertiser=self._expected.of(funds.advertiser_id),
        )

    def expect(self, *, campaign_id: str, advertiser_id: str, cost: Micros) -> None:
        """Count a served ad at its price times its chance of a click."""
        self._expected.add(campaign_id, cost)
        self._expected.add(advertiser_id, cost)

    async def refresh(self) -> None:
        """Look at the books once."""
        taken_at, at = self._clock.monotonic(), self._clock.now()
        campaigns = self._index.current().campaigns
        async with self._database.reading() as session:
            wallets = await spendable(session, {one.advertiser_id for one in campaigns}, at)
            keys = [key for one in campaigns for key in one.limits]
            left = await limits.remaining(session, keys, at)
        funds = [
            self._paced(_funds(one, wallets[one.advertiser_id], left, at), at) for one in campaigns
        ]
        self._books = books_of(taken_at, funds, self._books)

    def _paced(self, funds: Funds, at: datetime) -> Funds:
        """The funds with the dial where it stands now, clicks that are expected counted in."""
        if funds.day is None:
            return funds
        expected = self._expected.of(funds.campaign_id)
        day = replace(funds.day, spent=funds.day.spent + expected)
        curve = FLAT if self._learned is None else self._learned.curve
        before = None if self._books is None else self._books.funds.get(funds.campaign_id)
        if before is None or before.dial is None:
            return replace(funds, dial=started(day, at, curve))
        return replace(funds, dial=turned(before.dial, day, at, curve))

    async def run(self, interval_s: float = 0.5) -> None:
        """Keep looking until cancelled; a look that fails leaves the last one to grow old."""
        while True:
            try:
                await self.refresh()
            except Exception as problem:  # noqa: BLE001  The edge of a background task.
                _failures.inc()
                _log.warning("budget_refresh_failed", exc_info=problem)
            await asyncio.sleep(interval_s)


def _funds(
    creative: LiveCreative, wallet: Micros, left: Mapping[LimitKey, Micros], at: datetime
) -> Funds:
    campaign_id, daily = creative.campaign_id, creative.daily_budget
    window = window_at("campaign_day", creative.time_zone, at)
    day = None
    if daily is not None and window is not None:
        spent = daily - left[LimitKey("campaign_day", campaign_id)]
        day = Day(*window, budget=daily, spent=spent)
    total_left = None
    if creative.total_budget is not None:
        total_left = left[LimitKey("campaign_total", campaign_id)]
    return Funds(campaign_id, creative.advertiser_id, wallet, total_left, day)

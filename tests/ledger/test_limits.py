"""Spend limits: set, changed, renewed at midnight, never exceeded."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from kernel.clock import FrozenClock
from kernel.database import Database
from kernel.money import Micros
from ledger import journal
from ledger.charging import Charged, LimitKey, Refused, Scope, Split
from ledger.limits import remaining, set_limit
from ledger.windows import window_at

Fund = Callable[[str, int], Awaitable[None]]
Verified = Callable[[], Awaitable[None]]

DAY = LimitKey("campaign_day", "cmp_1")
TOTAL = LimitKey("campaign_total", "cmp_1")


class Spending:
    """One advertiser with a full wallet, charged under given limits."""

    def __init__(self, database: Database, clock: FrozenClock) -> None:
        self.database, self.clock = database, clock
        self._turn = 0

    async def allow_day(self, micros: int, *, time_zone: str = "UTC") -> None:
        window = window_at("campaign_day", time_zone, self.clock.now())
        assert window is not None
        async with self.database.writing() as tx:
            await set_limit(
                tx, "campaign_day", "cmp_1", *window, Micros(micros), time_zone=time_zone
            )

    async def allow_total(self, micros: int) -> None:
        async with self.database.writing() as tx:
            await set_limit(tx, *_ever("campaign_total"), Micros(micros))

    async def spend(self, micros: int, *limits: LimitKey) -> Charged | Refused:
        self._turn += 1
        async with self.database.writing() as tx:
            return await journal.charge(
                tx,
                key=f"click:{self._turn}",
                payer="adv_1",
                limits=limits,
                price=Micros(micros),
                split=Split("zero", 7_000),
                ref=f"dec_{self._turn}",
                clock=self.clock,
            )

    async def left(self, key: LimitKey) -> int:
        async with self.database.reading() as session:
            return (await remaining(session, [key], self.clock.now()))[key].amount


def _ever(scope: Scope) -> tuple[Scope, str, datetime, None]:
    return scope, "cmp_1", datetime(2026, 1, 1, tzinfo=UTC), None


@pytest.fixture
async def spending(database: Database, clock: FrozenClock, fund: Fund) -> Spending:
    await fund("adv_1", 1_000_000_000)
    return Spending(database, clock)


class TestALimit:
    async def test_that_was_never_set_leaves_nothing(self, spending: Spending) -> None:
        assert await spending.left(TOTAL) == 0

    async def test_is_used_up_to_the_last_micro_and_no_further(
        self, spending: Spending, verified: Verified
    ) -> None:
        await spending.allow_total(100)

        outcomes = [await spending.spend(micros, TOTAL) for micros in (60, 41, 40, 1)]

        assert [isinstance(outcome, Charged) for outcome in outcomes] == [True, False, True, False]
        assert await spending.left(TOTAL) == 0
        await verified()

    async def test_can_be_raised_and_keeps_what_was_spent(
        self, spending: Spending, verified: Verified
    ) -> None:
        await spending.allow_total(100)
        await spending.spend(100, TOTAL)

        await spending.allow_total(150)

        assert await spending.left(TOTAL) == 50
        await verified()

    async def test_lowered_below_what_was_spent_leaves_nothing(
        self, spending: Spending, verified: Verified
    ) -> None:
        await spending.allow_total(100)
        await spending.spend(80, TOTAL)

        await spending.allow_total(50)

        assert await spending.left(TOTAL) == 0
        assert await spending.spend(1, TOTAL) == Refused("click:2", "campaign_total")
        await verified()

    async def test_may_be_nothing_but_not_negative(self, spending: Spending) -> None:
        await spending.allow_total(0)

        assert await spending.left(TOTAL) == 0
        with pytest.raises(ValueError, match="not negative"):
            await spending.allow_total(-1)

    async def test_named_twice_by_one_charge_counts_once(
        self, spending: Spending, verified: Verified
    ) -> None:
        await spending.allow_total(100)

        await spending.spend(60, TOTAL, TOTAL)

        assert await spending.left(TOTAL) == 40
        await verified()

    async def test_is_kept_by_the_table_itself(
        self, spending: Spending, database: Database
    ) -> None:
        await spending.allow_total(100)

        with pytest.raises(IntegrityError):
            async with database.writing() as tx:
                await tx.execute(sa.text("UPDATE spend_limit SET spent_micros = 101"))

    async def test_of_each_of_many_campaigns_is_read_at_once(
        self, spending: Spending, database: Database, clock: FrozenClock
    ) -> None:
        await spending.allow_total(7)
        keys = [TOTAL, *(LimitKey("campaign_total", f"cmp_x{i}") for i in range(2_500))]

        async with database.reading() as session:
            left = await remaining(session, keys, clock.now())

        assert len(left) == 2_501
        assert sum(micros.amount for micros in left.values()) == 7


class TestADailyLimit:
    async def test_renews_at_midnight(
        self, spending: Spending, clock: FrozenClock, verified: Verified
    ) -> None:
        await spending.allow_day(100)
        await spending.spend(100, DAY)

        clock.advance(hours=11, minutes=59)
        assert isinstance(await spending.spend(1, DAY), Refused)
        clock.advance(minutes=1)
        assert await spending.left(DAY) == 100
        assert isinstance(await spending.spend(99, DAY), Charged)

        assert await spending.left(DAY) == 1
        await verified()

    async def test_renews_after_days_without_a_click(
        self, spending: Spending, clock: FrozenClock, verified: Verified
    ) -> None:
        await spending.allow_day(100)

        clock.advance(days=40)

        assert isinstance(await spending.spend(100, DAY), Charged)
        assert isinstance(await spending.spend(1, DAY), Refused)
        await verified()

    async def test_renews_at_midnight_of_its_time_zone(
        self, spending: Spending, clock: FrozenClock
    ) -> None:
        await spending.allow_day(100, time_zone="America/New_York")
        await spending.spend(100, DAY)

        clock.advance(hours=16, minutes=59)
        assert await spending.left(DAY) == 0
        clock.advance(minutes=1)
        assert await spending.left(DAY) == 100

    async def test_changed_today_has_the_new_amount_tomorrow_too(
        self, spending: Spending, clock: FrozenClock, verified: Verified
    ) -> None:
        await spending.allow_day(100)
        await spending.spend(100, DAY)

        await spending.allow_day(30)

        assert await spending.left(DAY) == 0
        clock.advance(days=1)
        assert await spending.left(DAY) == 30
        await verified()

    async def test_set_from_its_first_day_on_counts_for_today(
        self, spending: Spending, clock: FrozenClock, database: Database
    ) -> None:
        first_day = window_at("campaign_day", "UTC", clock.now())
        assert first_day is not None
        await spending.allow_day(100)
        clock.advance(days=3)
        await spending.spend(60, DAY)

        async with database.writing() as tx:
            await set_limit(tx, "campaign_day", "cmp_1", *first_day, Micros(80))

        assert await spending.left(DAY) == 20

    async def test_never_counts_twice_when_its_time_zone_changes(
        self, spending: Spending, clock: FrozenClock, verified: Verified
    ) -> None:
        await spending.allow_day(100)
        await spending.spend(100, DAY)

        await spending.allow_day(100, time_zone="Asia/Kathmandu")
        clock.advance(hours=11)
        assert await spending.left(DAY) == 0
        clock.advance(hours=1)

        assert await spending.left(DAY) == 100
        await spending.spend(100, DAY)
        # The short rest of that day in Kathmandu is over at 18:15 UTC.
        clock.advance(hours=18, minutes=14)
        assert await spending.left(DAY) == 0
        clock.advance(minutes=1)
        assert await spending.left(DAY) == 100
        await verified()

    async def test_before_its_start_allows_nothing(
        self, spending: Spending, clock: FrozenClock, database: Database
    ) -> None:
        tomorrow = window_at("campaign_day", "UTC", clock.now() + timedelta(days=1))
        assert tomorrow is not None
        async with database.writing() as tx:
            await set_limit(tx, "campaign_day", "cmp_1", *tomorrow, Micros(100))

        assert isinstance(await spending.spend(1, DAY), Refused)
        clock.advance(days=1)
        assert isinstance(await spending.spend(1, DAY), Charged)

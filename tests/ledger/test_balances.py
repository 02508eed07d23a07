"""Balances and statements: nothing arrives late, and each day opens as the last one closed."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kernel.clock import FrozenClock
from kernel.database import Database
from kernel.money import ZERO, Micros
from ledger import journal
from ledger.account import AD_REVENUE, STRIPE_CLEARING, accruing, cash
from ledger.balances import Balance, balance, balances, statement
from ledger.charging import Charge, Split
from ledger.postings import top_up
from ledger.settlement import settle

Fund = Callable[[str, int], Awaitable[None]]
Verified = Callable[[], Awaitable[None]]


async def click(database: Database, clock: FrozenClock, number: int, micros: int = 100) -> None:
    asked = Charge(
        key=f"click:{number}",
        payer="adv_1",
        limits=(),
        price=Micros(micros),
        split=Split("pub_1", 7_000),
        ref=f"dec_{number}",
    )
    async with database.writing() as tx:
        await journal.charge_many(tx, [asked], clock=clock)


class TestABalance:
    async def test_of_an_account_never_used_is_nothing(self, database: Database) -> None:
        async with database.reading() as session:
            found = await balance(session, cash("adv_9"))

        assert found == Balance(ZERO, ZERO)
        assert found.available == ZERO

    async def test_of_a_code_outside_the_chart_is_an_error(self, database: Database) -> None:
        with pytest.raises(ValueError, match="chart of accounts"):
            async with database.reading() as session:
                await balance(session, "adv_1")

    async def test_grows_on_the_side_of_its_account(self, database: Database, fund: Fund) -> None:
        await fund("adv_1", 500)

        async with database.reading() as session:
            found = await balances(session, [cash("adv_1"), STRIPE_CLEARING])

        assert found == {cash("adv_1"): Balance(Micros(500)), STRIPE_CLEARING: Balance(Micros(500))}

    async def test_of_a_publisher_is_the_same_before_and_after_settlement(
        self, database: Database, clock: FrozenClock, fund: Fund, verified: Verified
    ) -> None:
        await fund("adv_1", 1_000)
        for number in range(3):
            await click(database, clock, number)
        codes = [accruing("pub_1"), AD_REVENUE]

        async with database.reading() as session:
            before = await balances(session, codes)
        await verified()
        async with database.writing() as tx:
            settled = await settle(tx, clock=clock)
        async with database.reading() as session:
            after = await balances(session, codes)

        assert settled == 2
        assert before == after
        assert after[accruing("pub_1")].posted == Micros(210)
        await verified()

    async def test_of_many_accounts_is_read_at_once(self, database: Database, fund: Fund) -> None:
        await fund("adv_1", 5)
        codes = [cash(f"adv_{number}") for number in range(2_500)]

        async with database.reading() as session:
            found = await balances(session, codes)

        assert len(found) == 2_500
        assert found[cash("adv_1")].available == Micros(5)


class TestAStatement:
    async def test_lists_each_movement_with_the_balance_after_it(
        self, database: Database, clock: FrozenClock, fund: Fund
    ) -> None:
        await fund("adv_1", 1_000)
        clock.advance(hours=1)
        await click(database, clock, 1, 300)
        await click(database, clock, 2, 200)

        async with database.reading() as session:
            found = await statement(session, cash("adv_1"))

        assert [(line.kind, line.change.amount, line.balance.amount) for line in found.lines] == [
            ("top_up", 1_000, 1_000),
            ("charge", -300, 700),
            ("charge", -200, 500),
        ]
        assert (found.opening, found.closing) == (ZERO, Micros(500))
        assert found.lines[1].ref_id == "dec_1"
        assert found.lines[1].at == clock.now()

    @settings(
        max_examples=15,
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture],
    )
    @given(cuts=st.lists(st.integers(0, 72), max_size=4).map(sorted))
    async def test_opens_as_the_one_before_closed(
        self, cuts: list[int], database: Database, clock: FrozenClock
    ) -> None:
        start = datetime(2026, 11, 22, 12, tzinfo=clock.now().tzinfo)
        await _three_days(database)
        moments = [start + timedelta(hours=cut) for cut in cuts]

        async with database.reading() as session:
            pieces = [
                await statement(session, cash("adv_1"), since=since, until=until)
                for since, until in zip([None, *moments], [*moments, None], strict=True)
            ]
            whole = await statement(session, cash("adv_1"))

        for earlier, later in pairwise(pieces):
            assert earlier.closing == later.opening
        assert [line for piece in pieces for line in piece.lines] == list(whole.lines)
        assert (pieces[0].opening, pieces[-1].closing) == (ZERO, whole.closing)


async def _three_days(database: Database) -> None:
    clock = FrozenClock()
    async with database.writing() as tx:
        await journal.post(tx, top_up("adv_1", Micros(5_000), "top_up:1"), clock=clock)
    for hour in range(24):
        clock.advance(hours=3)
        await click(database, clock, hour)


class TestSettlement:
    async def test_of_nothing_moves_nothing(self, database: Database, clock: FrozenClock) -> None:
        async with database.writing() as tx:
            assert await settle(tx, clock=clock) == 0

    async def test_by_two_at_once_adds_each_charge_once(
        self, database: Database, clock: FrozenClock, fund: Fund, verified: Verified
    ) -> None:
        await fund("adv_1", 10_000)

        async def settle_now() -> None:
            async with database.writing() as tx:
                await settle(tx, clock=clock)

        await asyncio.gather(
            *(click(database, clock, number) for number in range(20)),
            *(settle_now() for _ in range(6)),
        )
        await settle_now()

        async with database.reading() as session:
            assert (await balance(session, AD_REVENUE)).posted == Micros(600)
        await verified()

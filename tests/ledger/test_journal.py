"""The journal: posting once, charging once, never more than there is."""

import asyncio

import pytest

from kernel.clock import FrozenClock
from kernel.database import Database
from kernel.errors import Conflict, InsufficientFunds
from kernel.money import Micros
from ledger import journal
from ledger.account import AD_REVENUE, SUSPENSE, accruing, cash
from ledger.charging import Charged, LimitKey, Refused, Split
from ledger.limits import remaining
from ledger.postings import Leg, Posting, reversal, top_up
from tests.ledger.charges import Allow, Fund, Verified, a_charge, charge, posted


class TestAPosting:
    async def test_twice_is_once(
        self, database: Database, clock: FrozenClock, verified: Verified
    ) -> None:
        posting = top_up("adv_1", Micros(5_000_000), "top_up:1")

        async with database.writing() as tx:
            first = await journal.post(tx, posting, clock=clock)
        async with database.writing() as tx:
            second = await journal.post(tx, posting, clock=clock)

        assert (first, first.repeated, second.repeated) == (second, False, True)
        assert await posted(database, cash("adv_1")) == 5_000_000
        await verified()

    async def test_under_a_known_key_with_other_content_is_a_conflict(
        self, database: Database, clock: FrozenClock
    ) -> None:
        async with database.writing() as tx:
            await journal.post(tx, top_up("adv_1", Micros(5_000_000), "k"), clock=clock)

        with pytest.raises(Conflict):
            async with database.writing() as tx:
                await journal.post(tx, top_up("adv_1", Micros(6_000_000), "k"), clock=clock)

        assert await posted(database, cash("adv_1")) == 5_000_000

    async def test_that_would_overdraw_a_wallet_is_refused(
        self, database: Database, clock: FrozenClock, fund: Fund, verified: Verified
    ) -> None:
        await fund("adv_1", 100)
        legs = (Leg(cash("adv_1"), "debit", Micros(101)), Leg(SUSPENSE, "credit", Micros(101)))

        with pytest.raises(InsufficientFunds, match="Add funds"):
            async with database.writing() as tx:
                await journal.post(tx, Posting("correction", "c", "", "", legs), clock=clock)

        assert await posted(database, cash("adv_1")) == 100
        await verified()

    async def test_undone_by_its_reversal_leaves_nothing(
        self, database: Database, clock: FrozenClock, fund: Fund, verified: Verified
    ) -> None:
        await fund("adv_1", 1_000_000)
        asked = a_charge()
        await charge(database, asked, clock)

        async with database.writing() as tx:
            await journal.post(tx, reversal(asked.posting(), "undo:dec_1"), clock=clock)

        assert await posted(database, cash("adv_1")) == 1_000_000
        assert await posted(database, accruing("zero")) == 0
        assert await posted(database, AD_REVENUE) == 0
        await verified()

    async def test_from_ten_tasks_at_once_under_one_key_is_booked_once(
        self, database: Database, clock: FrozenClock, verified: Verified
    ) -> None:
        posting = top_up("adv_1", Micros(7), "top_up:1")

        async def post() -> bool:
            async with database.writing() as tx:
                return (await journal.post(tx, posting, clock=clock)).repeated

        repeated = await asyncio.gather(*(post() for _ in range(10)))

        assert sorted(repeated) == [False] + [True] * 9
        assert await posted(database, cash("adv_1")) == 7
        await verified()


class TestACharge:
    async def test_takes_the_price_and_shares_it_to_the_micro(
        self, database: Database, clock: FrozenClock, fund: Fund, verified: Verified
    ) -> None:
        await fund("adv_1", 1_000_000)

        outcome = await charge(database, a_charge(price=Micros(333_333)), clock)

        assert outcome == Charged("click:dec_1", Micros(333_333), Micros(233_333), Micros(100_000))
        assert await posted(database, cash("adv_1")) == 666_667
        assert await posted(database, accruing("zero")) == 233_333
        assert await posted(database, AD_REVENUE) == 100_000
        await verified()

    async def test_repeated_returns_the_first_outcome(
        self, database: Database, clock: FrozenClock, fund: Fund, verified: Verified
    ) -> None:
        await fund("adv_1", 400_000)

        first = await charge(database, a_charge(), clock)
        # Our share may have changed in between; what was charged has not.
        second = await charge(database, a_charge(split=Split("zero", 5_000)), clock)

        assert first == second
        assert second.repeated
        assert await posted(database, cash("adv_1")) == 50_000
        await verified()

    async def test_refused_once_stays_refused(
        self, database: Database, clock: FrozenClock, fund: Fund, verified: Verified
    ) -> None:
        first = await charge(database, a_charge(), clock)
        await fund("adv_1", 1_000_000)
        second = await charge(database, a_charge(), clock)

        assert first == second == Refused("click:dec_1", "wallet")
        assert await posted(database, cash("adv_1")) == 1_000_000
        await verified()

    async def test_for_another_price_under_a_known_key_is_a_conflict(
        self, database: Database, clock: FrozenClock, fund: Fund
    ) -> None:
        await fund("adv_1", 1_000_000)
        await charge(database, a_charge(), clock)

        with pytest.raises(Conflict):
            await charge(database, a_charge(price=Micros(1)), clock)

    async def test_over_a_limit_names_the_limit_and_moves_nothing(
        self,
        database: Database,
        clock: FrozenClock,
        fund: Fund,
        allow: Allow,
        verified: Verified,
    ) -> None:
        await fund("adv_1", 1_000_000)
        roomy, tight = await allow("cmp_roomy", 1_000_000), await allow("cmp_tight", 349_999)

        outcome = await charge(database, a_charge(limits=(roomy, tight)), clock)

        assert outcome == Refused("click:dec_1", "campaign_total")
        async with database.reading() as session:
            left = await remaining(session, [roomy, tight], clock.now())
        assert left == {roomy: Micros(1_000_000), tight: Micros(349_999)}
        assert await posted(database, cash("adv_1")) == 1_000_000
        await verified()

    async def test_under_a_limit_that_was_never_set_is_refused(
        self, database: Database, clock: FrozenClock, fund: Fund
    ) -> None:
        await fund("adv_1", 1_000_000)

        outcome = await charge(
            database, a_charge(limits=(LimitKey("campaign_day", "cmp_1"),)), clock
        )

        assert outcome == Refused("click:dec_1", "campaign_day")

    async def test_of_nothing_is_recorded_and_moves_nothing(
        self, database: Database, clock: FrozenClock, verified: Verified
    ) -> None:
        outcome = await charge(database, a_charge(price=Micros(0)), clock)

        assert isinstance(outcome, Charged)
        assert await posted(database, AD_REVENUE) == 0
        await verified()


class TestABatchOfCharges:
    async def test_gives_each_its_own_outcome_in_order(
        self,
        database: Database,
        clock: FrozenClock,
        fund: Fund,
        allow: Allow,
        verified: Verified,
    ) -> None:
        await fund("adv_1", 1_000_000)
        await charge(database, a_charge("old"), clock)
        limit = await allow("cmp_1", 350_000)
        batch = [
            a_charge("old"),
            a_charge("old", price=Micros(1)),
            a_charge("new", limits=(limit,)),
            a_charge("new", limits=(limit,)),
            a_charge("over", limits=(limit,)),
            a_charge("last", price=Micros(300_001)),
            a_charge("poor", payer="adv_2"),
        ]

        async with database.writing() as tx:
            outcomes = await journal.charge_many(tx, batch, clock=clock)

        old, conflict, new, again, over, last, poor = outcomes
        assert isinstance(old, Charged)
        assert isinstance(conflict, Conflict)
        assert isinstance(new, Charged)
        assert (again, again.repeated) == (new, True)  # type: ignore[union-attr]
        assert over == Refused("over", "campaign_total")
        assert last == Refused("last", "wallet")
        assert poor == Refused("poor", "wallet")
        assert await posted(database, cash("adv_1")) == 300_000
        await verified()

    async def test_of_nothing_is_nothing(self, database: Database, clock: FrozenClock) -> None:
        async with database.writing() as tx:
            assert await journal.charge_many(tx, [], clock=clock) == []

"""The journal: posting once, charging once, never more than there is."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from kernel.clock import FrozenClock
from kernel.database import Database
from kernel.errors import Conflict, InsufficientFunds
from kernel.money import Micros
from ledger import journal
from ledger.account import AD_REVENUE, SUSPENSE, accruing, cash
from ledger.balances import balance
from ledger.charging import Charge, Charged, LimitKey, Refused, Split
from ledger.limits import remaining
from ledger.postings import Leg, Posting, reversal, top_up

Fund = Callable[[str, int], Awaitable[None]]
Allow = Callable[[str, int], Awaitable[LimitKey]]
Verified = Callable[[], Awaitable[None]]

PRICE = Micros(350_000)


def a_charge(key: str = "click:dec_1", **changed: object) -> Charge:
    asked = {
        "payer": "adv_1",
        "limits": (),
        "price": PRICE,
        "split": Split("zero", 7_000),
        "ref": "dec_1",
    }
    return Charge(key=key, **(asked | changed))  # type: ignore[arg-type]


async def charge(database: Database, asked: Charge, clock: FrozenClock) -> Charged | Refused:
    async with database.writing() as tx:
        return await journal.charge(
            tx,
            key=asked.key,
            payer=asked.payer,
            limits=asked.limits,
            price=asked.price,
            split=asked.split,
            ref=asked.ref,
            clock=clock,
        )


async def posted(database: Database, code: str) -> int:
    async with database.reading() as session:
        return (await balance(session, code)).posted.amount


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


class TestManyAtOnce:
    async def test_a_hundred_charges_on_one_key_charge_once(
        self,
        database: Database,
        clock: FrozenClock,
        fund: Fund,
        allow: Allow,
        verified: Verified,
    ) -> None:
        await fund("adv_1", 100_000_000)
        asked = a_charge(limits=(await allow("cmp_1", 100_000_000),))

        outcomes = await asyncio.gather(*(charge(database, asked, clock) for _ in range(100)))

        assert len(set(outcomes)) == 1
        assert sum(not outcome.repeated for outcome in outcomes) == 1
        assert await posted(database, cash("adv_1")) == 100_000_000 - PRICE.amount
        await verified()

    async def test_charges_never_overdraw_a_wallet(
        self, database: Database, clock: FrozenClock, fund: Fund, verified: Verified
    ) -> None:
        await fund("adv_1", 10 * PRICE.amount + 1)

        outcomes = await asyncio.gather(
            *(charge(database, a_charge(f"click:{i}"), clock) for i in range(40))
        )

        assert sum(isinstance(outcome, Charged) for outcome in outcomes) == 10
        assert await posted(database, cash("adv_1")) == 1
        await verified()

    async def test_charges_of_several_campaigns_keep_every_limit_without_deadlock(
        self,
        database: Database,
        clock: FrozenClock,
        fund: Fund,
        allow: Allow,
        verified: Verified,
    ) -> None:
        await fund("adv_1", 100_000_000)
        await fund("adv_2", 100_000_000)
        one, two = await allow("cmp_1", 5 * PRICE.amount), await allow("cmp_2", 7 * PRICE.amount)

        async def batch(turn: int) -> list[object]:
            pair = [
                a_charge(f"a:{turn}", payer="adv_1", limits=(one,)),
                a_charge(f"b:{turn}", payer="adv_2", limits=(two,)),
            ]
            async with database.writing() as tx:
                ordered = pair if turn % 2 else pair[::-1]
                return list(await journal.charge_many(tx, ordered, clock=clock))

        outcomes = [one for batch in await asyncio.gather(*map(batch, range(20))) for one in batch]

        assert sum(isinstance(outcome, Charged) for outcome in outcomes) == 12
        assert await posted(database, cash("adv_1")) == 100_000_000 - 5 * PRICE.amount
        assert await posted(database, cash("adv_2")) == 100_000_000 - 7 * PRICE.amount
        await verified()

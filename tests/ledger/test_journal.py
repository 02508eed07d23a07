"""The journal: posting once, charging once, never more than there is."""

import asyncio

import pytest

from kernel.errors import Conflict, InsufficientFunds
from kernel.money import Micros
from ledger.account import AD_REVENUE, SUSPENSE, accruing, cash
from ledger.charging import Charged, LimitKey, Refused, Split
from ledger.postings import Leg, Posting, reversal, top_up
from tests.ledger.books import Books
from tests.ledger.charges import a_charge


class TestAPosting:
    async def test_twice_is_once(self, books: Books) -> None:
        posting = top_up("adv_1", Micros(5_000_000), "top_up:1")

        first = await books.post(posting)
        second = await books.post(posting)

        assert (first, first.repeated, second.repeated) == (second, False, True)
        assert await books.posted(cash("adv_1")) == 5_000_000
        await books.verified()

    async def test_under_a_known_key_with_other_content_is_a_conflict(self, books: Books) -> None:
        await books.post(top_up("adv_1", Micros(5_000_000), "k"))

        with pytest.raises(Conflict):
            await books.post(top_up("adv_1", Micros(6_000_000), "k"))

        assert await books.posted(cash("adv_1")) == 5_000_000

    async def test_that_would_overdraw_a_wallet_is_refused(self, books: Books) -> None:
        await books.fund("adv_1", 100)
        legs = (Leg(cash("adv_1"), "debit", Micros(101)), Leg(SUSPENSE, "credit", Micros(101)))

        with pytest.raises(InsufficientFunds, match="Add funds"):
            await books.post(Posting("correction", "c", "", "", legs))

        assert await books.posted(cash("adv_1")) == 100
        await books.verified()

    async def test_undone_by_its_reversal_leaves_nothing(self, books: Books) -> None:
        await books.fund("adv_1", 1_000_000)
        asked = a_charge()
        await books.charge(asked)

        await books.post(reversal(asked.posting(), "undo:dec_1"))

        assert await books.posted(cash("adv_1")) == 1_000_000
        assert await books.posted(accruing("zero")) == 0
        assert await books.posted(AD_REVENUE) == 0
        await books.verified()

    async def test_from_ten_tasks_at_once_under_one_key_is_booked_once(self, books: Books) -> None:
        posting = top_up("adv_1", Micros(7), "top_up:1")

        async def post() -> bool:
            return (await books.post(posting)).repeated

        repeated = await asyncio.gather(*(post() for _ in range(10)))

        assert sorted(repeated) == [False] + [True] * 9
        assert await books.posted(cash("adv_1")) == 7
        await books.verified()


class TestACharge:
    async def test_takes_the_price_and_shares_it_to_the_micro(self, books: Books) -> None:
        await books.fund("adv_1", 1_000_000)

        outcome = await books.charge(a_charge(price=Micros(333_333)))

        assert outcome == Charged("click:dec_1", Micros(333_333), Micros(233_333), Micros(100_000))
        assert await books.posted(cash("adv_1")) == 666_667
        assert await books.posted(accruing("zero")) == 233_333
        assert await books.posted(AD_REVENUE) == 100_000
        await books.verified()

    async def test_repeated_returns_the_first_outcome(self, books: Books) -> None:
        await books.fund("adv_1", 400_000)

        first = await books.charge(a_charge())
        # Our share may have changed in between; what was charged has not.
        second = await books.charge(a_charge(split=Split("zero", 5_000)))

        assert first == second
        assert second.repeated
        assert await books.posted(cash("adv_1")) == 50_000
        await books.verified()

    async def test_refused_once_stays_refused(self, books: Books) -> None:
        first = await books.charge(a_charge())
        await books.fund("adv_1", 1_000_000)
        second = await books.charge(a_charge())

        assert first == second == Refused("click:dec_1", "wallet")
        assert await books.posted(cash("adv_1")) == 1_000_000
        await books.verified()

    async def test_for_another_price_under_a_known_key_is_a_conflict(self, books: Books) -> None:
        await books.fund("adv_1", 1_000_000)
        await books.charge(a_charge())

        with pytest.raises(Conflict):
            await books.charge(a_charge(price=Micros(1)))

    async def test_over_a_limit_names_the_limit_and_moves_nothing(self, books: Books) -> None:
        await books.fund("adv_1", 1_000_000)
        roomy, tight = (
            await books.allow("cmp_roomy", 1_000_000),
            await books.allow("cmp_tight", 349_999),
        )

        outcome = await books.charge(a_charge(limits=(roomy, tight)))

        assert outcome == Refused("click:dec_1", "campaign_total")
        assert await books.left(roomy, tight) == {roomy: Micros(1_000_000), tight: Micros(349_999)}
        assert await books.posted(cash("adv_1")) == 1_000_000
        await books.verified()

    async def test_under_a_limit_that_was_never_set_is_refused(self, books: Books) -> None:
        await books.fund("adv_1", 1_000_000)

        outcome = await books.charge(a_charge(limits=(LimitKey("campaign_day", "cmp_1"),)))

        assert outcome == Refused("click:dec_1", "campaign_day")

    async def test_of_nothing_is_recorded_and_moves_nothing(self, books: Books) -> None:
        outcome = await books.charge(a_charge(price=Micros(0)))

        assert isinstance(outcome, Charged)
        assert await books.posted(AD_REVENUE) == 0
        await books.verified()


class TestABatchOfCharges:
    async def test_gives_each_its_own_outcome_in_order(self, books: Books) -> None:
        await books.fund("adv_1", 1_000_000)
        await books.charge(a_charge("old"))
        limit = await books.allow("cmp_1", 350_000)
        batch = [
            a_charge("old"),
            a_charge("old", price=Micros(1)),
            a_charge("new", limits=(limit,)),
            a_charge("new", limits=(limit,)),
            a_charge("over", limits=(limit,)),
            a_charge("last", price=Micros(300_001)),
            a_charge("poor", payer="adv_2"),
        ]

        outcomes = await books.charge_many(*batch)

        old, conflict, new, again, over, last, poor = outcomes
        assert isinstance(old, Charged)
        assert isinstance(conflict, Conflict)
        assert isinstance(new, Charged)
        assert (again, again.repeated) == (new, True)  # type: ignore[union-attr]
        assert over == Refused("over", "campaign_total")
        assert last == Refused("last", "wallet")
        assert poor == Refused("poor", "wallet")
        assert await books.posted(cash("adv_1")) == 300_000
        await books.verified()

    async def test_of_nothing_is_nothing(self, books: Books) -> None:
        assert await books.charge_many() == []

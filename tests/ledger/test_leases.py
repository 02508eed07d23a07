"""Leases never let a campaign spend more than it has."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from kernel.clock import FrozenClock
from kernel.errors import Conflict
from kernel.money import ZERO, Micros
from ledger import holds, leases
from ledger.account import accruing
from ledger.balances import Balance
from ledger.charging import LimitKey, Refused, Split
from ledger.limits import set_limit
from tests.ledger.books import Books

SPLIT = Split("pub_1", 7_000)


async def lease(
    books: Books,
    name: str,
    keys: list[LimitKey],
    *,
    micros: int = 400,
) -> leases.Lease | Refused:
    async with books.database.writing() as tx:
        return await leases.take(
            tx,
            name,
            campaign_id="cmp_1",
            payer="adv_1",
            limit_keys=keys,
            slice_=Micros(micros),
            least=Micros(10),
            lives=timedelta(seconds=15),
            clock=books.clock,
        )


async def leased(books: Books, name: str, key: LimitKey) -> leases.Lease:
    taken = await lease(books, name, [key])
    assert isinstance(taken, leases.Lease)
    return taken


async def report(books: Books, slice_: leases.Lease, micros: int) -> holds.Resolved:
    async with books.database.writing() as tx:
        spent = {SPLIT.publisher_id: (Micros(micros), Micros(micros).share(SPLIT.share_bp))}
        return await leases.report(tx, slice_, spent, clock=books.clock)


class TestALease:
    async def test_covers_money_and_budget_and_is_charged_for_what_was_spent(
        self, books: Books
    ) -> None:
        await books.fund("adv_1", 1_000)
        key = await books.allow("cmp_1", 600)
        taken = await leased(books, "lse_1", key)
        assert await books.left(key) == {key: Micros(200)}
        await books.verified()

        allowance = leases.Allowance(taken, books.clock)
        assert [allowance.spend(Micros(150)) for _ in range(3)] == [True, True, False]
        for _ in range(2):
            await report(books, taken, allowance.spent.amount)

        assert await books.wallet() == Balance(Micros(700))
        assert await books.left(key) == {key: Micros(300)}
        assert Micros(await books.posted(accruing("pub_1"))) == Micros(210)
        await books.verified()

    async def test_many_at_once_never_pass_the_budget(self, books: Books) -> None:
        await books.fund("adv_1", 10_000)
        key = await books.allow("cmp_1", 1_000)

        taken = await asyncio.gather(*(lease(books, f"lse_{number}", [key]) for number in range(6)))

        slices = [one for one in taken if isinstance(one, leases.Lease)]
        assert sorted(one.amount.amount for one in slices) == [200, 400, 400]
        for one in slices:
            await report(books, one, one.amount.amount)
        assert await books.wallet() == Balance(Micros(9_000))
        await books.verified()

    async def test_of_one_who_died_comes_back_and_its_late_report_is_refused(
        self, books: Books
    ) -> None:
        await books.fund("adv_1", 1_000)
        key = await books.allow("cmp_1", 1_000)
        taken = await leased(books, "lse_1", key)
        allowance = leases.Allowance(taken, books.clock)
        books.clock.advance(seconds=15)

        assert not allowance.spend(Micros(1))
        with pytest.raises(Conflict):
            await report(books, taken, 100)
        async with books.database.writing() as tx:
            assert await holds.expire(tx, clock=books.clock)

        with pytest.raises(Conflict):
            await report(books, taken, 100)
        assert await books.wallet() == Balance(Micros(1_000))
        assert await books.left(key) == {key: Micros(1_000)}
        await books.verified()

    async def test_ends_with_the_day_so_that_nothing_of_it_counts_tomorrow(
        self, books: Books
    ) -> None:
        books = replace(books, clock=FrozenClock(datetime(2026, 11, 22, 23, 59, 55, tzinfo=UTC)))
        await books.fund("adv_1", 10_000)
        key, start = LimitKey("campaign_day", "cmp_1"), datetime(2026, 11, 22, tzinfo=UTC)
        async with books.database.writing() as tx:
            end_of_day = start + timedelta(days=1)
            await set_limit(tx, "campaign_day", "cmp_1", start, end_of_day, Micros(500))
        taken = await leased(books, "lse_1", key)

        assert taken.expires_at == datetime(2026, 11, 23, tzinfo=UTC)
        books.clock.advance(seconds=5)
        assert not leases.Allowance(taken, books.clock).spend(Micros(1))
        fresh = await leased(books, "lse_2", key)
        assert fresh.amount == Micros(400)
        assert await books.left(key) == {key: Micros(100)}
        await books.verified()

    async def test_is_refused_where_less_than_the_least_is_left_and_voided_unspent(
        self, books: Books
    ) -> None:
        await books.fund("adv_1", 405)
        key = await books.allow("cmp_1", 1_000)
        taken = await leased(books, "lse_1", key)

        assert await lease(books, "lse_2", [key]) == Refused("lse_2", "wallet")
        ended = await report(books, taken, 0)

        assert (ended.outcome, ended.posted) == ("voided", ZERO)
        assert await books.wallet() == Balance(Micros(405))
        unset = LimitKey("organisation_month", "org_9")
        refused = await lease(books, "lse_3", [key, unset])
        assert refused == Refused("lse_3", "organisation_month")
        await books.verified()

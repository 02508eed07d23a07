"""Holds end at most once, and what they keep comes back."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from kernel.clock import FrozenClock
from kernel.database import Database
from kernel.errors import Conflict, InsufficientFunds, NotFound
from kernel.money import Micros
from ledger import holds
from ledger.account import cash
from ledger.balances import Balance, balance
from ledger.postings import Leg, Posting

Fund = Callable[[str, int], Awaitable[None]]
Verified = Callable[[], Awaitable[None]]


def moving(micros: int, key: str) -> Posting:
    legs = (
        Leg(cash("adv_1"), "debit", Micros(micros)),
        Leg("refunds_in_flight", "credit", Micros(micros)),
    )
    return Posting("refund", key, "refund", key, legs)


async def hold(database: Database, clock: FrozenClock, micros: int, key: str = "hold:1") -> None:
    async with database.writing() as tx:
        until = clock.now() + timedelta(seconds=60)
        await holds.hold(tx, moving(micros, key), expires_at=until, clock=clock)


async def end(
    database: Database,
    clock: FrozenClock,
    outcome: holds.Outcome,
    micros: int = 0,
    key: str = "hold:1",
) -> holds.Resolved:
    posting = moving(micros, f"{key}:posted") if outcome == "posted" else None
    async with database.writing() as tx:
        return await holds.resolve(tx, key, outcome, posting=posting, clock=clock)


async def wallet(database: Database) -> Balance:
    async with database.reading() as session:
        return await balance(session, cash("adv_1"))


class TestAHold:
    async def test_keeps_money_from_being_spent_and_leaves_it_its_owners(
        self, database: Database, clock: FrozenClock, fund: Fund, verified: Verified
    ) -> None:
        await fund("adv_1", 1_000)

        await hold(database, clock, 700)

        assert await wallet(database) == Balance(posted=Micros(1_000), pending=Micros(700))
        with pytest.raises(InsufficientFunds):
            await hold(database, clock, 301, "hold:2")
        await verified()

    async def test_is_posted_in_part_and_the_rest_is_free(
        self, database: Database, clock: FrozenClock, fund: Fund, verified: Verified
    ) -> None:
        await fund("adv_1", 1_000)
        await hold(database, clock, 700)

        first = await end(database, clock, "posted", 500)
        again = await end(database, clock, "posted", 500)

        assert first == again == holds.Resolved("hold:1", "posted", Micros(500))
        assert (first.repeated, again.repeated) == (False, True)
        assert await wallet(database) == Balance(posted=Micros(500))
        await verified()

    @pytest.mark.parametrize("outcome", ["voided", "expired"])
    async def test_that_comes_to_nothing_frees_all_of_it(
        self,
        database: Database,
        clock: FrozenClock,
        fund: Fund,
        verified: Verified,
        outcome: holds.Outcome,
    ) -> None:
        await fund("adv_1", 1_000)
        await hold(database, clock, 700)

        await end(database, clock, outcome)

        assert await wallet(database) == Balance(posted=Micros(1_000))
        with pytest.raises(Conflict):
            await end(database, clock, "posted", 700)
        await verified()

    async def test_cannot_be_posted_for_more_or_from_nothing(
        self, database: Database, clock: FrozenClock, fund: Fund, verified: Verified
    ) -> None:
        await fund("adv_1", 1_000)
        await hold(database, clock, 700)

        with pytest.raises(ValueError, match="held"):
            await end(database, clock, "posted", 701)
        with pytest.raises(NotFound):
            await end(database, clock, "voided", key="hold:9")
        with pytest.raises(Conflict):
            await hold(database, clock, 100)
        await verified()

    async def test_ends_at_most_once_however_many_end_it(
        self, database: Database, clock: FrozenClock, fund: Fund, verified: Verified
    ) -> None:
        await fund("adv_1", 1_000)
        await hold(database, clock, 700)

        outcomes = await asyncio.gather(
            *(end(database, clock, "posted", 700) for _ in range(4)),
            *(end(database, clock, "voided") for _ in range(4)),
            return_exceptions=True,
        )

        ended = [one for one in outcomes if isinstance(one, holds.Resolved) and not one.repeated]
        assert len(ended) == 1
        assert await wallet(database) in (Balance(Micros(300)), Balance(Micros(1_000)))
        await verified()

    async def test_expires_and_can_then_not_be_posted(
        self, database: Database, clock: FrozenClock, fund: Fund, verified: Verified
    ) -> None:
        await fund("adv_1", 1_000)
        await hold(database, clock, 700)
        clock.advance(seconds=60)

        with pytest.raises(Conflict, match="run out"):
            await end(database, clock, "posted", 700)
        async with database.writing() as tx:
            assert await holds.expire(tx, clock=clock)
        async with database.writing() as tx:
            assert not await holds.expire(tx, clock=clock)

        assert await wallet(database) == Balance(Micros(1_000))
        await verified()

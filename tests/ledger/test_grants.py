"""Promotional money: spent before cash, paid on to publishers, and taken back when it expires."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from kernel.clock import FrozenClock
from kernel.database import Database
from kernel.money import Micros
from ledger import journal
from ledger.account import accruing, cash, promo
from ledger.balances import balances
from ledger.charging import Charge, Charged, LimitKey, Refused, Split
from ledger.grants import Grant, expire, give
from ledger.pockets import spendable
from ledger.postings import reversal
from ledger.recorded import posting_of

Fund = Callable[[str, int], Awaitable[None]]
Allow = Callable[[str, int], Awaitable[LimitKey]]
Verified = Callable[[], Awaitable[None]]
Give = Callable[..., Awaitable[None]]

SOON, LATER = promo("adv_1", "soon"), promo("adv_1", "later")


@pytest.fixture
async def given(database: Database, clock: FrozenClock) -> Give:
    async def add(name: str, micros: int, *, days: int) -> None:
        grant = Grant(name, "adv_1", Micros(micros), clock.now() + timedelta(days=days))
        async with database.writing() as tx:
            await give(tx, grant, clock=clock)

    return add


async def charge(
    database: Database, clock: FrozenClock, limit: LimitKey, *prices: int, start: int = 0
) -> list[journal.Outcome]:
    asked = [
        Charge(f"click:{n}", "adv_1", (limit,), Micros(price), Split("pub_1", 7_000), f"dec_{n}")
        for n, price in enumerate(prices, start)
    ]
    async with database.writing() as tx:
        return await journal.charge_many(tx, asked, clock=clock)


async def held(database: Database, *codes: str) -> list[int]:
    async with database.reading() as session:
        found = await balances(session, codes)
    return [found[code].available.amount for code in codes]


async def test_the_grant_that_expires_first_is_spent_first_and_cash_last(
    database: Database,
    clock: FrozenClock,
    fund: Fund,
    allow: Allow,
    given: Give,
    verified: Verified,
) -> None:
    limit = await allow("cmp_1", 10_000)
    await fund("adv_1", 500)
    await given("later", 300, days=60)
    await given("soon", 200, days=30)

    (outcome,) = await charge(database, clock, limit, 350)

    assert isinstance(outcome, Charged)
    assert outcome.funding == ((SOON, Micros(200)), (LATER, Micros(150)))
    assert await held(database, SOON, LATER, cash("adv_1")) == [0, 150, 500]
    assert await held(database, accruing("pub_1")) == [245]
    await charge(database, clock, limit, 350, start=1)
    assert await held(database, SOON, LATER, cash("adv_1")) == [0, 0, 300]
    assert await held(database, accruing("pub_1")) == [490]
    await verified()


async def test_publishers_earn_the_same_from_promotional_money(
    database: Database, clock: FrozenClock, allow: Allow, given: Give, verified: Verified
) -> None:
    limit = await allow("cmp_1", 10_000)
    await given("soon", 1_000, days=30)

    await charge(database, clock, limit, 400)

    assert await held(database, accruing("pub_1"), "ad_revenue", "promo_expense") == [
        280,
        120,
        1_000,
    ]
    await verified()


async def test_what_is_left_at_the_expiry_is_taken_back_once(
    database: Database, clock: FrozenClock, allow: Allow, given: Give, verified: Verified
) -> None:
    limit = await allow("cmp_1", 10_000)
    await given("soon", 1_000, days=30)
    await charge(database, clock, limit, 400)
    clock.advance(days=30)

    (refused,) = await charge(database, clock, limit, 1, start=1)
    for expected in (Micros(600), Micros(0)):
        async with database.writing() as tx:
            assert await expire(tx, clock=clock) == expected

    assert isinstance(refused, Refused)
    assert refused.limit == "wallet"
    assert await held(database, SOON, "promo_expense") == [0, 400]
    await verified()


async def test_a_correction_returns_the_money_to_where_it_came_from(
    database: Database,
    clock: FrozenClock,
    fund: Fund,
    allow: Allow,
    given: Give,
    verified: Verified,
) -> None:
    limit = await allow("cmp_1", 10_000)
    await fund("adv_1", 500)
    await given("soon", 100, days=30)
    await charge(database, clock, limit, 150)

    clock.advance(days=31)
    async with database.writing() as tx:
        booked = await posting_of(tx, "click:0")
        assert booked is not None
        await journal.post(tx, reversal(booked, "undo:0"), clock=clock)
    assert await held(database, SOON, cash("adv_1")) == [100, 500]

    async with database.writing() as tx:
        assert await expire(tx, clock=clock) == Micros(100)
    await verified()


async def test_a_grant_is_given_once_and_counts_as_spendable_until_it_expires(
    database: Database, clock: FrozenClock, fund: Fund, given: Give, verified: Verified
) -> None:
    await fund("adv_1", 500)
    for _ in range(2):
        await given("soon", 100, days=30)

    async with database.reading() as session:
        now = await spendable(session, ["adv_1", "adv_2"], clock.now())
        then = await spendable(session, ["adv_1"], clock.now() + timedelta(days=30))

    assert now == {"adv_1": Micros(600), "adv_2": Micros(0)}
    assert then == {"adv_1": Micros(500)}
    await verified()

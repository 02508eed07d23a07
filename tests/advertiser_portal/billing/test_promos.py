"""Promotional codes: redeemed once by each advertiser, and no oftener than they may be."""

import asyncio
from datetime import timedelta

import pytest

from advertiser_portal.billing.promos import make_code, redeem
from kernel.clock import FrozenClock
from kernel.database import Database
from kernel.errors import BadRequest, Conflict
from kernel.money import Micros
from ledger.grants import Grant
from ledger.pockets import spendable
from ledger.verify import verify


async def offer(database: Database, clock: FrozenClock, *, uses: int = 2) -> str:
    async with database.writing() as tx:
        return await make_code(
            tx,
            "welcome-50",
            amount=Micros(50_000_000),
            uses=uses,
            good_until=clock.now() + timedelta(days=10),
            clock=clock,
        )


async def take(database: Database, clock: FrozenClock, advertiser_id: str, code: str) -> Grant:
    async with database.writing() as tx:
        return await redeem(tx, code, advertiser_id=advertiser_id, clock=clock)


async def has(database: Database, clock: FrozenClock, advertiser_id: str) -> Micros:
    async with database.reading() as session:
        assert await verify(session) == []
        return (await spendable(session, [advertiser_id], clock.now()))[advertiser_id]


async def test_a_code_gives_its_money_once_to_an_advertiser(
    database: Database, clock: FrozenClock
) -> None:
    assert await offer(database, clock) == "WELCOME-50"

    grant = await take(database, clock, "adv_1", " welcome-50 ")
    with pytest.raises(Conflict):
        await take(database, clock, "adv_1", "WELCOME-50")
    await take(database, clock, "adv_2", "WELCOME-50")

    assert grant.expires_at == clock.now() + timedelta(days=90)
    assert await has(database, clock, "adv_1") == Micros(50_000_000)
    assert await has(database, clock, "adv_2") == Micros(50_000_000)


async def test_a_code_is_not_used_oftener_than_it_may_be_however_many_try_at_once(
    database: Database, clock: FrozenClock
) -> None:
    code = await offer(database, clock, uses=2)

    tried = await asyncio.gather(
        *(take(database, clock, f"adv_{number}", code) for number in range(6)),
        return_exceptions=True,
    )

    assert sum(isinstance(outcome, Grant) for outcome in tried) == 2
    assert sum(isinstance(outcome, BadRequest) for outcome in tried) == 4


async def test_a_code_that_is_over_and_one_that_never_was_get_the_same_answer(
    database: Database, clock: FrozenClock
) -> None:
    code = await offer(database, clock)
    clock.advance(days=10)

    with pytest.raises(BadRequest) as over:
        await take(database, clock, "adv_1", code)
    with pytest.raises(BadRequest) as unknown:
        await take(database, clock, "adv_1", "NEVER-WAS")

    assert over.value.message == unknown.value.message
    assert await has(database, clock, "adv_1") == Micros(0)


async def test_a_code_that_is_taken_or_no_code_cannot_be_made(
    database: Database, clock: FrozenClock
) -> None:
    await offer(database, clock)

    with pytest.raises(Conflict):
        await offer(database, clock)
    with pytest.raises(BadRequest):
        async with database.writing() as tx:
            await make_code(
                tx, "a b", amount=Micros(1), uses=1, good_until=clock.now(), clock=clock
            )

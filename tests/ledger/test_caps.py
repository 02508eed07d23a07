"""The daily cap of an advertiser's first days holds for every charge, and ends by itself."""

import asyncio
from datetime import timedelta

from kernel.clock import FrozenClock
from kernel.database import Database
from kernel.money import Micros
from ledger import leases
from ledger.caps import cap_days, cap_of, caps_on
from ledger.charging import Charge, Charged, Refused
from ledger.pockets import spendable
from tests.ledger.books import Books
from tests.ledger.charges import PRICE, Allow, Fund, Verified, a_charge

CAP = Micros(PRICE.amount * 2)


async def capped(database: Database, clock: FrozenClock, *, days: int = 30) -> None:
    async with database.writing() as tx:
        await cap_days(tx, "adv_1", CAP, since=clock.now(), days=days)


def a_click(number: int, key: object) -> Charge:
    return a_charge(f"click:{number}", limits=(key,), ref=f"dec_{number}")


async def left(database: Database, clock: FrozenClock) -> Micros:
    async with database.reading() as session:
        return (await caps_on(session, ["adv_1", "adv_2"], clock.now()))["adv_1"].left


async def test_the_cap_holds_over_all_campaigns_and_renews_each_day(
    database: Database, clock: FrozenClock, fund: Fund, allow: Allow, verified: Verified
) -> None:
    await fund("adv_1", 100 * PRICE.amount)
    await capped(database, clock)
    first, second = await allow("cmp_1", 50 * PRICE.amount), await allow("cmp_2", 50 * PRICE.amount)

    today = [
        await Books(database, clock).charge(a_click(n, (first, second)[n % 2])) for n in range(4)
    ]
    clock.advance(days=1)
    tomorrow = await Books(database, clock).charge(a_click(4, first))

    assert [type(one) for one in today] == [Charged, Charged, Refused, Refused]
    assert today[2] == Refused("click:2", cap_of("adv_1").scope)
    assert isinstance(tomorrow, Charged)
    await verified()


async def test_clicks_at_once_never_pass_the_cap(
    database: Database, clock: FrozenClock, fund: Fund, allow: Allow, verified: Verified
) -> None:
    await fund("adv_1", 100 * PRICE.amount)
    await capped(database, clock)
    key = await allow("cmp_1", 50 * PRICE.amount)

    outcomes = await asyncio.gather(
        *(Books(database, clock).charge(a_click(number, key)) for number in range(6))
    )

    assert sum(isinstance(one, Charged) for one in outcomes) == 2
    assert not await left(database, clock)
    await verified()


async def test_a_repeat_hears_what_it_heard_when_the_cap_is_over(
    database: Database, clock: FrozenClock, fund: Fund, allow: Allow
) -> None:
    await fund("adv_1", 100 * PRICE.amount)
    key = await allow("cmp_1", 50 * PRICE.amount)
    await capped(database, clock, days=1)
    for number in range(3):
        await Books(database, clock).charge(a_click(number, key))

    clock.advance(days=2)
    again = await Books(database, clock).charge(a_click(2, key))
    later = [await Books(database, clock).charge(a_click(number, key)) for number in range(3, 8)]

    assert again == Refused("click:2", "advertiser_day", repeated=True)
    assert all(isinstance(one, Charged) for one in later)


async def test_a_lease_takes_no_more_than_the_cap_leaves(
    database: Database, clock: FrozenClock, fund: Fund, allow: Allow, verified: Verified
) -> None:
    await fund("adv_1", 100 * PRICE.amount)
    await capped(database, clock)
    key = await allow("cmp_1", 50 * PRICE.amount)
    await Books(database, clock).charge(a_click(1, key))

    taken = [await _lease(database, clock, name, [key]) for name in ("lse_1", "lse_2")]

    assert isinstance(taken[0], leases.Lease)
    assert taken[0].amount == PRICE
    assert taken[1] == Refused("lse_2", "advertiser_day")
    await verified()


async def test_a_cap_ends_after_its_last_day_and_was_never_there_for_others(
    database: Database, clock: FrozenClock, fund: Fund
) -> None:
    await fund("adv_1", 100 * PRICE.amount)
    await fund("adv_2", 100 * PRICE.amount)
    await capped(database, clock)

    async with database.reading() as session:
        now = await spendable(session, ["adv_1", "adv_2"], clock.now())
        then = await spendable(session, ["adv_1"], clock.now() + timedelta(days=31))
        caps = await caps_on(session, ["adv_1", "adv_2"], clock.now())

    assert now == {"adv_1": CAP, "adv_2": Micros(100 * PRICE.amount)}
    assert then == {"adv_1": Micros(100 * PRICE.amount)}
    assert set(caps) == {"adv_1"}
    assert caps["adv_1"].until - clock.now() > timedelta(days=30)


async def _lease(
    database: Database, clock: FrozenClock, name: str, keys: list[object]
) -> leases.Lease | Refused:
    async with database.writing() as tx:
        return await leases.take(
            tx,
            name,
            campaign_id="cmp_1",
            payer="adv_1",
            limit_keys=keys,
            slice_=Micros(5 * PRICE.amount),
            least=Micros(10),
            lives=timedelta(seconds=15),
            clock=clock,
        )

"""Affiliate commissions: booked once in each state, earned when locked, gone when reversed."""

import pytest

from kernel.clock import FrozenClock
from kernel.database import Database
from kernel.errors import Conflict
from kernel.money import Micros
from ledger.balances import balance
from ledger.commissions import Commission, CommissionState, book
from ledger.settlement import settle
from ledger.verify import verify

AMOUNT = Micros(1_000_000)
OWED, DEFERRED, EARNED, OURS, BANK = (
    "affiliate_receivable", "affiliate_deferred", "pub:zero:accruing", "ad_revenue", "bank",
)  # fmt: skip


async def import_(
    database: Database, clock: FrozenClock, *states: str, amount: Micros = AMOUNT
) -> list[bool]:
    news = []
    for state in states:
        commission = Commission("ebay", "T-1", CommissionState(state), amount, "app_1")
        async with database.writing() as tx:
            news.append(
                await book(tx, commission, publisher_id="zero", share_bp=7_000, clock=clock)
            )
    async with database.writing() as tx:
        await settle(tx, clock=clock)
    return news


async def balances(database: Database) -> dict[str, int]:
    found = {}
    async with database.reading() as session:
        for account in (OWED, DEFERRED, EARNED, OURS, BANK):
            found[account] = (await balance(session, account)).posted.amount
        assert await verify(session) == []
    return {account: amount for account, amount in found.items() if amount}


@pytest.mark.parametrize(
    ("states", "left"),
    [
        (["pending"], {OWED: 1_000_000, DEFERRED: 1_000_000}),
        (["locked"], {OWED: 1_000_000, EARNED: 700_000, OURS: 300_000}),
        (["pending", "locked", "paid"], {BANK: 1_000_000, EARNED: 700_000, OURS: 300_000}),
        (["paid", "locked", "pending"], {BANK: 1_000_000, EARNED: 700_000, OURS: 300_000}),
        (["pending", "reversed"], {}),
        (["paid", "reversed"], {}),
        (["reversed"], {}),
    ],
)
async def test_each_state_is_booked_and_implies_those_before_it(
    database: Database, clock: FrozenClock, states: list[str], left: dict[str, int]
) -> None:
    await import_(database, clock, *states)
    again = await import_(database, clock, *states)

    assert await balances(database) == left
    assert again == [False] * len(states)


async def test_an_amount_that_changed_is_for_people_to_look_at(
    database: Database, clock: FrozenClock
) -> None:
    await import_(database, clock, "pending")

    with pytest.raises(Conflict):
        await import_(database, clock, "locked", amount=Micros(2_000_000))

"""Earnings are held back first, corrected before they are payable, and released once."""

from datetime import date

from kernel.clock import FrozenClock
from kernel.database import Database
from kernel.money import ZERO, Micros
from ledger import earnings, journal
from ledger.account import UPSTREAM_PAYABLE
from ledger.charging import Split
from ledger.postings import reversal
from ledger.recorded import posting_of
from ledger.settlement import settle
from tests.ledger.books import Books
from tests.ledger.charges import a_charge


async def release(database: Database, clock: FrozenClock) -> Micros:
    async with database.writing() as tx:
        return await earnings.release(tx, "pub_1", clock=clock)


async def test_what_was_earned_is_payable_after_the_hold_period_less_what_was_taken_back(
    database: Database, clock: FrozenClock, books: Books
) -> None:
    await books.fund("adv_1", 5_000_000)
    split = Split("pub_1", 7_000)
    for number in range(4):
        await books.charge(a_charge(f"click:{number}", ref=f"d{number}", split=split))
    clock.advance(days=20)
    await books.charge(a_charge("click:late", ref="late", split=split))
    async with database.writing() as tx:
        undone = await posting_of(tx, "click:0")
        assert undone is not None
        await journal.post(tx, reversal(undone, "undo:click:0"), clock=clock)

    assert await release(database, clock) == ZERO
    clock.advance(days=11)
    released = [await release(database, clock) for _ in range(2)]
    async with database.writing() as tx:
        await settle(tx, clock=clock)

    assert released == [Micros(3 * 245_000), ZERO]
    assert await books.posted("pub:pub_1:payable") == 3 * 245_000
    assert await books.posted("pub:pub_1:accruing") == 245_000
    await books.verified()
    clock.advance(days=20)
    assert await release(database, clock) == Micros(245_000)


async def test_our_own_share_pays_the_upstream_of_a_day_once(
    database: Database, clock: FrozenClock, books: Books
) -> None:
    await books.fund("adv_1", 5_000_000)
    await books.charge(a_charge())

    for _ in range(2):
        async with database.writing() as tx:
            await earnings.pay_upstream(tx, date(2026, 11, 22), Micros(300_000), clock=clock)
            await earnings.pay_upstream(tx, date(2026, 11, 21), ZERO, clock=clock)

    # More was answered than was earned: our share is short of it, and the books say so.
    assert await books.posted("pub:zero:accruing") == 245_000 - 300_000
    assert await books.posted(UPSTREAM_PAYABLE) == 300_000
    async with database.reading() as session:
        assert await earnings.publishers(session) == []
    await books.verified()

"""Many charges at the same moment: each is booked once, and no limit is passed."""

import asyncio

from ledger.account import cash
from ledger.charging import Charged
from tests.ledger.books import Books
from tests.ledger.charges import PRICE, a_charge


class TestManyAtOnce:
    async def test_a_hundred_charges_on_one_key_charge_once(self, books: Books) -> None:
        await books.fund("adv_1", 100_000_000)
        asked = a_charge(limits=(await books.allow("cmp_1", 100_000_000),))

        outcomes = await asyncio.gather(*(books.charge(asked) for _ in range(100)))

        assert len(set(outcomes)) == 1
        assert sum(not outcome.repeated for outcome in outcomes) == 1
        assert await books.posted(cash("adv_1")) == 100_000_000 - PRICE.amount
        await books.verified()

    async def test_charges_never_overdraw_a_wallet(self, books: Books) -> None:
        await books.fund("adv_1", 10 * PRICE.amount + 1)

        outcomes = await asyncio.gather(*(books.charge(a_charge(f"click:{i}")) for i in range(40)))

        assert sum(isinstance(outcome, Charged) for outcome in outcomes) == 10
        assert await books.posted(cash("adv_1")) == 1
        await books.verified()

    async def test_charges_of_several_campaigns_keep_every_limit_without_deadlock(
        self, books: Books
    ) -> None:
        await books.fund("adv_1", 100_000_000)
        await books.fund("adv_2", 100_000_000)
        one, two = (
            await books.allow("cmp_1", 5 * PRICE.amount),
            await books.allow("cmp_2", 7 * PRICE.amount),
        )

        async def batch(turn: int) -> list[object]:
            pair = [
                a_charge(f"a:{turn}", payer="adv_1", limits=(one,)),
                a_charge(f"b:{turn}", payer="adv_2", limits=(two,)),
            ]
            return list(await books.charge_many(*(pair if turn % 2 else pair[::-1])))

        outcomes = [one for batch in await asyncio.gather(*map(batch, range(20))) for one in batch]

        assert sum(isinstance(outcome, Charged) for outcome in outcomes) == 12
        assert await books.posted(cash("adv_1")) == 100_000_000 - 5 * PRICE.amount
        assert await books.posted(cash("adv_2")) == 100_000_000 - 7 * PRICE.amount
        await books.verified()

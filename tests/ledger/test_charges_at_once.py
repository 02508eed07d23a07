"""Many charges at the same moment: each is booked once, and no limit is passed."""

import asyncio

from kernel.clock import FrozenClock
from kernel.database import Database
from ledger import journal
from ledger.account import cash
from ledger.charging import Charged
from tests.ledger.charges import PRICE, Allow, Fund, Verified, a_charge, charge, posted


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

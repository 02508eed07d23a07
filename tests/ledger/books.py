"""The books of a test, and what is done with them: one place for the set-up that all share."""

from dataclasses import dataclass

from kernel.clock import FrozenClock
from kernel.database import Database
from kernel.money import Micros
from ledger import journal, limits
from ledger.account import cash
from ledger.balances import Balance, balance
from ledger.charging import Charge, Charged, LimitKey, Refused
from ledger.postings import Posting, top_up
from ledger.verify import verify


@dataclass(frozen=True)
class Books:
    """A ledger of its own; each call is a transaction."""

    database: Database
    clock: FrozenClock

    async def fund(self, advertiser_id: str, micros: int) -> None:
        """An advertiser pays in."""
        await self.post(top_up(advertiser_id, Micros(micros), f"top_up:{advertiser_id}:{micros}"))

    async def allow(self, campaign_id: str, micros: int) -> LimitKey:
        """A campaign may spend so much in all."""
        async with self.database.writing() as tx:
            await limits.set_limit(
                tx, "campaign_total", campaign_id, self.clock.now(), None, Micros(micros)
            )
        return LimitKey("campaign_total", campaign_id)

    async def post(self, posting: Posting) -> journal.Posted:
        async with self.database.writing() as tx:
            return await journal.post(tx, posting, clock=self.clock)

    async def charge(self, asked: Charge) -> Charged | Refused:
        async with self.database.writing() as tx:
            return await journal.charge(
                tx,
                key=asked.key,
                payer=asked.payer,
                limits=asked.limits,
                price=asked.price,
                split=asked.split,
                ref=asked.ref,
                clock=self.clock,
            )

    async def charge_many(self, *asked: Charge) -> list[journal.Outcome]:
        async with self.database.writing() as tx:
            return await journal.charge_many(tx, asked, clock=self.clock)

    async def posted(self, code: str) -> int:
        """What is booked on an account, in micros."""
        async with self.database.reading() as session:
            return (await balance(session, code)).posted.amount

    async def wallet(self, advertiser_id: str = "adv_1") -> Balance:
        async with self.database.reading() as session:
            return await balance(session, cash(advertiser_id))

    async def left(self, *keys: LimitKey) -> dict[LimitKey, Micros]:
        """What these limits have left now."""
        async with self.database.reading() as session:
            return await limits.remaining(session, keys, self.clock.now())

    async def verified(self) -> None:
        """Every rule of the books holds."""
        async with self.database.reading() as session:
            assert await verify(session) == []

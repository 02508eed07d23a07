"""Charges to try the journal with."""

from collections.abc import Awaitable, Callable

from kernel.clock import FrozenClock
from kernel.database import Database
from kernel.money import Micros
from ledger import journal
from ledger.balances import balance
from ledger.charging import Charge, Charged, LimitKey, Refused, Split

Fund = Callable[[str, int], Awaitable[None]]
Allow = Callable[[str, int], Awaitable[LimitKey]]
Verified = Callable[[], Awaitable[None]]

PRICE = Micros(350_000)


def a_charge(key: str = "click:dec_1", **changed: object) -> Charge:
    asked = {
        "payer": "adv_1",
        "limits": (),
        "price": PRICE,
        "split": Split("zero", 7_000),
        "ref": "dec_1",
    }
    return Charge(key=key, **(asked | changed))  # type: ignore[arg-type]


async def charge(database: Database, asked: Charge, clock: FrozenClock) -> Charged | Refused:
    async with database.writing() as tx:
        return await journal.charge(
            tx,
            key=asked.key,
            payer=asked.payer,
            limits=asked.limits,
            price=asked.price,
            split=asked.split,
            ref=asked.ref,
            clock=clock,
        )


async def posted(database: Database, code: str) -> int:
    async with database.reading() as session:
        return (await balance(session, code)).posted.amount

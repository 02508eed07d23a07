"""What follows up on requests: settlement, what has run out, what was learned, and the outbox.

Runs in `tollfree worker`, or inside the serving process where that is the only one. Safe to run
more than once at a time: the ledger and the outbox let each row be taken by one.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from adserver.decision import counting
from kernel import outbox
from kernel.clock import Clock
from kernel.database import Database
from ledger import grants, holds, settlement
from tollfree.crew import Crew, every

_EVERY_SECONDS: Final = 1.0
_EVERY_FEW_SECONDS: Final = 5.0
_EVERY_MINUTE: Final = 60.0


def start_follow_ups(
    database: Database,
    clock: Clock,
    crew: Crew,
    handlers: Mapping[str, outbox.Handler] = MappingProxyType({}),
) -> None:
    """Start settling and delivering. `handlers` do what stands in the outbox, by kind."""

    async def settle() -> None:
        async with database.writing() as tx:
            await settlement.settle(tx, clock=clock)

    async def expire() -> None:
        while True:
            async with database.writing() as tx:
                if not await holds.expire(tx, clock=clock):
                    break
        async with database.writing() as tx:
            await grants.expire(tx, clock=clock)

    async def learn() -> None:
        await counting.count(database, clock=clock)

    async def deliver() -> None:
        await outbox.drain(database, handlers, clock=clock)

    crew.start("settlement", lambda: every(_EVERY_SECONDS, settle))
    crew.start("expiry", lambda: every(_EVERY_FEW_SECONDS, expire))
    crew.start("counting", lambda: every(_EVERY_MINUTE, learn))
    if handlers:
        crew.start("outbox", lambda: every(_EVERY_SECONDS, deliver))

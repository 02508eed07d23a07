"""What the ledger's tests share: an advertiser with money, and campaigns with limits."""

from collections.abc import Awaitable, Callable

import pytest

from kernel.clock import FrozenClock
from kernel.database import Database
from kernel.money import Micros
from ledger import journal, limits, verify
from ledger.charging import LimitKey
from ledger.postings import top_up

Fund = Callable[[str, int], Awaitable[None]]
Allow = Callable[[str, int], Awaitable[LimitKey]]


@pytest.fixture
async def fund(database: Database, clock: FrozenClock) -> Fund:
    async def add(advertiser_id: str, micros: int) -> None:
        async with database.writing() as tx:
            posting = top_up(advertiser_id, Micros(micros), f"top_up:{advertiser_id}:{micros}")
            await journal.post(tx, posting, clock=clock)

    return add


@pytest.fixture
async def allow(database: Database, clock: FrozenClock) -> Allow:
    async def set_total(campaign_id: str, micros: int) -> LimitKey:
        async with database.writing() as tx:
            await limits.set_limit(
                tx, "campaign_total", campaign_id, clock.now(), None, Micros(micros)
            )
        return LimitKey("campaign_total", campaign_id)

    return set_total


@pytest.fixture
async def verified(database: Database) -> Callable[[], Awaitable[None]]:
    async def check() -> None:
        async with database.reading() as session:
            assert await verify.verify(session) == []

    return check

"""The audit log cannot be rewritten."""

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from kernel.clock import FrozenClock
from kernel.database import Database
from web import audit


@pytest.mark.parametrize(
    "tampering", ["UPDATE audit_event SET action = 'nothing'", "DELETE FROM audit_event"]
)
async def test_the_database_refuses_to_change_the_log(
    database: Database, clock: FrozenClock, tampering: str
) -> None:
    async with database.writing() as tx:
        await audit.record(tx, action="campaign.paused", subject="cmp_1", clock=clock)

    with pytest.raises(DBAPIError, match="append-only"):
        async with database.writing() as tx:
            await tx.execute(sa.text(tampering))

    async with database.reading() as session:
        assert await session.scalar(sa.text("SELECT action FROM audit_event")) == "campaign.paused"


async def test_a_change_that_is_undone_leaves_no_row(
    database: Database, clock: FrozenClock
) -> None:
    async def fail_after_logging() -> None:
        async with database.writing() as tx:
            await audit.record(tx, action="campaign.paused", subject="cmp_1", clock=clock)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await fail_after_logging()

    async with database.reading() as session:
        assert await session.scalar(sa.text("SELECT count(*) FROM audit_event")) == 0

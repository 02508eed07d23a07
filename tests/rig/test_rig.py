"""The rig itself: real servers, fresh for each test."""

import socket

import pytest
import sqlalchemy as sa

from kernel.database import Database
from kernel.outbox import OutboxJob, enqueue
from kernel.shared_state import SharedState
from tests.rig.loopback_only import OutsideWorld


@pytest.mark.parametrize("again", [1, 2])
async def test_each_test_gets_an_empty_database(database: Database, clock, again: int) -> None:
    async with database.writing() as tx:
        await enqueue(tx, "test", {"again": again}, clock=clock)

    async with database.reading() as session:
        assert await session.scalar(sa.select(sa.func.count()).select_from(OutboxJob)) == 1


@pytest.mark.parametrize("again", [1, 2])
async def test_each_test_gets_empty_shared_state(shared_state: SharedState, again: int) -> None:
    assert await shared_state.get("here") is None

    await shared_state.put("here", b"%d" % again, ttl_seconds=60)

    assert await shared_state.get("here") == b"%d" % again


async def test_the_engine_is_the_one_named(database: Database, engine_kind: str) -> None:
    async with database.reading() as session:
        assert session.get_bind().dialect.name.startswith(engine_kind)


def test_no_test_reaches_the_world() -> None:
    with socket.socket() as outside, pytest.raises(OutsideWorld):
        outside.connect(("192.0.2.1", 80))
    with pytest.raises(OutsideWorld):
        socket.getaddrinfo("example.org", 80)

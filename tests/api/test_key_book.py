"""Callers are known by heart, and a database that is away never turns one down."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError

from api.access.ad_settings import AdSettings
from api.access.key_book import KeyBook
from api.access.keys import KeyKind, NewKey, create_app, create_key, new_key, revoke_key
from kernel.clock import FrozenClock
from kernel.database import Database
from kernel.errors import Forbidden, Unauthenticated, Unavailable
from kernel.shared_state import SharedState
from tollfree_sdk.contract import Delivery


class Door:
    """A database that can be taken away, and counts how often it is asked."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.fault: str | None = None
        self.asked = 0

    @contextlib.asynccontextmanager
    async def reading(self) -> AsyncIterator[Any]:
        self.asked += 1
        if self.fault == "down":
            raise OperationalError("SELECT", {}, OSError("connection refused"))
        if self.fault == "hangs":
            await asyncio.Event().wait()
        async with self._database.reading() as session:
            yield session


async def a_key(
    database: Database, clock: FrozenClock, kind: KeyKind = KeyKind.LIVE, **ads: Any
) -> NewKey:
    async with database.writing() as tx:
        app_id = await create_app(
            tx, organisation_id="org_1", name="Shop", clock=clock, ads=AdSettings(**ads)
        )
        return await create_key(tx, app_id, kind=kind, clock=clock)


async def revoke(database: Database, key: NewKey, clock: FrozenClock) -> str:
    async with database.writing() as tx:
        return await revoke_key(tx, key.key_id, clock=clock)


def bearer(key: NewKey) -> str:
    return f"Bearer {key.secret}"


class TestACaller:
    async def test_is_known_with_the_settings_of_the_app(
        self, database: Database, clock: FrozenClock
    ) -> None:
        key = await a_key(
            database, clock, KeyKind.TEST, delivery=Delivery.BOTH, blocked_domains=("x.example",)
        )

        caller = await KeyBook(database, clock).verify(bearer(key))

        assert caller.key_id == key.key_id
        assert caller.kind is KeyKind.TEST
        assert caller.ads == AdSettings(delivery=Delivery.BOTH, blocked_domains=("x.example",))

    @pytest.mark.parametrize(
        "header",
        [None, "", "Bearer", "Bearer sk-123", "Basic dXNlcg==", "Bearer tf_live_' OR 1=1", "\x00"],
    )
    async def test_without_a_key_is_turned_down_without_a_look(
        self, header: str | None, database: Database, clock: FrozenClock
    ) -> None:
        door = Door(database)

        with pytest.raises(Unauthenticated):
            await KeyBook(door, clock).verify(header)

        assert door.asked == 0

    async def test_with_an_unknown_key_is_turned_down(
        self, database: Database, clock: FrozenClock
    ) -> None:
        with pytest.raises(Unauthenticated):
            await KeyBook(database, clock).verify(f"Bearer {new_key(KeyKind.LIVE)[0]}")

    async def test_is_looked_up_once_for_many_calls(
        self, database: Database, clock: FrozenClock
    ) -> None:
        key, door = await a_key(database, clock), Door(database)
        book = KeyBook(door, clock)

        await asyncio.gather(*(book.verify(bearer(key)) for _ in range(50)))
        for _ in range(50):
            await book.verify(bearer(key))

        assert door.asked == 1


class TestAnAppThatWasStopped:
    async def test_is_refused_with_its_next_call_and_served_again_when_it_goes_on(
        self, database: Database, clock: FrozenClock
    ) -> None:
        key, stopped = await a_key(database, clock), set[str]()
        book = KeyBook(database, clock, is_stopped=lambda app_id: app_id in stopped)
        caller = await book.verify(bearer(key))

        stopped.add(caller.app_id)
        with pytest.raises(Forbidden) as refused:
            await book.verify(bearer(key))
        stopped.clear()

        assert refused.value.code == "app_stopped"
        assert caller.app_id in refused.value.message
        assert await book.verify(bearer(key)) == caller


class TestARevokedKey:
    async def test_stops_at_once_when_the_book_is_told(
        self, database: Database, clock: FrozenClock
    ) -> None:
        key, book = await a_key(database, clock), KeyBook(database, clock)
        await book.verify(bearer(key))

        await book.forget(await revoke(database, key, clock))

        with pytest.raises(Unauthenticated):
            await book.verify(bearer(key))

    async def test_stops_by_itself_within_seconds_when_nobody_tells(
        self, database: Database, clock: FrozenClock
    ) -> None:
        key, book = await a_key(database, clock), KeyBook(database, clock)
        await book.verify(bearer(key))
        await revoke(database, key, clock)

        clock.advance(seconds=31)

        with pytest.raises(Unauthenticated):
            await book.verify(bearer(key))

    async def test_stops_in_other_processes_too(
        self, shared_state: SharedState, database: Database, clock: FrozenClock
    ) -> None:
        key = await a_key(database, clock)
        here, there = (KeyBook(database, clock, shared_state) for _ in range(2))
        listening = asyncio.create_task(there.run())
        await asyncio.sleep(0.1)
        await there.verify(bearer(key))

        await here.forget(await revoke(database, key, clock))

        async with asyncio.timeout(5):
            while True:
                try:
                    await there.verify(bearer(key))
                except Unauthenticated:
                    break
                await asyncio.sleep(0.01)
        listening.cancel()


class TestADatabaseThatIsAway:
    @pytest.mark.parametrize("fault", ["down", "hangs"])
    async def test_turns_no_known_key_down(
        self, fault: str, database: Database, clock: FrozenClock
    ) -> None:
        key, door = await a_key(database, clock), Door(database)
        book = KeyBook(door, clock)
        known = await book.verify(bearer(key))
        door.fault = fault

        for _ in range(3):
            clock.advance(seconds=40)
            assert await asyncio.wait_for(book.verify(bearer(key)), timeout=1) == known

    async def test_is_asked_again_when_it_is_back(
        self, database: Database, clock: FrozenClock
    ) -> None:
        key, door = await a_key(database, clock), Door(database)
        book = KeyBook(door, clock, look_deadline_seconds=0.3)
        await book.verify(bearer(key))
        await revoke(database, key, clock)
        door.fault = "hangs"
        clock.advance(seconds=40)
        await book.verify(bearer(key))
        await asyncio.sleep(0.2)

        door.fault = None
        clock.advance(seconds=40)

        with pytest.raises(Unauthenticated):
            await book.verify(bearer(key))

    async def test_makes_an_unknown_key_a_503_and_never_a_401(
        self, database: Database, clock: FrozenClock
    ) -> None:
        key, door = await a_key(database, clock), Door(database)
        book = KeyBook(door, clock)
        door.fault = "down"

        with pytest.raises(Unavailable):
            await book.verify(bearer(key))

        door.fault = None
        assert (await book.verify(bearer(key))).key_id == key.key_id


async def test_the_book_stays_within_its_size(database: Database, clock: FrozenClock) -> None:
    book = KeyBook(database, clock, capacity=3)

    for _ in range(6):
        with pytest.raises(Unauthenticated):
            await book.verify(f"Bearer {new_key(KeyKind.LIVE)[0]}")

    assert len(book._entries) == 3

"""Sessions end when they should, at once and everywhere."""

import sqlalchemy as sa

from kernel.clock import FrozenClock
from kernel.database import Database
from tests.web.residents import a_person
from web.sessions import (
    Visitor,
    end_all_sessions,
    end_session,
    note_seen,
    open_session,
    visitor_of,
)


async def opened(database: Database, clock: FrozenClock, person_id: object) -> str:
    async with database.writing() as tx:
        return await open_session(tx, person_id, clock=clock)  # type: ignore[arg-type]


async def holder(database: Database, clock: FrozenClock, token: str) -> Visitor | None:
    async with database.reading() as session:
        return await visitor_of(session, token, clock=clock)


class TestASession:
    async def test_belongs_to_whom_it_was_opened_for(
        self, database: Database, clock: FrozenClock
    ) -> None:
        person = await a_person(database, clock)

        visitor = await holder(database, clock, await opened(database, clock, person.id))

        assert visitor is not None
        assert visitor.person == person
        assert visitor.current is not None
        assert visitor.current.organisation.name.startswith("House of")

    async def test_stores_only_a_digest_of_its_token(
        self, database: Database, clock: FrozenClock
    ) -> None:
        person = await a_person(database, clock)

        token = await opened(database, clock, person.id)

        async with database.reading() as session:
            row = (await session.execute(sa.text("SELECT * FROM sign_in_session"))).one()
        assert token not in str(row)

    async def test_ends_after_three_days_without_a_visit(
        self, database: Database, clock: FrozenClock
    ) -> None:
        token = await opened(database, clock, (await a_person(database, clock)).id)

        clock.advance(days=2)
        kept = await holder(database, clock, token)
        clock.advance(days=2)

        assert kept is not None
        assert kept.seen_is_old
        assert await holder(database, clock, token) is None

    async def test_ends_after_fourteen_days_however_busy(
        self, database: Database, clock: FrozenClock
    ) -> None:
        token = await opened(database, clock, (await a_person(database, clock)).id)

        for _ in range(7):
            clock.advance(days=1, hours=23)
            visitor = await holder(database, clock, token)
            assert visitor is not None
            async with database.writing() as tx:
                await note_seen(tx, visitor.session_id, clock=clock)
        clock.advance(hours=8)

        assert await holder(database, clock, token) is None

    async def test_counts_no_more_once_it_is_ended(
        self, database: Database, clock: FrozenClock
    ) -> None:
        person = await a_person(database, clock)
        here = await opened(database, clock, person.id)
        there = await opened(database, clock, person.id)
        visitor = await holder(database, clock, here)
        assert visitor is not None

        async with database.writing() as tx:
            await end_session(tx, visitor.session_id, clock=clock)

        assert await holder(database, clock, here) is None
        assert await holder(database, clock, there) is not None

    async def test_can_be_ended_everywhere_at_once(
        self, database: Database, clock: FrozenClock
    ) -> None:
        person = await a_person(database, clock)
        tokens = [await opened(database, clock, person.id) for _ in range(3)]

        async with database.writing() as tx:
            await end_all_sessions(tx, person.id, clock=clock)

        assert [await holder(database, clock, token) for token in tokens] == [None] * 3

    async def test_of_a_disabled_person_opens_nothing(
        self, database: Database, clock: FrozenClock
    ) -> None:
        token = await opened(database, clock, (await a_person(database, clock)).id)

        async with database.writing() as tx:
            await tx.execute(
                sa.text("UPDATE person SET disabled_at = created_at WHERE email IS NOT NULL")
            )

        assert await holder(database, clock, token) is None

    async def test_shows_no_organisation_that_the_person_has_left(
        self, database: Database, clock: FrozenClock
    ) -> None:
        token = await opened(database, clock, (await a_person(database, clock)).id)

        async with database.writing() as tx:
            await tx.execute(sa.text("DELETE FROM member"))

        visitor = await holder(database, clock, token)
        assert visitor is not None
        assert visitor.current is None

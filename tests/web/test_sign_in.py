"""Signing in refuses everything wrong alike, and not too often."""

import pytest
import sqlalchemy as sa

from kernel.clock import FrozenClock
from kernel.database import Database
from kernel.errors import QuotaExceeded, Unavailable
from kernel.shared_state import InProcessState, SharedState
from tests.web.residents import EMAIL, PASSWORD, a_person
from web.sessions import visitor_of
from web.sign_in import (
    PER_ADDRESS,
    PER_PERSON,
    Credentials,
    SignInDesk,
    SignInRefused,
    attempts_key,
)


def credentials(
    email: str = EMAIL, password: str = PASSWORD, address: str = "192.0.2.7"
) -> Credentials:
    return Credentials(email, password, address, "a browser")


class AwayState(InProcessState):
    """Shared state whose server is down."""

    async def add(self, key: str, amount: int, *, ttl_seconds: float) -> int:
        raise Unavailable("The shared state does not answer.")

    async def remove(self, key: str) -> None:
        raise Unavailable("The shared state does not answer.")


class TestSigningIn:
    async def test_opens_a_session_and_leaves_an_audit_row(
        self, database: Database, clock: FrozenClock, shared_state: SharedState
    ) -> None:
        person = await a_person(database, clock)
        desk = SignInDesk(database, shared_state, clock)

        token = await desk.sign_in(credentials(email=f" {EMAIL.upper()}"))

        async with database.reading() as session:
            visitor = await visitor_of(session, token, clock=clock)
            logged = (
                await session.execute(sa.text("SELECT action, subject FROM audit_event"))
            ).all()
        assert visitor is not None
        assert visitor.person == person
        assert [tuple(row) for row in logged] == [("person.signed_in", person.id)]

    @pytest.mark.parametrize(
        "wrong",
        [
            credentials(password="wrong horse battery"),
            credentials(password=""),
            credentials(password="x" * 5_000),
            credentials(email="nobody@strideworks.example"),
            credentials(email="not an address"),
            credentials(email="' OR 1=1 --"),
        ],
    )
    async def test_refuses_everything_wrong_with_the_same_words(
        self, database: Database, clock: FrozenClock, wrong: Credentials
    ) -> None:
        await a_person(database, clock)
        desk = SignInDesk(database, InProcessState(clock), clock)

        with pytest.raises(SignInRefused, match="do not go together"):
            await desk.sign_in(wrong)

    async def test_renews_a_hash_that_was_made_with_weaker_settings(
        self, database: Database, clock: FrozenClock
    ) -> None:
        from argon2 import PasswordHasher

        await a_person(database, clock)
        weak = PasswordHasher(time_cost=1, memory_cost=8_192, parallelism=1).hash(PASSWORD)
        async with database.writing() as tx:
            await tx.execute(sa.text("UPDATE person SET password_hash = :weak"), {"weak": weak})

        await SignInDesk(database, InProcessState(clock), clock).sign_in(credentials())

        async with database.reading() as session:
            stored = await session.scalar(sa.text("SELECT password_hash FROM person"))
        assert "m=65536" in str(stored)


class TestTooManyAttempts:
    async def test_stop_the_right_password_too_until_the_window_is_over(
        self, database: Database, clock: FrozenClock
    ) -> None:
        await a_person(database, clock)
        desk = SignInDesk(database, InProcessState(clock), clock)
        for _ in range(10):
            with pytest.raises(SignInRefused):
                await desk.sign_in(credentials(password="wrong"))

        with pytest.raises(QuotaExceeded, match="fifteen minutes"):
            await desk.sign_in(credentials())
        clock.advance(minutes=16)

        assert await desk.sign_in(credentials())

    async def test_are_counted_here_when_the_shared_state_is_away(
        self, database: Database, clock: FrozenClock
    ) -> None:
        await a_person(database, clock)
        desk = SignInDesk(database, AwayState(clock), clock)
        for _ in range(10):
            with pytest.raises(SignInRefused):
                await desk.sign_in(credentials(password="wrong"))

        with pytest.raises(QuotaExceeded):
            await desk.sign_in(credentials())

    async def test_are_forgotten_after_the_right_password(
        self, database: Database, clock: FrozenClock, shared_state: SharedState
    ) -> None:
        await a_person(database, clock)
        desk = SignInDesk(database, shared_state, clock)
        key = attempts_key("person", EMAIL)
        await shared_state.add(key, PER_PERSON - 1, ttl_seconds=60)

        await desk.sign_in(credentials())

        assert await shared_state.get(key) is None

    async def test_from_one_place_stop_all_addresses_there(
        self, database: Database, clock: FrozenClock
    ) -> None:
        state = InProcessState(clock)
        desk = SignInDesk(database, state, clock)
        await state.add(attempts_key("address", "192.0.2.7"), PER_ADDRESS - 1, ttl_seconds=900)

        with pytest.raises(SignInRefused):
            await desk.sign_in(credentials(email="one@a.example"))
        with pytest.raises(QuotaExceeded):
            await desk.sign_in(credentials(email="another@a.example"))
        with pytest.raises(SignInRefused):
            await desk.sign_in(credentials(email="another@a.example", address="192.0.2.8"))

"""People and organisations: one person for an address, one role in an organisation."""

import pytest
import sqlalchemy as sa

from kernel.clock import FrozenClock
from kernel.database import Database
from kernel.errors import BadRequest, Conflict
from kernel.shared_state import InProcessState
from tests.web.residents import EMAIL, PASSWORD, a_person
from web.organisations import add_member, create_organisation, memberships_of
from web.people import create_person, person_by_email, set_password
from web.roles import Role
from web.sign_in import Credentials, SignInDesk, SignInRefused


class TestAPerson:
    async def test_is_found_by_address_whatever_its_case(
        self, database: Database, clock: FrozenClock
    ) -> None:
        person = await a_person(database, clock)

        async with database.reading() as session:
            found = await person_by_email(session, "  Ada@StrideWorks.example ")

        assert found == person

    async def test_cannot_be_created_twice(self, database: Database, clock: FrozenClock) -> None:
        await a_person(database, clock)

        async with database.writing() as tx:
            with pytest.raises(Conflict, match="Sign in instead"):
                await create_person(tx, email=EMAIL.upper(), password=PASSWORD, clock=clock)

    @pytest.mark.parametrize("email", ["", "ada", "ada@", "ada@host", "a b@c.example", "a@b@c.d"])
    async def test_needs_an_address(
        self, database: Database, clock: FrozenClock, email: str
    ) -> None:
        async with database.writing() as tx:
            with pytest.raises(BadRequest, match="e-mail address"):
                await create_person(tx, email=email, password=PASSWORD, clock=clock)

    @pytest.mark.parametrize("password", ["", "short", "x" * 201])
    async def test_needs_a_password_that_protects(
        self, database: Database, clock: FrozenClock, password: str
    ) -> None:
        async with database.writing() as tx:
            with pytest.raises(BadRequest, match="10 to 200"):
                await create_person(tx, email=EMAIL, password=password, clock=clock)

    async def test_leaves_no_password_in_the_database(
        self, database: Database, clock: FrozenClock
    ) -> None:
        await a_person(database, clock)

        async with database.reading() as session:
            row = (await session.execute(sa.text("SELECT * FROM person"))).one()

        assert PASSWORD not in str(row)
        assert "$argon2id$" in str(row)

    async def test_can_get_another_password(self, database: Database, clock: FrozenClock) -> None:
        person = await a_person(database, clock)

        async with database.writing() as tx:
            await set_password(tx, person.id, "another horse battery")

        desk = SignInDesk(database, InProcessState(clock), clock)
        with pytest.raises(SignInRefused):
            await desk.sign_in(Credentials(EMAIL, PASSWORD, "192.0.2.7", ""))
        assert await desk.sign_in(Credentials(EMAIL, "another horse battery", "192.0.2.7", ""))


class TestMembership:
    async def test_has_one_role_in_each_organisation(
        self, database: Database, clock: FrozenClock
    ) -> None:
        person = await a_person(database, clock, role=Role.BILLING)

        async with database.reading() as session:
            memberships = await memberships_of(session, person.id)

        assert [one.role for one in memberships] == [Role.BILLING]

    async def test_cannot_be_given_twice(self, database: Database, clock: FrozenClock) -> None:
        person = await a_person(database, clock, role=None)

        async with database.writing() as tx:
            house = await create_organisation(tx, name="  Stride   works ", clock=clock)
            await add_member(tx, organisation_id=house.id, person_id=person.id, clock=clock)
            with pytest.raises(Conflict, match="member already"):
                await add_member(tx, organisation_id=house.id, person_id=person.id, clock=clock)

        assert house.name == "Stride works"

    async def test_needs_an_organisation_with_a_name(
        self, database: Database, clock: FrozenClock
    ) -> None:
        async with database.writing() as tx:
            with pytest.raises(BadRequest, match="1 to 120"):
                await create_organisation(tx, name="   ", clock=clock)

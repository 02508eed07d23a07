"""People who can sign in."""

from kernel.clock import FrozenClock
from kernel.database import Database
from web.organisations import add_member, create_organisation
from web.people import Person, create_person
from web.roles import Role

PASSWORD = "correct horse battery"
EMAIL = "ada@strideworks.example"


async def a_person(
    database: Database, clock: FrozenClock, *, email: str = EMAIL, role: Role | None = Role.OWNER
) -> Person:
    """Someone who can sign in, in an organisation of their own unless `role` is None."""
    async with database.writing() as tx:
        person = await create_person(tx, email=email, password=PASSWORD, clock=clock)
        if role is not None:
            house = await create_organisation(tx, name=f"House of {email}", clock=clock)
            await add_member(
                tx, organisation_id=house.id, person_id=person.id, role=role, clock=clock
            )
    return person

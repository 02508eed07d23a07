"""People: who can sign in.

Owns the e-mail address as identity: one person per address, compared without regard to case.
Never hands out a password hash except to `web.sign_in`.
"""

import re
from dataclasses import dataclass
from typing import Final, NewType

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.clock import Clock
from kernel.database import WriteSession
from kernel.errors import BadRequest, Conflict
from kernel.ids import new_id
from web.passwords import hash_password
from web.tables import PersonRow

PersonId = NewType("PersonId", str)

# Deliberately plain: one @, no spaces, a dot in the domain. Only a mail that arrives proves more.
_ADDRESS: Final = re.compile(r"[^@\s]{1,64}@[^@\s.]+(\.[^@\s.]+)+")


@dataclass(frozen=True)
class Person:
    """``Person("per_01…", "ada@strideworks.example", "Ada Byron", is_operator=False)``."""

    id: PersonId
    email: str
    name: str
    is_operator: bool


def normal_address(email: str) -> str:
    """The form in which an address is stored and compared. Raises BadRequest if it is none."""
    address = email.strip().lower()
    if len(address) > 254 or not _ADDRESS.fullmatch(address):
        raise BadRequest("Give an e-mail address such as ada@example.com.", param="email")
    return address


async def create_person(
    tx: WriteSession,
    *,
    email: str,
    password: str,
    clock: Clock,
    name: str = "",
    is_operator: bool = False,
) -> Person:
    """Add a person. Raises Conflict when the address is taken, BadRequest when it is none."""
    address = normal_address(email)
    if await person_by_email(tx, address) is not None:
        raise Conflict("This e-mail address is in use. Sign in instead.", param="email")
    row = PersonRow(
        id=new_id("per"),
        email=address,
        name=name.strip(),
        password_hash=await hash_password(password),
        is_operator=is_operator,
        created_at=clock.now(),
    )
    tx.add(row)
    await tx.flush()
    return _person(row)


async def confirmed_person(
    tx: WriteSession, *, email: str, password_hash: str, clock: Clock
) -> Person:
    """Add a person who has shown that the address is theirs. Raises Conflict when it is taken."""
    address = normal_address(email)
    if await person_by_email(tx, address) is not None:
        raise Conflict("This e-mail address is in use. Sign in instead.", param="email")
    row = PersonRow(
        id=new_id("per"),
        email=address,
        name="",
        password_hash=password_hash,
        is_operator=False,
        created_at=clock.now(),
        email_confirmed_at=clock.now(),
    )
    tx.add(row)
    await tx.flush()
    return _person(row)


async def arrived_person(tx: WriteSession, *, email: str, clock: Clock) -> Person:
    """Add a person who came by a code sent to the address, and has no password."""
    address = normal_address(email)
    row = PersonRow(
        id=new_id("per"),
        email=address,
        name="",
        password_hash=None,
        is_operator=False,
        created_at=clock.now(),
        email_confirmed_at=clock.now(),
    )
    tx.add(row)
    await tx.flush()
    return _person(row)


async def has_password(session: AsyncSession, person_id: PersonId) -> bool:
    """Whether the person signs in with a password, and so never by a code alone."""
    row = await session.get_one(PersonRow, person_id)
    return row.password_hash is not None or row.is_operator


async def set_password(tx: WriteSession, person_id: PersonId, password: str) -> None:
    """Replace a password. Raises BadRequest for one that is too short or too long."""
    row = await tx.get_one(PersonRow, person_id)
    row.password_hash = await hash_password(password)


async def person_by_email(session: AsyncSession, email: str) -> Person | None:
    """The person with this address, if any."""
    row = await session.scalar(sa.select(PersonRow).where(PersonRow.email == normal_address(email)))
    return None if row is None else _person(row)


def _person(row: PersonRow) -> Person:
    return Person(PersonId(row.id), row.email, row.name, row.is_operator)

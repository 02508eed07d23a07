"""Joining: an application first, a person when the letter has been answered.

Nothing that others can see exists before the address is confirmed, so nobody can occupy somebody
else's. A link works once and for two days; a newer application replaces older ones.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.clock import Clock
from kernel.database import WriteSession
from kernel.errors import NotFound
from kernel.ids import new_id
from web.link_tokens import digest, new_token
from web.organisations import Organisation, add_member, create_organisation
from web.people import Person, confirmed_person, normal_address
from web.tables import SignUpRow

GOOD_FOR: Final = timedelta(days=2)


@dataclass(frozen=True)
class Application:
    """Who wants to join. The password is a hash by now."""

    email: str
    password_hash: str
    organisation: str
    domain: str


@dataclass(frozen=True)
class Newcomer:
    """A person with an organisation of their own, and the domain they gave."""

    person: Person
    organisation: Organisation
    domain: str


async def apply(tx: WriteSession, wanted: Application, *, clock: Clock) -> str:
    """Keep the application and return the token for the letter."""
    address = normal_address(wanted.email)
    await tx.execute(
        sa.delete(SignUpRow).where(SignUpRow.email == address, SignUpRow.used_at.is_(None))
    )
    token, kept = new_token()
    tx.add(
        SignUpRow(
            id=new_id("sup"),
            token_digest=kept,
            email=address,
            password_hash=wanted.password_hash,
            organisation_name=wanted.organisation,
            domain=wanted.domain,
            created_at=clock.now(),
            expires_at=clock.now() + GOOD_FOR,
        )
    )
    await tx.flush()
    return token


async def waiting(session: AsyncSession, token: str, *, clock: Clock) -> str | None:
    """The address that a link confirms; None for a link that is used, old or unknown."""
    row = await session.scalar(_open(token, clock))
    return None if row is None else row.email


async def confirm(tx: WriteSession, token: str, *, clock: Clock) -> Newcomer:
    """Make the person and the organisation. Raises NotFound for a link that does not work."""
    row = await tx.scalar(_open(token, clock).with_for_update())
    if row is None:
        raise NotFound("This link was used already, or is too old. Sign in, or sign up again.")
    row.used_at = clock.now()
    person = await confirmed_person(
        tx, email=row.email, password_hash=row.password_hash, clock=clock
    )
    organisation = await create_organisation(tx, name=row.organisation_name, clock=clock)
    await add_member(tx, organisation_id=organisation.id, person_id=person.id, clock=clock)
    return Newcomer(person, organisation, row.domain)


def _open(token: str, clock: Clock) -> sa.Select[SignUpRow]:
    return sa.select(SignUpRow).where(
        SignUpRow.token_digest == digest(token),
        SignUpRow.used_at.is_(None),
        SignUpRow.expires_at > clock.now(),
    )

"""Organisations and their members.

An organisation owns advertisers, apps and publishers; a person reaches them only as its member,
with exactly one role. Names are for people and need not be unique.
"""

from dataclasses import dataclass
from typing import NewType

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.clock import Clock
from kernel.database import WriteSession
from kernel.errors import BadRequest, Conflict
from kernel.ids import new_id
from web.people import PersonId
from web.roles import Role
from web.tables import MemberRow, OrganisationRow

OrganisationId = NewType("OrganisationId", str)


@dataclass(frozen=True)
class Organisation:
    """``Organisation("org_01…", "Strideworks")``."""

    id: OrganisationId
    name: str


@dataclass(frozen=True)
class Membership:
    """One organisation of a person and the role in it."""

    organisation: Organisation
    role: Role


async def create_organisation(tx: WriteSession, *, name: str, clock: Clock) -> Organisation:
    """Add an organisation without members. Raises BadRequest for an empty or long name."""
    trimmed = " ".join(name.split())
    if not 1 <= len(trimmed) <= 120:
        raise BadRequest("An organisation's name has 1 to 120 characters.", param="name")
    row = OrganisationRow(id=new_id("org"), name=trimmed, created_at=clock.now())
    tx.add(row)
    await tx.flush()
    return Organisation(OrganisationId(row.id), row.name)


async def add_member(
    tx: WriteSession,
    *,
    organisation_id: str,
    person_id: str,
    clock: Clock,
    role: Role | str = Role.OWNER,
) -> None:
    """Make the person a member. Raises Conflict when they are one already."""
    if await tx.get(MemberRow, (organisation_id, person_id)) is not None:
        raise Conflict("This person is a member already. Change the role instead.")
    tx.add(
        MemberRow(
            organisation_id=organisation_id,
            person_id=person_id,
            role=Role(role).value,
            created_at=clock.now(),
        )
    )
    await tx.flush()


async def memberships_of(session: AsyncSession, person_id: PersonId) -> list[Membership]:
    """The person's organisations, the oldest membership first."""
    rows = await session.execute(
        sa.select(OrganisationRow.id, OrganisationRow.name, MemberRow.role)
        .join(MemberRow, MemberRow.organisation_id == OrganisationRow.id)
        .where(MemberRow.person_id == person_id)
        .order_by(MemberRow.created_at, OrganisationRow.id)
    )
    return [
        Membership(Organisation(OrganisationId(key), name), Role(role)) for key, name, role in rows
    ]

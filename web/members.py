"""Who belongs to an organisation, and inviting more.

An invitation is a letter with a link that works once, for a week, and only for whoever holds the
address it was sent to. The last owner can neither leave nor step down, so that no organisation
is left without anyone who may act.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.clock import Clock
from kernel.database import WriteSession
from kernel.errors import Conflict, NotFound
from kernel.ids import new_id
from web.link_tokens import digest, new_token
from web.organisations import add_member
from web.people import Person, normal_address
from web.roles import Role
from web.tables import InvitationRow, MemberRow, OrganisationRow, PersonRow

GOOD_FOR: Final = timedelta(days=7)


@dataclass(frozen=True)
class Colleague:
    """One member as the list shows them."""

    person_id: str
    email: str
    name: str
    role: Role
    since: datetime


@dataclass(frozen=True)
class Invitation:
    """One open invitation."""

    invitation_id: str
    organisation_id: str
    organisation: str
    email: str
    role: Role
    expires_at: datetime


async def members_of(session: AsyncSession, organisation_id: str) -> list[Colleague]:
    """The members, the longest-standing first."""
    rows = await session.execute(
        sa.select(
            PersonRow.id, PersonRow.email, PersonRow.name, MemberRow.role, MemberRow.created_at
        )
        .join(MemberRow, MemberRow.person_id == PersonRow.id)
        .where(MemberRow.organisation_id == organisation_id)
        .order_by(MemberRow.created_at, PersonRow.id)
    )
    return [Colleague(key, email, name, Role(role), at) for key, email, name, role, at in rows]


async def invitations_of(
    session: AsyncSession, organisation_id: str, *, clock: Clock
) -> list[Invitation]:
    """The invitations that may still be accepted, newest first."""
    rows = await session.execute(
        _open(clock)
        .where(InvitationRow.organisation_id == organisation_id)
        .order_by(InvitationRow.id.desc())
    )
    return [_invitation(*row) for row in rows]


async def invite(
    tx: WriteSession, *, organisation_id: str, email: str, role: Role, by: str, clock: Clock
) -> tuple[str, str]:
    """A new invitation; returns its id and the token for the letter.

    Raises Conflict for a member. An older invitation to the same address no longer works.
    """
    address = normal_address(email)
    if any(one.email == address for one in await members_of(tx, organisation_id)):
        raise Conflict("This person is a member already. Change the role instead.", param="email")
    await tx.execute(
        sa.update(InvitationRow)
        .where(
            InvitationRow.organisation_id == organisation_id,
            InvitationRow.email == address,
            InvitationRow.accepted_at.is_(None),
            InvitationRow.withdrawn_at.is_(None),
        )
        .values(withdrawn_at=clock.now())
    )
    token, kept = new_token()
    row = InvitationRow(
        id=new_id("inv"),
        token_digest=kept,
        organisation_id=organisation_id,
        email=address,
        role=role.value,
        invited_by=by,
        created_at=clock.now(),
        expires_at=clock.now() + GOOD_FOR,
    )
    tx.add(row)
    await tx.flush()
    return row.id, token


async def invitation_of(session: AsyncSession, token: str, *, clock: Clock) -> Invitation:
    """The invitation behind a link. Raises NotFound for one that does not work any more."""
    found = await session.execute(_open(clock).where(InvitationRow.token_digest == digest(token)))
    row = found.one_or_none()
    if row is None:
        raise NotFound("This invitation was used, withdrawn or is too old. Ask for a new one.")
    return _invitation(*row)


async def accept(tx: WriteSession, token: str, person: Person, *, clock: Clock) -> Invitation:
    """Make the person a member. The caller has seen that the address is theirs."""
    invitation = await invitation_of(tx, token, clock=clock)
    if invitation.email != person.email:
        raise NotFound("This invitation is for another address. Sign in with that one.")
    taken = await tx.execute(
        sa.update(InvitationRow)
        .where(
            InvitationRow.id == invitation.invitation_id,
            InvitationRow.accepted_at.is_(None),
            InvitationRow.withdrawn_at.is_(None),
        )
        .values(accepted_at=clock.now())
        .returning(InvitationRow.id)
    )
    if not taken.all():
        raise NotFound("This invitation was used or withdrawn. Ask for a new one.")
    await add_member(
        tx,
        organisation_id=invitation.organisation_id,
        person_id=person.id,
        role=invitation.role,
        clock=clock,
    )
    return invitation


async def withdraw(
    tx: WriteSession, organisation_id: str, invitation_id: str, *, clock: Clock
) -> None:
    """Make the link worthless. Raises NotFound for an invitation that is not theirs."""
    found = await tx.execute(
        sa.update(InvitationRow)
        .where(
            InvitationRow.id == invitation_id,
            InvitationRow.organisation_id == organisation_id,
            InvitationRow.accepted_at.is_(None),
        )
        .values(withdrawn_at=clock.now())
        .returning(InvitationRow.id)
    )
    if not found.all():
        raise NotFound("There is no such invitation.")


async def change_role(
    tx: WriteSession, organisation_id: str, person_id: str, role: Role | None
) -> Role:
    """Give a member another role, or none: then they leave. Returns the role they had.

    Raises NotFound for somebody else's member and Conflict for the last owner.
    """
    # All members are locked: two owners who step down at the same moment must not both succeed.
    rows = await tx.scalars(
        sa.select(MemberRow)
        .where(MemberRow.organisation_id == organisation_id)
        .order_by(MemberRow.person_id)
        .with_for_update()
    )
    members = {row.person_id: row for row in rows}
    row = members.get(person_id)
    if row is None:
        raise NotFound("There is no such member.")
    before = Role(row.role)
    owners = [one for one in members.values() if one.role == Role.OWNER]
    if before is Role.OWNER and role is not Role.OWNER and len(owners) == 1:
        raise Conflict("An organisation keeps at least one owner. Make somebody else owner first.")
    if role is None:
        await tx.delete(row)
    else:
        row.role = role.value
    await tx.flush()
    return before


def _open(clock: Clock) -> sa.Select[InvitationRow, str]:
    return (
        sa.select(InvitationRow, OrganisationRow.name)
        .join(OrganisationRow, OrganisationRow.id == InvitationRow.organisation_id)
        .where(
            InvitationRow.accepted_at.is_(None),
            InvitationRow.withdrawn_at.is_(None),
            InvitationRow.expires_at > clock.now(),
        )
    )


def _invitation(row: InvitationRow, organisation: str) -> Invitation:
    return Invitation(
        row.id, row.organisation_id, organisation, row.email, Role(row.role), row.expires_at
    )

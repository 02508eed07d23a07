"""What one person keeps here: their sessions, everything we know of them, and the way out.

An export holds all that is stored about the person. Leaving erases what names them: address, name,
password, factors, passkeys, where sessions came from. The audit log keeps ids only, so nothing in it
names anybody afterwards. The last owner of an organisation with others in it cannot leave it alone.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.clock import Clock
from kernel.database import WriteSession
from kernel.errors import Conflict, NotFound
from web.account_tables import AccessTokenRow, PasskeyRow, RecoveryCodeRow, SecondFactorRow
from web.organisations import memberships_of
from web.people import Person, PersonId
from web.roles import Role
from web.sessions import IDLE, end_all_sessions
from web.tables import AuditEventRow, InvitationRow, MemberRow, PersonRow, SignInSessionRow


@dataclass(frozen=True)
class SignedIn:
    """One browser that is signed in."""

    session_id: str
    created_at: datetime
    last_seen_at: datetime
    address: str
    user_agent: str


async def sessions_of(session: AsyncSession, person_id: PersonId, now: datetime) -> list[SignedIn]:
    """The browsers where the person is signed in, latest first."""
    rows = await session.scalars(
        sa.select(SignInSessionRow)
        .where(
            SignInSessionRow.person_id == person_id,
            SignInSessionRow.revoked_at.is_(None),
            SignInSessionRow.expires_at > now,
            SignInSessionRow.last_seen_at > now - IDLE,
        )
        .order_by(SignInSessionRow.last_seen_at.desc(), SignInSessionRow.id)
    )
    return [
        SignedIn(row.id, row.created_at, row.last_seen_at, row.address, row.user_agent)
        for row in rows
    ]


async def end_one_session(
    tx: WriteSession, person_id: PersonId, session_id: str, *, clock: Clock
) -> None:
    """Sign one of the person's own browsers out. Raises NotFound for anybody else's."""
    ended = await tx.execute(
        sa.update(SignInSessionRow)
        .where(
            SignInSessionRow.id == session_id,
            SignInSessionRow.person_id == person_id,
            SignInSessionRow.revoked_at.is_(None),
        )
        .values(revoked_at=clock.now())
        .returning(SignInSessionRow.id)
    )
    if ended.first() is None:
        raise NotFound("You have no such session.")


async def end_other_sessions(
    tx: WriteSession, person_id: PersonId, own: str, *, clock: Clock
) -> None:
    """Sign the person out everywhere but here."""
    await tx.execute(
        sa.update(SignInSessionRow)
        .where(
            SignInSessionRow.person_id == person_id,
            SignInSessionRow.id != own,
            SignInSessionRow.revoked_at.is_(None),
        )
        .values(revoked_at=clock.now())
    )


async def exported(session: AsyncSession, person: Person) -> dict[str, Any]:
    """Everything stored about the person, as plain JSON; no hash, no digest, no key."""
    row = await session.get_one(PersonRow, person.id)
    factor = await session.get(SecondFactorRow, person.id)
    return {
        "person": _plain(row, "id", "email", "name", "created_at", "email_confirmed_at"),
        "memberships": [
            {"organisation": one.organisation.name, "id": one.organisation.id, "role": one.role}
            for one in await memberships_of(session, person.id)
        ],
        "code_generator_since": _value(factor.confirmed_at) if factor else None,
        "passkeys": await _rows(
            session, PasskeyRow, person.id, "name", "created_at", "last_used_at"
        ),
        "sessions": await _rows(
            session,
            SignInSessionRow,
            person.id,
            *("id", "created_at", "last_seen_at", "expires_at", "revoked_at"),
            *("address", "user_agent"),
        ),
        "changes": await _rows(
            session,
            AuditEventRow,
            person.id,
            *("at", "organisation_id", "action", "subject", "before", "after"),
        ),
    }


async def sole_owner_of(session: AsyncSession, person_id: PersonId) -> list[str]:
    """Organisations that would have no owner without this person."""
    own = [
        one.organisation.id
        for one in await memberships_of(session, person_id)
        if one.role is Role.OWNER
    ]
    sole: list[str] = []
    for organisation_id in own:
        others = await session.scalar(
            sa.select(sa.func.count()).where(
                MemberRow.organisation_id == organisation_id,
                MemberRow.role == Role.OWNER.value,
                MemberRow.person_id != person_id,
            )
        )
        if not others:
            sole.append(organisation_id)
    return sole


async def erase(tx: WriteSession, person: Person, *, clock: Clock) -> None:
    """Let the person go. Raises Conflict while others depend on them as the only owner."""
    for organisation_id in await sole_owner_of(tx, person.id):
        colleagues = await tx.scalar(
            sa.select(sa.func.count()).where(
                MemberRow.organisation_id == organisation_id, MemberRow.person_id != person.id
            )
        )
        if colleagues:
            raise Conflict("You are the only owner. Make somebody else an owner first.")
        await tx.execute(
            sa.update(AccessTokenRow)
            .where(
                AccessTokenRow.organisation_id == organisation_id,
                AccessTokenRow.revoked_at.is_(None),
            )
            .values(revoked_at=clock.now())
        )
    await end_all_sessions(tx, person.id, clock=clock)
    await tx.execute(
        sa.update(SignInSessionRow)
        .where(SignInSessionRow.person_id == person.id)
        .values(address="", user_agent="")
    )
    for table in (PasskeyRow, RecoveryCodeRow, SecondFactorRow, MemberRow):
        await tx.execute(sa.delete(table).where(table.person_id == person.id))
    await tx.execute(sa.delete(InvitationRow).where(InvitationRow.email == person.email))
    row = await tx.get_one(PersonRow, person.id)
    row.email, row.name, row.password_hash = f"{person.id}@erased.invalid", "", None
    row.disabled_at = clock.now()


async def _rows(
    session: AsyncSession, table: Any, person_id: PersonId, *names: str
) -> list[dict[str, Any]]:
    rows = await session.scalars(
        sa.select(table).where(table.person_id == person_id).order_by(table.id)
    )
    return [_plain(row, *names) for row in rows]


def _plain(row: Any, *names: str) -> dict[str, Any]:
    return {name: _value(getattr(row, name)) for name in names}


def _value(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value

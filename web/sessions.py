"""Server-side sessions: who is signed in, in which organisation.

The browser holds a random token, we hold its digest; ending a session is one update and counts at
once everywhere. A session ends after 14 days, or 3 days without a visit. A new token is made at
every sign-in, so a token planted before it is worth nothing.
"""

import hashlib
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, NewType

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.clock import Clock
from kernel.database import WriteSession
from kernel.ids import new_id, new_secret
from web.organisations import Membership, memberships_of
from web.people import Person, PersonId
from web.tables import PersonRow, SignInSessionRow

SessionId = NewType("SessionId", str)

LIFETIME: Final = timedelta(days=14)
IDLE: Final = timedelta(days=3)
# Seen times are kept to this grain, so that polling pages do not write at every request.
_SEEN_GRAIN: Final = timedelta(minutes=10)


@dataclass(frozen=True)
class Visitor:
    """Who asks: a signed-in person, the organisation being looked at, and the role in it."""

    session_id: SessionId
    person: Person
    memberships: tuple[Membership, ...]
    current: Membership | None
    seen_is_old: bool = False


async def open_session(
    tx: WriteSession,
    person_id: PersonId,
    *,
    clock: Clock,
    address: str = "",
    user_agent: str = "",
) -> str:
    """Begin a session and return its token; the token is shown once and never stored."""
    token = urlsafe_b64encode(new_secret(32)).decode().rstrip("=")
    now = clock.now()
    memberships = await memberships_of(tx, person_id)
    tx.add(
        SignInSessionRow(
            id=new_id("ses"),
            token_digest=_digest(token),
            person_id=person_id,
            organisation_id=memberships[0].organisation.id if memberships else None,
            created_at=now,
            last_seen_at=now,
            expires_at=now + LIFETIME,
            address=address[:64],
            user_agent=user_agent[:200],
        )
    )
    await tx.flush()
    return token


async def visitor_of(session: AsyncSession, token: str, *, clock: Clock) -> Visitor | None:
    """Who holds this token; None when it is unknown, ended or too old, or the person disabled."""
    now = clock.now()
    found = await session.execute(
        sa.select(SignInSessionRow, PersonRow)
        .join(PersonRow, PersonRow.id == SignInSessionRow.person_id)
        .where(
            SignInSessionRow.token_digest == _digest(token),
            SignInSessionRow.revoked_at.is_(None),
            SignInSessionRow.expires_at > now,
            SignInSessionRow.last_seen_at > now - IDLE,
            PersonRow.disabled_at.is_(None),
        )
    )
    row = found.one_or_none()
    if row is None:
        return None
    held, person = row
    memberships = tuple(await memberships_of(session, PersonId(person.id)))
    # Membership is read at every request: whoever leaves an organisation is out at once.
    current = next(
        (one for one in memberships if one.organisation.id == held.organisation_id), None
    )
    return Visitor(
        session_id=SessionId(held.id),
        person=Person(PersonId(person.id), person.email, person.name, person.is_operator),
        memberships=memberships,
        current=current or (memberships[0] if memberships else None),
        seen_is_old=now - held.last_seen_at > _SEEN_GRAIN,
    )


async def note_seen(tx: WriteSession, session_id: SessionId, *, clock: Clock) -> None:
    """Remember that the session is in use."""
    await tx.execute(
        sa.update(SignInSessionRow)
        .where(SignInSessionRow.id == session_id)
        .values(last_seen_at=clock.now())
    )


async def end_session(tx: WriteSession, session_id: SessionId, *, clock: Clock) -> None:
    """Sign this browser out."""
    await _end(tx, SignInSessionRow.id == session_id, clock)


async def end_all_sessions(tx: WriteSession, person_id: PersonId, *, clock: Clock) -> None:
    """Sign the person out everywhere."""
    await _end(tx, SignInSessionRow.person_id == person_id, clock)


async def _end(tx: WriteSession, which: sa.ColumnElement[bool], clock: Clock) -> None:
    await tx.execute(
        sa.update(SignInSessionRow)
        .where(which, SignInSessionRow.revoked_at.is_(None))
        .values(revoked_at=clock.now())
    )


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()

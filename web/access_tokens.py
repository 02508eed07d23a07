"""Tokens with which programs act for an organisation.

They look as `kernel.secret_keys` says, with the prefix tf_adv_. A token has one role, a name, perhaps
an end, and never more rights than a member of that role; with the role `conversions` an advertiser's
servers report conversions and can do nothing else. The secret is shown once.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.clock import Clock
from kernel.database import Database, WriteSession
from kernel.errors import BadRequest, Forbidden, NotFound, Unauthenticated
from kernel.ids import new_id
from kernel.secret_keys import digest_of, looks_right, new_key
from web.account_tables import AccessTokenRow
from web.roles import Act, TokenRole, may

PREFIX: Final = "tf_adv_"
MOST: Final = 50
LONGEST_DAYS: Final = 3_650
_HOW: Final = "Send your token as: Authorization: Bearer tf_adv_…"
_SEEN_GRAIN: Final = timedelta(minutes=10)


@dataclass(frozen=True)
class AccessToken:
    """A token as its organisation sees it."""

    token_id: str
    organisation_id: str
    name: str
    role: TokenRole
    shown: str
    created_by: str
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None


@dataclass(frozen=True)
class NewToken:
    """A token on the day it is made: the only time that its secret exists on our side."""

    token: AccessToken
    secret: str = field(repr=False)


async def create_token(
    tx: WriteSession,
    *,
    organisation_id: str,
    name: str,
    role: TokenRole,
    created_by: str,
    days: int | None,
    clock: Clock,
) -> NewToken:
    """A new token, good for `days` or until it is revoked. Raises BadRequest."""
    trimmed = " ".join(name.split())
    if not 1 <= len(trimmed) <= 60 or not trimmed.isprintable():
        raise BadRequest("Give the token a name of 1 to 60 characters.", param="name")
    if days is not None and not 1 <= days <= LONGEST_DAYS:
        raise BadRequest(f"A token lasts 1 to {LONGEST_DAYS} days.", param="days")
    if len(await tokens_of(tx, organisation_id)) >= MOST:
        raise BadRequest(f"{MOST} tokens are enough. Revoke one first.")
    secret, digest = new_key(PREFIX)
    row = AccessTokenRow(
        id=new_id("tok"),
        organisation_id=organisation_id,
        name=trimmed,
        role=role.value,
        digest=digest,
        shown=secret[: len(PREFIX) + 5],
        created_by=created_by,
        created_at=clock.now(),
        expires_at=None if days is None else clock.now() + timedelta(days=days),
        last_used_at=None,
        revoked_at=None,
    )
    tx.add(row)
    await tx.flush()
    return NewToken(_token(row), secret)


async def tokens_of(session: AsyncSession, organisation_id: str) -> list[AccessToken]:
    """Tokens that are not revoked, oldest first."""
    rows = await session.scalars(
        sa.select(AccessTokenRow)
        .where(
            AccessTokenRow.organisation_id == organisation_id,
            AccessTokenRow.revoked_at.is_(None),
        )
        .order_by(AccessTokenRow.id)
    )
    return [_token(row) for row in rows]


async def revoke_token(
    tx: WriteSession, organisation_id: str, token_id: str, *, clock: Clock
) -> None:
    """End a token at once. Raises NotFound for one of another organisation."""
    ended = await tx.execute(
        sa.update(AccessTokenRow)
        .where(
            AccessTokenRow.id == token_id,
            AccessTokenRow.organisation_id == organisation_id,
            AccessTokenRow.revoked_at.is_(None),
        )
        .values(revoked_at=clock.now())
        .returning(AccessTokenRow.id)
    )
    if ended.first() is None:
        raise NotFound("You have no such token.")


async def token_by_secret(
    session: AsyncSession, secret: str, *, clock: Clock
) -> AccessToken | None:
    """The token with this secret, unless it is revoked or over."""
    row = await session.scalar(
        sa.select(AccessTokenRow).where(
            AccessTokenRow.digest == digest_of(secret), AccessTokenRow.revoked_at.is_(None)
        )
    )
    if row is None or (row.expires_at is not None and row.expires_at <= clock.now()):
        return None
    return _token(row)


async def note_used(tx: WriteSession, token_id: str, *, clock: Clock) -> None:
    """Remember that the token is in use."""
    await tx.execute(
        sa.update(AccessTokenRow)
        .where(AccessTokenRow.id == token_id)
        .values(last_used_at=clock.now())
    )


def is_use_old(token: AccessToken, now: datetime) -> bool:
    """Whether the time of last use is worth writing again."""
    return token.last_used_at is None or now - token.last_used_at > _SEEN_GRAIN


async def token_calling(
    database: Database, authorization: str | None, act: Act, *, clock: Clock
) -> AccessToken:
    """The token in an Authorization header, allowed to perform `act`.

    Raises Unauthenticated or Forbidden.
    """
    scheme, _, secret = (authorization or "").partition(" ")
    secret = secret.strip()
    if scheme.lower() != "bearer" or not secret:
        raise Unauthenticated(_HOW, code="missing_api_key")
    if not looks_right(secret, PREFIX):
        raise Unauthenticated("This is not a token of an advertiser; they begin with tf_adv_.")
    async with database.reading() as session:
        token = await token_by_secret(session, secret, clock=clock)
    if token is None:
        raise Unauthenticated("This token is unknown, over or revoked.")
    if not may(token.role, act):
        raise Forbidden(
            f"This token is for the role {token.role.value}, which does not allow this."
        )
    if is_use_old(token, clock.now()):
        async with database.writing() as tx:
            await note_used(tx, token.token_id, clock=clock)
    return token


def _token(row: AccessTokenRow) -> AccessToken:
    return AccessToken(
        token_id=row.id,
        organisation_id=row.organisation_id,
        name=row.name,
        role=TokenRole(row.role),
        shown=row.shown,
        created_by=row.created_by,
        created_at=row.created_at,
        expires_at=row.expires_at,
        last_used_at=row.last_used_at,
    )

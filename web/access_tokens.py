"""Tokens with which programs act for an organisation.

    tf_adv_ + 32 characters (160 random bits) + 7 characters of checksum

A token has one role, a name, perhaps an end, and never more rights than a member of that role. The
secret is shown once; the digest is kept, since 160 random bits need no slow hash. The checksum tells
a mistyped token without asking the database.
"""

import hashlib
import re
import zlib
from base64 import b32encode
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.clock import Clock
from kernel.database import WriteSession
from kernel.errors import BadRequest, NotFound
from kernel.ids import new_id, new_secret
from web.account_tables import AccessTokenRow
from web.roles import Role

PREFIX: Final = "tf_adv_"
MOST: Final = 50
LONGEST_DAYS: Final = 3_650
_SHAPE: Final = re.compile(r"(tf_adv_[a-z2-7]{32})([a-z2-7]{7})")
_SEEN_GRAIN: Final = timedelta(minutes=10)


@dataclass(frozen=True)
class AccessToken:
    """A token as its organisation sees it."""

    token_id: str
    organisation_id: str
    name: str
    role: Role
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
    role: Role,
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
    secret = _new_secret()
    row = AccessTokenRow(
        id=new_id("tok"),
        organisation_id=organisation_id,
        name=trimmed,
        role=role.value,
        digest=digest_of(secret),
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


def looks_right(secret: str) -> bool:
    """Whether the checksum fits."""
    found = _SHAPE.fullmatch(secret)
    return found is not None and _checksum(found[1]) == found[2]


def digest_of(secret: str) -> str:
    """What is stored of a token."""
    return hashlib.sha256(secret.encode()).hexdigest()


def _new_secret() -> str:
    body = PREFIX + b32encode(new_secret(20)).decode().lower()
    return body + _checksum(body)


def _checksum(body: str) -> str:
    return b32encode(zlib.crc32(body.encode()).to_bytes(4, "big")).decode().lower().rstrip("=")


def _token(row: AccessTokenRow) -> AccessToken:
    return AccessToken(
        token_id=row.id,
        organisation_id=row.organisation_id,
        name=row.name,
        role=Role(row.role),
        shown=row.shown,
        created_by=row.created_by,
        created_at=row.created_at,
        expires_at=row.expires_at,
        last_used_at=row.last_used_at,
    )

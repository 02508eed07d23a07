"""Keys with which an advertiser's own servers report conversions.

    tf_adv_ + 32 characters (160 random bits) + 7 characters of checksum

The secret is shown once and only its digest is stored. A key reports for one advertiser and can do
nothing else; a revoked one stops at once, because it is looked up with every call.
"""

import base64
import hashlib
import re
import zlib
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from adserver.catalog.tables import AdvertiserKeyRow, AdvertiserRow
from kernel.clock import Clock
from kernel.database import WriteSession
from kernel.errors import NotFound, Unauthenticated
from kernel.ids import new_id, new_secret

_SHAPE: Final = re.compile(r"(tf_adv_[a-z2-7]{32})([a-z2-7]{7})")
_SHOWN: Final = 12


@dataclass(frozen=True, slots=True)
class NewAdvertiserKey:
    """A key on the day it is made: the only time that the secret exists on our side."""

    key_id: str
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class AdvertiserKey:
    """A key as its owner sees it later: ``AdvertiserKey("ak_…", "tf_adv_3fz9…", …)``."""

    key_id: str
    shown: str
    created_at: datetime
    revoked_at: datetime | None


async def create_advertiser_key(
    tx: WriteSession, advertiser_id: str, *, clock: Clock
) -> NewAdvertiserKey:
    """A fresh key. Raises NotFound for an unknown advertiser."""
    if await tx.get(AdvertiserRow, advertiser_id) is None:
        raise NotFound("There is no such advertiser.")
    body = "tf_adv_" + _base32(new_secret(20))
    secret = body + _checksum(body)
    key_id = new_id("ak")
    tx.add(
        AdvertiserKeyRow(
            id=key_id,
            advertiser_id=advertiser_id,
            digest=_digest(secret),
            shown=f"{secret[:_SHOWN]}…",
            created_at=clock.now(),
            revoked_at=None,
        )
    )
    await tx.flush()
    return NewAdvertiserKey(key_id, secret)


async def revoke_advertiser_key(
    tx: WriteSession, advertiser_id: str, key_id: str, *, clock: Clock
) -> None:
    """End a key. Raises NotFound for one that is unknown or another advertiser's."""
    row = await tx.get(AdvertiserKeyRow, key_id)
    if row is None or row.advertiser_id != advertiser_id:
        raise NotFound("There is no such key.")
    row.revoked_at = row.revoked_at or clock.now()


async def advertiser_keys(session: AsyncSession, advertiser_id: str) -> list[AdvertiserKey]:
    """The keys of an advertiser, newest first, revoked ones too."""
    rows = await session.scalars(
        sa.select(AdvertiserKeyRow)
        .where(AdvertiserKeyRow.advertiser_id == advertiser_id)
        .order_by(AdvertiserKeyRow.id.desc())
    )
    return [AdvertiserKey(row.id, row.shown, row.created_at, row.revoked_at) for row in rows]


async def advertiser_calling(session: AsyncSession, authorization: str | None) -> str:
    """The advertiser behind an Authorization header. Raises Unauthenticated."""
    scheme, _, secret = (authorization or "").partition(" ")
    parts = _SHAPE.fullmatch(secret.strip())
    if scheme.lower() != "bearer" or parts is None or _checksum(parts[1]) != parts[2]:
        raise Unauthenticated("Send your advertiser key as: Authorization: Bearer tf_adv_…")
    found = await session.scalar(
        sa.select(AdvertiserKeyRow.advertiser_id).where(
            AdvertiserKeyRow.digest == _digest(secret.strip()),
            AdvertiserKeyRow.revoked_at.is_(None),
        )
    )
    if found is None:
        raise Unauthenticated("This advertiser key is unknown or was revoked.")
    return found


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _checksum(body: str) -> str:
    return _base32(zlib.crc32(body.encode()).to_bytes(4, "big"))


def _base32(raw: bytes) -> str:
    return base64.b32encode(raw).decode().rstrip("=").lower()

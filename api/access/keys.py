"""Keys: how they look, and how apps get and lose them.

    tf_live_ + 27 characters of base 62 (160 random bits) + 6 characters of checksum

The checksum tells a mistyped key from an unknown one without asking the database. Only the SHA-256
of a key is stored: 160 random bits need no slow hash. The secret leaves this module once, in
`NewKey`. Checking a caller's key is the work of `api.access.key_book`.
"""

import hashlib
import re
import zlib
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from api.access.ad_settings import AdSettings, policy_of
from api.tables import ApiKey, App
from kernel.clock import Clock
from kernel.database import WriteSession
from kernel.errors import NotFound
from kernel.ids import new_id, new_secret

_DIGITS: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_LOOKS_RIGHT: Final = re.compile(r"(tf_(?:live|test)_[0-9A-Za-z]{27})([0-9A-Za-z]{6})", re.ASCII)
_SHOWN: Final = 12


class KeyKind(StrEnum):
    """A `test` key takes the same path, gets house ads and never bills."""

    LIVE = "live"
    TEST = "test"


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key on the day it is made: the only time that the secret exists on our side."""

    key_id: str
    secret: str = field(repr=False)
    shown: str


@dataclass(frozen=True, slots=True)
class ListedKey:
    """A key as people see it later."""

    key_id: str
    app_id: str
    app_name: str
    kind: KeyKind
    shown: str
    created_at: datetime
    revoked_at: datetime | None


def new_key(kind: KeyKind) -> tuple[str, str]:
    """A fresh key and the digest to store: ``("tf_live_3fZ9…", "9b1c…")``."""
    body = f"tf_{kind}_{_base62(int.from_bytes(new_secret(20), 'big'), 27)}"
    secret = body + _checksum(body)
    return secret, digest_of(secret)


def looks_like_a_key(secret: str) -> bool:
    """Whether form and checksum are right; says nothing about whether the key is known."""
    parts = _LOOKS_RIGHT.fullmatch(secret)
    return parts is not None and _checksum(parts[1]) == parts[2]


def digest_of(secret: str) -> str:
    """What is stored instead of the key."""
    return hashlib.sha256(secret.encode()).hexdigest()


async def create_app(
    tx: WriteSession,
    *,
    organisation_id: str,
    name: str,
    clock: Clock,
    ads: AdSettings | None = None,
    tier: str = "standard",
) -> str:
    """Add an app of an organisation; returns its id."""
    settings = ads or AdSettings()
    app = App(
        id=new_id("app"),
        organisation_id=organisation_id,
        name=name,
        ads_enabled=settings.enabled,
        delivery=settings.delivery.value,
        formats=[format_.value for format_ in settings.formats],
        blocked_categories=list(settings.blocked_categories),
        blocked_domains=list(settings.blocked_domains),
        ad_policy=policy_of(settings),
        tier=tier,
        created_at=clock.now(),
    )
    tx.add(app)
    await tx.flush()
    return app.id


async def create_key(
    tx: WriteSession, app_id: str, *, clock: Clock, kind: KeyKind = KeyKind.LIVE
) -> NewKey:
    """Give an app one more key. Raises NotFound when there is no such app."""
    if await tx.get(App, app_id) is None:
        raise NotFound(f"There is no app {app_id}. List the apps to see their ids.")
    secret, digest = new_key(kind)
    row = ApiKey(
        id=new_id("key"),
        app_id=app_id,
        kind=kind.value,
        digest=digest,
        shown=f"{secret[:_SHOWN]}…",
        created_at=clock.now(),
    )
    tx.add(row)
    await tx.flush()
    return NewKey(row.id, secret, row.shown)


async def revoke_key(tx: WriteSession, key_id: str, *, clock: Clock) -> str:
    """End a key, for good; a second time changes nothing. Returns the digest, for `KeyBook.forget`.

    Raises NotFound when there is no such key.
    """
    row = await tx.get(ApiKey, key_id)
    if row is None:
        raise NotFound(f"There is no key {key_id}. List the keys to see their ids.")
    row.revoked_at = row.revoked_at or clock.now()
    await tx.flush()
    return row.digest


async def list_keys(
    session: AsyncSession, *, organisation_id: str | None = None
) -> list[ListedKey]:
    """All keys, oldest first, or those of one organisation."""
    query = sa.select(ApiKey, App.name).join(App, App.id == ApiKey.app_id).order_by(ApiKey.id)
    if organisation_id is not None:
        query = query.where(App.organisation_id == organisation_id)
    rows = (await session.execute(query)).all()
    return [
        ListedKey(
            key_id=key.id,
            app_id=key.app_id,
            app_name=app_name,
            kind=KeyKind(key.kind),
            shown=key.shown,
            created_at=key.created_at,
            revoked_at=key.revoked_at,
        )
        for key, app_name in rows
    ]


def _checksum(body: str) -> str:
    return _base62(zlib.crc32(body.encode()), 6)


def _base62(number: int, length: int) -> str:
    digits = []
    for _ in range(length):
        number, digit = divmod(number, 62)
        digits.append(_DIGITS[digit])
    return "".join(reversed(digits))

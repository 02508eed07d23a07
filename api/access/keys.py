"""Keys of apps: how they get and lose them.

Keys look as `kernel.secret_keys` says, with the prefix tf_live_ or tf_test_. The secret leaves this
module once, in `NewKey`. Checking a caller's key is the work of `api.access.key_book`.
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from api.access.ad_settings import AdSettings, policy_of
from api.tables import ApiKey, App
from kernel import secret_keys
from kernel.clock import Clock
from kernel.database import WriteSession
from kernel.errors import NotFound
from kernel.ids import new_id
from kernel.secret_keys import looks_right, shown


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
    return secret_keys.new_key(f"tf_{kind}_")


def looks_like_a_key(secret: str) -> bool:
    """Whether form and checksum are right; says nothing about whether the key is known."""
    return looks_right(secret, "tf_live_", "tf_test_")


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
        shown=shown(secret),
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

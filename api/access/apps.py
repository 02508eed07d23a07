"""Apps as their organisation manages them: what they have, whose key it is, ads on or off."""

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from api.access.keys import KeyKind
from api.tables import ApiKey, App
from kernel.database import WriteSession
from kernel.errors import NotFound


@dataclass(frozen=True, slots=True)
class OwnedApp:
    """An app as its organisation sees it."""

    app_id: str
    name: str
    ads_enabled: bool
    tier: str


@dataclass(frozen=True, slots=True)
class OwnedKey:
    """A key that still works, and the app it belongs to."""

    key_id: str
    app_id: str
    kind: KeyKind


async def owner_of(session: AsyncSession, app_id: str) -> str | None:
    """The organisation that owns an app."""
    return await session.scalar(sa.select(App.organisation_id).where(App.id == app_id))


async def apps_of(session: AsyncSession, organisation_id: str) -> Sequence[OwnedApp]:
    """All apps of an organisation, oldest first."""
    query = sa.select(App).where(App.organisation_id == organisation_id).order_by(App.id)
    rows = (await session.scalars(query)).all()
    return [OwnedApp(row.id, row.name, row.ads_enabled, row.tier) for row in rows]


async def owned_key(session: AsyncSession, key_id: str, *, organisation_id: str) -> OwnedKey:
    """The key, if it is theirs and works. Raises NotFound, whoever else has it."""
    query = (
        sa.select(ApiKey)
        .join(App, App.id == ApiKey.app_id)
        .where(
            ApiKey.id == key_id,
            App.organisation_id == organisation_id,
            ApiKey.revoked_at.is_(None),
        )
    )
    row = await session.scalar(query)
    if row is None:
        raise NotFound("There is no such key here, or it was revoked already.")
    return OwnedKey(row.id, row.app_id, KeyKind(row.kind))


async def switch_ads(tx: WriteSession, app_id: str, *, organisation_id: str, enabled: bool) -> None:
    """Ads in the answers of this app, or none. Raises NotFound."""
    row = await tx.get(App, app_id)
    if row is None or row.organisation_id != organisation_id:
        raise NotFound("There is no such app here.")
    row.ads_enabled = enabled
    await tx.flush()

"""What apps and keys have chosen about ads, in the database.

Every change is checked against the rules of `ad_settings` before it is written. Who may change what
is the caller's question: a page asks its member, the API its key, the command line nobody. A change
holds in every process within seconds; `forget` the digests that a change returns, and it holds at once.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from api.access.ad_settings import (
    AdSettings,
    checked_for_app,
    checked_for_key,
    for_key,
    policy_of,
    told_of,
)
from api.tables import ApiKey, App
from kernel.database import WriteSession
from kernel.errors import NotFound
from tollfree_sdk.contract import Delivery, Format


@dataclass(frozen=True, slots=True)
class Chosen:
    """What one app or key has chosen; `own` is what a key says itself, `digests` whom it concerns."""

    app_id: str
    settings: AdSettings
    own: dict[str, Any]
    digests: tuple[str, ...] = ()


def settings_of(app: App) -> AdSettings:
    """An app's row as settings."""
    return AdSettings(
        enabled=app.ads_enabled,
        delivery=Delivery(app.delivery),
        formats=tuple(Format(name) for name in app.formats),
        blocked_categories=tuple(app.blocked_categories),
        blocked_domains=tuple(app.blocked_domains),
    ).with_values(app.ad_policy)


async def of_app(
    session: AsyncSession, app_id: str, *, organisation_id: str | None = None
) -> Chosen:
    """What an app has chosen. Raises NotFound, also for an app of another organisation."""
    app = await _app(session, app_id, organisation_id)
    settings = settings_of(app)
    return Chosen(app.id, settings, told_of(settings))


async def of_key(
    session: AsyncSession, key_id: str, *, organisation_id: str | None = None
) -> Chosen:
    """What holds for a key, and what of it is its own choice. Raises NotFound."""
    key, app = await _key(session, key_id, organisation_id)
    return Chosen(app.id, for_key(settings_of(app), key.ad_wishes), dict(key.ad_wishes))


async def change_app(
    tx: WriteSession,
    app_id: str,
    given: Mapping[str, Any],
    *,
    organisation_id: str | None = None,
) -> Chosen:
    """Set what is `given`, keep the rest. Raises NotFound and BadRequest."""
    app = await _app(tx, app_id, organisation_id)
    settings = checked_for_app(settings_of(app).with_values(given))
    app.ads_enabled, app.delivery = settings.enabled, settings.delivery.value
    app.formats = [one.value for one in settings.formats]
    app.blocked_categories = list(settings.blocked_categories)
    app.blocked_domains = list(settings.blocked_domains)
    app.ad_policy = policy_of(settings)
    await tx.flush()
    digests = await tx.scalars(sa.select(ApiKey.digest).where(ApiKey.app_id == app.id))
    return Chosen(app.id, settings, told_of(settings), tuple(digests.all()))


async def change_key(
    tx: WriteSession,
    key_id: str,
    given: Mapping[str, Any],
    *,
    organisation_id: str | None = None,
) -> Chosen:
    """Set what is `given`, keep the rest; None goes back to what the app has.

    Raises NotFound, and BadRequest where the app's policy forbids it.
    """
    key, app = await _key(tx, key_id, organisation_id)
    wishes = {**key.ad_wishes, **given}
    told = {name: value for name, value in wishes.items() if value is not None}
    settings = settings_of(app)
    key.ad_wishes = checked_for_key(settings, told)
    await tx.flush()
    return Chosen(app.id, for_key(settings, key.ad_wishes), dict(key.ad_wishes), (key.digest,))


async def _app(session: AsyncSession, app_id: str, organisation_id: str | None) -> App:
    app = await session.get(App, app_id)
    if app is None or organisation_id not in {None, app.organisation_id}:
        raise NotFound("There is no such app here.")
    return app


async def _key(
    session: AsyncSession, key_id: str, organisation_id: str | None
) -> tuple[ApiKey, App]:
    found = await session.execute(
        sa.select(ApiKey, App)
        .join(App, App.id == ApiKey.app_id)
        .where(ApiKey.id == key_id, ApiKey.revoked_at.is_(None))
    )
    row = found.one_or_none()
    if row is None or organisation_id not in {None, row[1].organisation_id}:
        raise NotFound("There is no such key here, or it was revoked already.")
    return row[0], row[1]

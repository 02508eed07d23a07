"""Which caller a key belongs to, from memory.

The database is asked when a key is first seen and again when an entry has grown old; news of a
revoked key arrives through the shared state at once. Identity fails in one direction only: a key
that we know keeps working while the database is away, and a key that we cannot check is answered
503, never 401.

    age of an entry     0 ── 5 s ──────── 30 s ─────────────── 24 h
    what happens        use  use, look    look (250 ms), else   look or 503
                             beside it    use what we know
"""

import asyncio
import contextlib
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from api.access.ad_choices import settings_of
from api.access.ad_settings import AdSettings, for_key
from api.access.keys import KeyKind, looks_like_a_key
from api.tables import ApiKey, App
from kernel.clock import Clock
from kernel.database import Database
from kernel.errors import Forbidden, Unauthenticated, Unavailable
from kernel.secret_keys import digest_of
from kernel.shared_state import SharedState
from kernel.telemetry import counter, logger

_FRESH_SECONDS: Final = 5.0
_STALE_SECONDS: Final = 30.0
_KEPT_SECONDS: Final = 24 * 3600.0
_REFRESH_DEADLINE: Final = 0.25
_CHANNEL: Final = "api-keys"
# What the database and its drivers raise when they are away, slow, or out of connections.
_AWAY: Final = (SQLAlchemyError, OSError, TimeoutError)

#: The tier that an app has by now, from the one that the operator granted it.
Standing = Callable[[str, str], str]
#: Whether the operator has stopped an app; asked with every call, so it answers from memory.
IsStopped = Callable[[str], bool]

_log = logger(__name__)
_unchecked = counter("key_checks_failed", "Key look-ups that the database did not answer.")


@dataclass(frozen=True, slots=True)
class Caller:
    """Whose key it is, and what the app decided about ads."""

    app_id: str
    key_id: str
    kind: KeyKind
    ads: AdSettings
    tier: str = "standard"


@dataclass(slots=True)
class _Entry:
    caller: Caller | None
    checked_at: float
    try_again_at: float


class KeyBook:
    """The callers that this process knows. Bounded; start `run` to hear of revoked keys."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        shared_state: SharedState | None = None,
        *,
        capacity: int = 50_000,
        look_deadline_seconds: float = 2.0,
        standing: Standing | None = None,
        is_stopped: IsStopped | None = None,
    ) -> None:
        self._database, self._clock, self._shared_state = database, clock, shared_state
        self._capacity, self._look_deadline = capacity, look_deadline_seconds
        self._standing = standing or _as_granted
        self._is_stopped = is_stopped or _never
        self._entries: OrderedDict[str, _Entry] = OrderedDict()
        self._looking: dict[str, asyncio.Task[Caller | None]] = {}

    async def verify(self, authorization: str | None) -> Caller:
        """The caller behind an Authorization header.

        Raises Unauthenticated, Unavailable, or Forbidden for an app that was stopped.
        """
        secret = _secret_in(authorization)
        digest = digest_of(secret)
        entry = self._entries.get(digest)
        if entry is None and not looks_like_a_key(secret):
            raise Unauthenticated(
                "This is not a Tollfree API key, or it was mistyped. Keys start with tf_live_ or "
                "tf_test_; send yours as `Authorization: Bearer tf_live_…`."
            )
        now = self._clock.monotonic()
        if entry is None or now - entry.checked_at > _KEPT_SECONDS:
            caller = await self._first_look(digest)
        elif now < entry.try_again_at:
            caller = entry.caller
        elif now - entry.checked_at < _STALE_SECONDS:
            self._look(digest)
            caller = entry.caller
        else:
            caller = await self._second_look(digest, entry)
        if caller is None:
            raise Unauthenticated(
                "This API key is unknown or was revoked. Create a new one and send it as "
                "`Authorization: Bearer tf_live_…`."
            )
        if self._is_stopped(caller.app_id):
            raise Forbidden(
                f"The operator has stopped the app {caller.app_id}: its calls are refused until it "
                "goes on. Write to the operator of this service, and name the app.",
                code="app_stopped",
            )
        return caller

    async def forget(self, digest: str) -> None:
        """Drop a key here and in every other process; call it after the revoking commit."""
        self._entries.pop(digest, None)
        if self._shared_state is not None:
            with contextlib.suppress(Unavailable):
                await self._shared_state.publish(_CHANNEL, digest.encode())

    async def run(self) -> None:
        """Listen for keys revoked elsewhere, until cancelled. Without news entries just age."""
        while self._shared_state is not None:
            try:
                async with self._shared_state.subscribe(_CHANNEL) as messages:
                    async for digest in messages:
                        self._entries.pop(digest.decode(), None)
            except Unavailable:
                # What is said meanwhile is lost; entries age within seconds, so nothing hangs on it.
                await asyncio.sleep(1)

    async def _first_look(self, digest: str) -> Caller | None:
        try:
            return await asyncio.shield(self._look(digest))
        except _AWAY:
            raise Unavailable(
                "API keys cannot be checked right now. Your key was not refused; try again shortly."
            ) from None

    async def _second_look(self, digest: str, entry: _Entry) -> Caller | None:
        try:
            async with asyncio.timeout(_REFRESH_DEADLINE):
                return await asyncio.shield(self._look(digest))
        except _AWAY:
            # One caller has waited for a database that is away; the next need not.
            entry.try_again_at = self._clock.monotonic() + _FRESH_SECONDS
            return entry.caller

    def _look(self, digest: str) -> "asyncio.Task[Caller | None]":
        """Ask the database, once for all who ask at the same time."""
        looking = self._looking.get(digest)
        if looking is None:
            looking = asyncio.create_task(self._read(digest))
            self._looking[digest] = looking
            looking.add_done_callback(lambda done: self._looked(digest, done))
        return looking

    def _looked(self, digest: str, done: "asyncio.Task[Caller | None]") -> None:
        del self._looking[digest]
        if not done.cancelled() and (error := done.exception()) is not None:
            _unchecked.inc()
            _log.warning("key_not_checked", kind=type(error).__name__)

    async def _read(self, digest: str) -> Caller | None:
        # A look that hangs must end, or this key would never be looked up again.
        async with asyncio.timeout(self._look_deadline), self._database.reading() as session:
            row = (
                await session.execute(
                    sa.select(ApiKey, App)
                    .join(App, App.id == ApiKey.app_id)
                    .where(ApiKey.digest == digest, ApiKey.revoked_at.is_(None))
                )
            ).one_or_none()
            # Inside: rows lose what they hold when the look ends.
            caller = None if row is None else _caller(row[0], row[1], self._standing)
        now = self._clock.monotonic()
        self._entries[digest] = _Entry(caller, now, now + _FRESH_SECONDS)
        self._entries.move_to_end(digest)
        if len(self._entries) > self._capacity:
            self._entries.popitem(last=False)
        return caller


def _secret_in(authorization: str | None) -> str:
    if not authorization:
        raise Unauthenticated(
            "No API key was sent. Send it as `Authorization: Bearer tf_live_…`.",
            code="missing_api_key",
        )
    scheme, _, secret = authorization.partition(" ")
    return secret.strip() if scheme.lower() == "bearer" else ""


def _never(_app_id: str) -> bool:
    return False


def _as_granted(_app_id: str, granted: str) -> str:
    return granted


def _caller(key: ApiKey, app: App, standing: Standing) -> Caller:
    ads = for_key(settings_of(app), key.ad_wishes)
    return Caller(key.app_id, key.id, KeyKind(key.kind), ads, tier=standing(key.app_id, app.tier))

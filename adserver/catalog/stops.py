"""What an operator has stopped: all ads, an advertiser, a creative, or an app.

A stop holds at once and for what is already out: links lead to the neutral page and nothing is
charged until it is resumed. An app that is stopped gets no answers of our API either. Every process looks at the few rows four times a second; a look that
fails leaves the last one standing, because a stop must not end by itself.
"""

import asyncio
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from adserver.catalog.generation import count_up
from adserver.catalog.tables import AdvertiserRow, CreativeRow, StopRow
from adserver.once import insert_once
from kernel.clock import Clock
from kernel.database import Database, WriteSession
from kernel.errors import NotFound
from kernel.telemetry import counter, logger

_log = logger(__name__)
_failures = counter("stop_refresh_failures", "Looks at what is stopped that failed")


class Scope(StrEnum):
    """What can be stopped."""

    ADS = "ads"
    ADVERTISER = "advertiser"
    CREATIVE = "creative"
    APP = "app"


@dataclass(frozen=True, slots=True)
class Stops:
    """Everything that is stopped: ``Stops({(Scope.APP, "app_…")})``."""

    stopped: frozenset[tuple[str, str]] = frozenset()

    def reason(
        self,
        *,
        advertiser_id: str | None = None,
        creative_id: str | None = None,
        app_id: str | None = None,
    ) -> str | None:
        """Why an ad of these must not go on, such as ``app_stopped``; None when it may."""
        if not self.stopped:
            return None
        named = {
            Scope.ADS: "",
            Scope.ADVERTISER: advertiser_id,
            Scope.CREATIVE: creative_id,
            Scope.APP: app_id,
        }
        hit = next((scope for scope, name in named.items() if (scope, name) in self.stopped), None)
        return None if hit is None else f"{hit}_stopped"

    def has_app(self, app_id: str) -> bool:
        """Whether the app itself was stopped, and not only ads."""
        return (Scope.APP, app_id) in self.stopped


NOTHING_STOPPED: Final = Stops()


async def stops(session: AsyncSession) -> Stops:
    """What is stopped now."""
    rows = await session.execute(sa.select(StopRow.scope, StopRow.scope_id))
    return Stops(frozenset((row.scope, row.scope_id) for row in rows))


async def stop(
    tx: WriteSession, scope: Scope, scope_id: str = "", *, reason: str, clock: Clock
) -> bool:
    """Stop it; says whether it was running. Raises NotFound for what does not exist."""
    await _require(tx, scope, scope_id)
    row = {"scope": scope, "scope_id": scope_id, "reason": reason[:200], "since": clock.now()}
    new = await insert_once(tx, StopRow, row)
    if new:
        await count_up(tx)
    return new


async def resume(tx: WriteSession, scope: Scope, scope_id: str = "") -> bool:
    """Let it go on; says whether it was stopped."""
    gone = await tx.execute(
        sa.delete(StopRow)
        .where(StopRow.scope == scope, StopRow.scope_id == scope_id)
        .returning(StopRow.scope)
    )
    was_stopped = gone.first() is not None
    if was_stopped:
        await count_up(tx)
    return was_stopped


async def _require(tx: WriteSession, scope: Scope, scope_id: str) -> None:
    owner = {Scope.ADVERTISER: AdvertiserRow, Scope.CREATIVE: CreativeRow}.get(scope)
    if owner is None:
        # Apps belong to another package; a name that nobody has stops nobody.
        return
    if await tx.scalar(sa.select(owner.id).where(owner.id == scope_id)) is None:  # type: ignore[attr-defined]
        raise NotFound(f"There is no such {scope}.")


class StopBoard:
    """What is stopped, as this process last saw it. Run it beside whatever serves."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._stops = NOTHING_STOPPED

    def now(self) -> Stops:
        """The latest look."""
        return self._stops

    async def refresh(self) -> Stops:
        """Look once."""
        async with self._database.reading() as session:
            self._stops = await stops(session)
        return self._stops

    async def run(self, interval_s: float = 0.25) -> None:
        """Keep looking until cancelled."""
        while True:
            try:
                await self.refresh()
            except Exception as problem:  # noqa: BLE001  The edge of a background task.
                _failures.inc()
                _log.warning("stop_refresh_failed", exc_info=problem)
            await asyncio.sleep(interval_s)

"""Advertisers that a reader wants to see no more.

A reader has no account with us; what is known is the conversation that an ad was decided for, and
the person's digest where the caller gave one. Both are kept beside the decision's id in shared
state, for a day, so that the page behind "Why this ad?" can hide with nothing but that id. Fails
open to showing, and counts it.
"""

import asyncio
import contextlib
from typing import Final

import orjson

from adserver.decision.frequency import conversation_key
from kernel.errors import Unavailable
from kernel.shared_state import SharedState
from kernel.telemetry import counter
from tollfree_sdk.contract import AdRequest

_unknown = counter("hidden_unknown", "Hidden advertisers that could not be looked up or kept")

_DAY_SECONDS: Final = 24 * 3600
_MOST_HIDDEN: Final = 200


class HiddenAdvertisers:
    """``await hidden.of(request, publisher_id)`` before a decision, `note` after it."""

    def __init__(self, state: SharedState, *, patience_ms: int = 10) -> None:
        self._state, self._patience_s = state, patience_ms / 1000

    async def of(self, request: AdRequest, publisher_id: str) -> frozenset[str]:
        """What the reader of this turn has hidden."""
        found: set[str] = set()
        for reader in _readers(request, publisher_id):
            found.update(await self._read(f"hidden:{reader}"))
        return frozenset(found)

    async def note(self, decision_id: str, request: AdRequest, publisher_id: str) -> None:
        """Remember whose ad this is, in case its reader hides the advertiser."""
        readers = _readers(request, publisher_id)
        if readers:
            await self._write(f"readers-of:{decision_id}", readers)

    async def hide(self, decision_id: str, advertiser_id: str) -> bool:
        """Hide an advertiser from the reader of a decision; whether the reader is still known."""
        readers = await self._read(f"readers-of:{decision_id}")
        for reader in readers:
            name = f"hidden:{reader}"
            hidden = [one for one in await self._read(name) if one != advertiser_id]
            await self._write(name, [*hidden[-_MOST_HIDDEN:], advertiser_id])
        return bool(readers)

    async def _read(self, name: str) -> list[str]:
        try:
            async with asyncio.timeout(self._patience_s):
                stored = await self._state.get(name)
        except (Unavailable, TimeoutError):
            _unknown.inc()
            return []
        return [] if stored is None else list(orjson.loads(stored))

    async def _write(self, name: str, listed: list[str]) -> None:
        with contextlib.suppress(Unavailable, TimeoutError):
            async with asyncio.timeout(self._patience_s):
                await self._state.put(name, orjson.dumps(listed), ttl_seconds=_DAY_SECONDS)
                return
        _unknown.inc()


def _readers(request: AdRequest, publisher_id: str) -> list[str]:
    """The digests that a reader is known by: the conversation's and the person's."""
    person = None if request.end_user is None else f"person\x1f{request.end_user}"
    keys = (conversation_key(publisher_id, request.app, name) for name in (request.session, person))
    return [key for key in keys if key is not None]

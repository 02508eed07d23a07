"""When one reader saw which campaign, for campaigns that cap it.

A reader is a digest of the name that the caller gives, or of the conversation where it gives none;
the digest changes every week, so that nobody is followed for longer, and what is kept under it is
gone a week later. Kept in shared state alone, by publisher: two publishers' readers never meet.
Where shared state is away nothing is known, which costs no money, and is counted.
"""

import asyncio
import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

import orjson

from kernel.clock import Clock
from kernel.errors import Unavailable
from kernel.shared_state import SharedState
from kernel.telemetry import counter
from tollfree_sdk.contract import AdRequest

_unknown = counter("reader_unknown", "Frequency caps of campaigns that could not be looked up")

_WEEK: Final = timedelta(days=7)
_MOST_MOMENTS: Final = 50
_MOST_CAMPAIGNS: Final = 64


class Readers:
    """``await Readers(state, clock).lately(request, publisher_id)`` → moments by campaign."""

    def __init__(self, state: SharedState, clock: Clock, *, patience_ms: int = 10) -> None:
        self._state, self._clock, self._patience_s = state, clock, patience_ms / 1000

    async def lately(self, request: AdRequest, publisher_id: str) -> dict[str, list[float]]:
        """When this reader saw which campaign, within the last week."""
        now = self._clock.now()
        merged: dict[str, list[float]] = {}
        # A week's digest says nothing of the week before, so both are asked.
        for at in (now - _WEEK, now):
            for campaign, moments in (await self._read(request, publisher_id, at)).items():
                merged.setdefault(campaign, []).extend(moments)
        return merged

    async def note(self, request: AdRequest, publisher_id: str, campaign_id: str) -> None:
        """Remember that this reader is shown this campaign now."""
        now = self._clock.now()
        key = reader_key(request, publisher_id, now)
        if key is None:
            return
        known = await self._read(request, publisher_id, now)
        moments = [*known.pop(campaign_id, ()), now.timestamp()]
        latest = dict(list(known.items())[-_MOST_CAMPAIGNS:])
        latest[campaign_id] = moments[-_MOST_MOMENTS:]
        try:
            async with asyncio.timeout(self._patience_s):
                await self._state.put(
                    key, orjson.dumps(latest), ttl_seconds=int(_WEEK.total_seconds()) * 2
                )
        except (Unavailable, TimeoutError):
            _unknown.inc()

    async def _read(
        self, request: AdRequest, publisher_id: str, at: datetime
    ) -> dict[str, list[float]]:
        key = reader_key(request, publisher_id, at)
        if key is None:
            return {}
        try:
            async with asyncio.timeout(self._patience_s):
                stored = await self._state.get(key)
        except (Unavailable, TimeoutError):
            _unknown.inc()
            return {}
        return {} if stored is None else _moments(orjson.loads(stored))


def reader_key(request: AdRequest, publisher_id: str, at: datetime) -> str | None:
    """Where a reader is remembered in the week of `at`; None for one that cannot be told apart."""
    name = request.end_user or request.session
    if not name:
        return None
    year, week, _ = at.isocalendar()
    text = "\x1f".join((publisher_id, request.app or "", name, f"{year}-{week}"))
    return f"reader:{hashlib.blake2b(text.encode(errors='replace'), digest_size=16).hexdigest()}"


def _moments(stored: Mapping[str, Sequence[float]]) -> dict[str, list[float]]:
    return {campaign: list(moments) for campaign, moments in stored.items()}

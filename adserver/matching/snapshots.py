"""Keep the index in step with the catalog.

Owns the one reference that decisions read and swaps it whole. When the catalog's generation has
moved, or a campaign's schedule has opened or closed, it asks what is live now, takes out what is
gone and adds what is new; rows that did not change are shared with the snapshot before. Works off
the event loop. A refresh that fails leaves the last good index in place, is counted, and the next
one reads everything again.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from adserver.catalog import live_changes, queries
from adserver.catalog.queries import LiveCreative
from adserver.matching.creative_vectors import CreativeVectors
from adserver.matching.index import CreativeIndex, empty_index
from adserver.matching.kept_vectors import KeptVectors
from kernel.clock import Clock
from kernel.database import Database
from kernel.telemetry import counter, gauge, logger
from language.embedder import Embedder

_log = logger(__name__)
_failures = counter("index_refresh_failures", "Index rebuilds that failed and were skipped")
_size = gauge("index_creatives", "Creatives in the index now")

# Below, reading everything is as quick as finding out what changed.
_FEW: Final = 200
# Rows that are gone cost memory and a little time; with so many it is better to begin again.
_MOST_GONE: Final = 0.3


@dataclass(frozen=True, slots=True)
class _Changes:
    """What the next snapshot has to take in."""

    gone: Sequence[int]
    added: Sequence[LiveCreative]
    campaigns: Sequence[LiveCreative]


class IndexKeeper:
    """Holds the present `CreativeIndex`; give it to whoever decides and run it beside them."""

    def __init__(
        self,
        database: Database,
        embedder: Embedder,
        clock: Clock,
        *,
        kept: KeptVectors | None = None,
    ) -> None:
        self._database = database
        self._clock = clock
        self._embedder = embedder
        self._vectors = CreativeVectors(embedder, kept=kept)
        self._index = empty_index(embedder.model_id, embedder.dimensions)
        self._is_whole = False
        self._refused: dict[int, int] = {}
        self._good_until: datetime | None = None
        self._rebuilding = asyncio.Lock()
        self.newest: Sequence[LiveCreative] = ()

    def current(self) -> CreativeIndex:
        """The latest snapshot; empty before the first refresh."""
        return self._index

    async def refresh(self) -> bool:
        """Take in what changed; says whether anything did."""
        async with self._rebuilding:
            now = self._clock.now()
            async with self._database.reading() as session:
                # Read before the creatives: a write in between is then picked up next time.
                generation = await queries.generation(session)
                if not self._is_stale(generation, now):
                    return False
                whole, self._is_whole = not self._is_whole or self._is_worn(), False
                changes = await self._changes(session, now, whole=whole)
                good_until = await queries.next_schedule_edge(session, now)
            build = self._build if whole else self._follow
            self._index = await asyncio.to_thread(build, changes, generation)
            self._good_until, self._is_whole, self.newest = good_until, True, changes.added
            _size.set(len(self._index))
            return True

    async def run(self, interval_s: float = 0.5) -> None:
        """Refresh until cancelled."""
        while True:
            try:
                await self.refresh()
            except Exception as problem:  # noqa: BLE001  # The edge of a background task.
                _failures.inc()
                _log.warning("index_refresh_failed", exc_info=problem)
            await asyncio.sleep(interval_s)

    def _is_stale(self, generation: int, now: datetime) -> bool:
        if not self._is_whole or generation != self._index.generation:
            return True
        return self._good_until is not None and now >= self._good_until

    def _is_worn(self) -> bool:
        index = self._index
        return len(index) < _FEW or len(index) < (1 - _MOST_GONE) * index.extent

    async def _changes(self, session: AsyncSession, now: datetime, *, whole: bool) -> _Changes:
        if whole:
            return _Changes((), await queries.live_creatives(session, now), ())
        live = await live_changes.live_versions(session, now)
        gone, missing = await asyncio.to_thread(_difference, self._index, live, self._refused)
        return _Changes(
            gone,
            await live_changes.live_among(session, now, missing),
            await live_changes.live_campaigns(session, now),
        )

    def _build(self, changes: _Changes, generation: int) -> CreativeIndex:
        kept, vectors = self._vectors.embed(changes.added)
        self._refused = _left_out(changes.added, kept)
        return CreativeIndex(kept, vectors, model_id=self._embedder.model_id, generation=generation)

    def _follow(self, changes: _Changes, generation: int) -> CreativeIndex:
        kept, vectors = self._vectors.embed_more(changes.added)
        self._refused |= _left_out(changes.added, kept)
        return self._index.followed_by(
            added=kept,
            vectors=vectors,
            gone=changes.gone,
            campaigns=changes.campaigns,
            generation=generation,
        )


def _difference(
    index: CreativeIndex, live: Mapping[int, int], refused: Mapping[int, int]
) -> tuple[list[int], list[int]]:
    """The positions that are gone, and the numbers of creatives that are missing."""
    positions = index.alive.positions()
    numbers = index.column("number")[positions].tolist()
    versions = index.column("version")[positions].tolist()
    held = dict(zip(numbers, versions, strict=True))
    gone = [
        int(position)
        for position, number, version in zip(positions, numbers, versions, strict=True)
        if live.get(number) != version
    ]
    # What could not be embedded would be tried again and again.
    missing = [
        number
        for number, version in live.items()
        if held.get(number) != version and refused.get(number) != version
    ]
    return gone, sorted(missing)


def _left_out(wanted: Sequence[LiveCreative], kept: Sequence[LiveCreative]) -> dict[int, int]:
    numbers = {one.number for one in kept}
    return {one.number: one.version for one in wanted if one.number not in numbers}

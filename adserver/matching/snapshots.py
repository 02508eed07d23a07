"""Keep the index in step with the catalog.

Owns the one reference that decisions read and swaps it whole. A rebuild happens when the catalog's
generation has moved or a campaign's schedule has opened or closed, embeds only what is new, and
runs off the event loop. A rebuild that fails leaves the last good index in place and is counted.
"""

import asyncio
from datetime import datetime

from adserver.catalog import queries
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
        self._built = False
        self._good_until: datetime | None = None
        self._rebuilding = asyncio.Lock()

    def current(self) -> CreativeIndex:
        """The latest snapshot; empty before the first refresh."""
        return self._index

    async def refresh(self) -> bool:
        """Rebuild if anything changed; says whether it did."""
        async with self._rebuilding:
            now = self._clock.now()
            async with self._database.reading() as session:
                # Read before the creatives: a write in between is then picked up next time.
                generation = await queries.generation(session)
                if not self._is_stale(generation, now):
                    return False
                creatives = await queries.live_creatives(session, now)
                good_until = await queries.next_schedule_edge(session, now)
            self._index = await asyncio.to_thread(self._build, creatives, generation)
            self._good_until, self._built = good_until, True
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
        if not self._built or generation != self._index.generation:
            return True
        return self._good_until is not None and now >= self._good_until

    def _build(self, creatives: list[queries.LiveCreative], generation: int) -> CreativeIndex:
        kept, vectors = self._vectors.embed(creatives)
        return CreativeIndex(kept, vectors, model_id=self._embedder.model_id, generation=generation)

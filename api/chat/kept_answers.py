"""The door to the upstream, with the cache beside it: ``x-tollfree-cache: on`` or ``similar``.

What is kept is what the upstream sent, before any ad: each serving is matched and placed anew. A
stream that broke off is never kept.
"""

from collections.abc import AsyncIterator
from typing import Final

from api.access.answer_cache import AnswerCache, Reads
from api.access.visit import current_visit
from api.chat.likeness import Likeness
from api.upstream.event_stream import DONE
from api.upstream.upstream import Upstream, UpstreamAnswer
from kernel.telemetry import counter

_HEADER: Final = b"x-tollfree-cache"
_cache: Final = counter("answer_cache", "Requests that asked for the cache.", "outcome")


async def opened_or_kept(
    upstream: Upstream, body: bytes, *, stream: bool, likeness: Likeness | None = None
) -> UpstreamAnswer:
    """The kept answer where the caller wants it and there is one, else the upstream's own."""
    visit = current_visit()
    if visit is None or visit.cache is None or visit.caller is None:
        return await upstream.open(body, stream=stream)
    name = AnswerCache.name_of(visit.caller.app_id, upstream.name, body, stream=stream)
    kept, asked = visit.cache.get(name), None
    if kept is None and likeness is not None and visit.wants_similar:
        app_id = visit.caller.app_id
        asked = await likeness.asked(app_id, upstream.name, body, stream=stream)
        found = None if asked is None else likeness.find(asked)
        kept = None if found is None else visit.cache.get(found)
        visit.kept_as = "similar" if kept is not None else "hit"
    outcome = "miss" if kept is None else visit.kept_as
    _cache.labels(outcome).inc()
    if kept is not None:
        visit.is_from_cache = True
        visit.notes.append((_HEADER, outcome.encode()))
        return UpstreamAnswer(is_event_stream=stream, chunks=_again(kept), close=_nothing)
    opened = await upstream.open(body, stream=stream)
    visit.notes.append((_HEADER, b"miss"))
    if opened.is_event_stream != stream:
        return opened
    if likeness is not None and asked is not None:
        # Worth nothing until the answer is whole and kept; a name without one finds nothing.
        likeness.put(asked, name)
    chunks = _noted(opened.chunks, visit.cache, name, stream=stream)
    return UpstreamAnswer(is_event_stream=stream, chunks=chunks, close=opened.close)


async def _noted(
    chunks: AsyncIterator[bytes], cache: AnswerCache, name: bytes, *, stream: bool
) -> AsyncIterator[bytes]:
    reads: list[bytes] = []
    async for read in chunks:
        reads.append(read)
        if stream and DONE in read:
            # Nobody reads on after it.
            cache.put(name, tuple(reads))
        yield read
    if not stream:
        cache.put(name, tuple(reads))


async def _again(reads: Reads) -> AsyncIterator[bytes]:
    for read in reads:
        yield read


async def _nothing() -> None:
    return

"""The door to the upstream, with the cache beside it: ``x-tollfree-cache: on``.

What is kept is what the upstream sent, before any ad: each serving is matched and placed anew. A
stream that broke off is never kept.
"""

from collections.abc import AsyncIterator
from typing import Final

from api.access.answer_cache import AnswerCache, Reads
from api.access.visit import current_visit
from api.upstream.event_stream import DONE
from api.upstream.upstream import Upstream, UpstreamAnswer
from kernel.telemetry import counter

_HEADER: Final = b"x-tollfree-cache"
_cache: Final = counter("answer_cache", "Requests that asked for the cache.", "outcome")


async def opened_or_kept(upstream: Upstream, body: bytes, *, stream: bool) -> UpstreamAnswer:
    """The kept answer where the caller wants it and there is one, else the upstream's own."""
    visit = current_visit()
    if visit is None or visit.cache is None or visit.caller is None:
        return await upstream.open(body, stream=stream)
    name = AnswerCache.name_of(visit.caller.app_id, upstream.name, body, stream=stream)
    kept = visit.cache.get(name)
    outcome = "miss" if kept is None else "hit"
    _cache.labels(outcome).inc()
    if kept is not None:
        visit.is_from_cache = True
        visit.notes.append((_HEADER, b"hit"))
        return UpstreamAnswer(is_event_stream=stream, chunks=_again(kept), close=_nothing)
    opened = await upstream.open(body, stream=stream)
    visit.notes.append((_HEADER, b"miss"))
    if opened.is_event_stream != stream:
        return opened
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

"""One vector for each creative: its words and the prompts it was written for.

Owns what is embedded of a creative and the cache that makes a rebuild cheap: keyed by content, so
only new or changed words are embedded. A creative that cannot be embedded is left out and counted,
never allowed to stop the others. Used by one rebuild at a time, off the event loop.
"""

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from adserver.catalog.queries import LiveCreative
from adserver.matching.kept_vectors import KeptVectors
from kernel.telemetry import counter, logger
from language.embedder import Embedder
from language.vector import Vector, unit

_log = logger(__name__)
_quarantined = counter("creatives_quarantined", "Creatives that could not be embedded")

MOST_PROMPTS = 5
_MOST_HELD = 20_000


class AdCopy(Protocol):
    """What is embedded of a creative, wherever it is kept."""

    @property
    def title(self) -> str: ...

    @property
    def body(self) -> str: ...

    @property
    def keywords(self) -> tuple[str, ...]: ...

    @property
    def example_prompts(self) -> tuple[str, ...]: ...


class CreativeVectors:
    """The vectors of creatives in one embedder's space."""

    def __init__(self, embedder: Embedder, *, kept: KeptVectors | None = None) -> None:
        self._embedder, self._kept = embedder, kept
        self._by_content: dict[bytes, Vector | None] | None = None

    def embed(
        self, creatives: Sequence[LiveCreative]
    ) -> tuple[list[LiveCreative], NDArray[np.float32]]:
        """The creatives that have a vector and, row by row, those vectors."""
        known = self._known()
        kept, rows, made = self._looked_up(creatives, known)
        self._keep(made, news=made.keys() - known.keys())
        return kept, rows

    def embed_more(
        self, creatives: Sequence[LiveCreative]
    ) -> tuple[list[LiveCreative], NDArray[np.float32]]:
        """The same for creatives that come to those of the last `embed`."""
        if self._by_content is None:
            # Too many are held elsewhere to be remembered here; the file is renewed at a start.
            kept, rows, _ = self._looked_up(creatives, {})
            return kept, rows
        kept, rows, made = self._looked_up(creatives, self._by_content)
        news = made.keys() - self._by_content.keys()
        self._keep({**self._by_content, **made}, news=news)
        return kept, rows

    def _looked_up(
        self, creatives: Sequence[LiveCreative], known: Mapping[bytes, Vector | None]
    ) -> tuple[list[LiveCreative], NDArray[np.float32], dict[bytes, Vector | None]]:
        kept, rows, made = [], [], {}
        for creative in creatives:
            digest = _content_digest(creative)
            vector = known[digest] if digest in known else self._vector(creative)
            made[digest] = vector
            if vector is not None:
                kept.append(creative)
                rows.append(vector)
        empty = np.zeros((0, self._embedder.dimensions), dtype=np.float32)
        return kept, np.stack(rows) if rows else empty, made

    def _keep(self, vectors: dict[bytes, Vector | None], *, news: Collection[bytes]) -> None:
        self._by_content = vectors if len(vectors) <= _MOST_HELD else None
        if self._kept is not None and news:
            whole = {digest: row for digest, row in vectors.items() if row is not None}
            self._kept.write(self._embedder.model_id, whole)

    def _known(self) -> dict[bytes, Vector | None]:
        if self._by_content is not None:
            return self._by_content
        if self._kept is None:
            return {}
        return {**self._kept.read(self._embedder.model_id, self._embedder.dimensions)}

    def _vector(self, creative: LiveCreative) -> Vector | None:
        try:
            return _vector_of(creative, self._embedder)
        except Exception as problem:  # noqa: BLE001  # One poisoned row must not empty the index.
            _quarantined.inc()
            _log.warning("creative_quarantined", creative_id=creative.creative_id, exc_info=problem)
            return None


def keep_ahead(copies: Iterable[AdCopy], embedder: Embedder, kept: KeptVectors) -> int:
    """Embed what will be in a catalog one day; returns how many of them were new."""
    known = kept.read(embedder.model_id, embedder.dimensions)
    wanted = {_content_digest(copy): copy for copy in copies}
    new = {
        digest: _vector_of(copy, embedder) for digest, copy in wanted.items() if digest not in known
    }
    if new:
        kept.write(embedder.model_id, known | new)
    return len(new)


def creative_views(creative: AdCopy) -> tuple[str, ...]:
    """The words of a creative, told in the orders in which people ask; facts would blur them.

    The mean of a few tellings is nearer to what is asked than any one of them.
    """
    keywords = ", ".join(creative.keywords)
    title, body = creative.title, creative.body
    if not keywords:
        return (f"{title}. {body}",)
    return (
        f"{keywords}. {title}. {body}",
        f"{title} {keywords} {body}",
        f"{title}: {keywords}",
        f"{body} {keywords}",
    )


def _vector_of(creative: AdCopy, embedder: Embedder) -> Vector:
    views = [embedder.embed(text) for text in creative_views(creative)]
    words = unit(np.mean(views, axis=0))
    prompts = [embedder.embed(text) for text in _prompts(creative)]
    # Max over separate prompt vectors measures worse than one centroid.
    return unit(words + np.mean(prompts, axis=0)) if prompts else words


def _prompts(creative: AdCopy) -> tuple[str, ...]:
    return tuple(text for text in creative.example_prompts if text.strip())[:MOST_PROMPTS]


def _content_digest(creative: AdCopy) -> bytes:
    content = "\x1e".join((*creative_views(creative), "", *_prompts(creative)))
    return hashlib.blake2b(content.encode(), digest_size=16).digest()

"""The creatives that may be served, in memory, searchable by meaning.

A `CreativeIndex` is a snapshot: built once, never changed, swapped whole, so that a decision sees
one state of the catalog from start to end. `followed_by` makes the next one, which shares all rows
with this one. Up to 20,000 creatives, or where few may stand, search is exact; above, coarse codes
say where to look and the vectors themselves decide. The mask is applied before anything is ranked,
so an ineligible creative is never a hit and cannot push an eligible one out of the list.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from adserver.catalog.queries import LiveCreative
from adserver.matching.bits import Bits
from adserver.matching.coarse import CoarseCodes
from adserver.matching.creative_rows import CreativeRows, template_of
from adserver.matching.vector_rows import VectorRows

EXACT_UP_TO: Final = 20_000
# So many rows are read and multiplied in two milliseconds.
_GATHER_UP_TO: Final = 8_000
_GATHER_AT_WORST: Final = 40_000
_LEAST_LOOKED_AT: Final = 1_000
_MOST_LOOKED_AT: Final = 20_000
_FEW_SURVIVORS: Final = 200
# Rows without codes are scored one by one; more than this and they are given codes.
_UNCODED: Final = 4_096


@dataclass(frozen=True, slots=True)
class Hit:
    """A creative by its position in the index, and its cosine to the nearest query vector."""

    position: int
    similarity: float


@dataclass(frozen=True)
class _Parts:
    """What a snapshot stands on; rows and vectors are shared with the snapshots after it.

    Few vectors are in `dense`, as they came; many in `vectors`, rounded.
    """

    rows: CreativeRows
    vectors: VectorRows
    extent: int
    alive: Bits
    count: int
    campaigns: tuple[LiveCreative, ...]
    dense: NDArray[np.float32] | None
    codes: CoarseCodes | None


class CreativeIndex:
    """An immutable snapshot of live creatives and their vectors."""

    def __init__(
        self,
        creatives: Sequence[LiveCreative],
        vectors: NDArray[np.float32],
        *,
        model_id: str,
        generation: int = 0,
        folder: Path | None = None,
    ) -> None:
        if vectors.ndim != 2 or len(vectors) != len(creatives):
            raise ValueError("An index needs exactly one vector for each creative.")
        rows, held = CreativeRows(folder), VectorRows(vectors.shape[1])
        nothing = _Parts(rows, held, 0, Bits.full(0), 0, (), None, None)
        self._parts = _grown(nothing, creatives, vectors, gone=())
        self.model_id, self.generation = model_id, generation

    def followed_by(
        self,
        *,
        added: Sequence[LiveCreative],
        vectors: NDArray[np.float32],
        gone: Sequence[int],
        campaigns: Sequence[LiveCreative],
        generation: int,
    ) -> "CreativeIndex":
        """The next snapshot: some positions gone, some creatives added, campaigns as given.

        Only the newest snapshot may be followed, and only once: the two share their rows.
        """
        changed = {one.campaign_id: template_of(one) for one in campaigns}
        kept = tuple(changed.get(one.campaign_id, one) for one in self._parts.campaigns)
        next_one = object.__new__(CreativeIndex)
        next_one._parts = _grown(  # noqa: SLF001  It is one of us.
            replace(self._parts, campaigns=kept), added, vectors, gone=gone
        )
        next_one.model_id, next_one.generation = self.model_id, generation
        return next_one

    def __len__(self) -> int:
        """How many creatives may be found."""
        return self._parts.count

    @property
    def extent(self) -> int:
        """How many positions there are, those of creatives that are gone included."""
        return self._parts.extent

    @property
    def alive(self) -> Bits:
        """The positions that are not gone."""
        return self._parts.alive

    @property
    def campaigns(self) -> tuple[LiveCreative, ...]:
        """By the number in the column `campaign`: a creative of it without words of its own."""
        return self._parts.campaigns

    @property
    def rows(self) -> CreativeRows:
        return self._parts.rows

    def column(self, name: str) -> NDArray[np.int64]:
        """One number for each position."""
        return self._parts.rows.column(name, self.extent)

    @property
    def creatives(self) -> "_Creatives":
        """The creatives by position, words included; iterating gives those that are alive."""
        return _Creatives(self._parts)

    def search(
        self, query_vectors: NDArray[np.float32], mask: Bits | NDArray[np.bool_] | None, k: int
    ) -> list[Hit]:
        """The `k` nearest eligible creatives, nearest first; equals stand in index order.

        `query_vectors` is one vector or several rows; a creative counts by its best row.
        """
        queries = np.atleast_2d(query_vectors)
        if isinstance(mask, np.ndarray):
            mask = Bits.of(mask)
        if mask is not None and mask.size != self.extent:
            raise ValueError("A mask needs exactly one bit for each position of the index.")
        eligible = self.alive if mask is None else mask & self.alive
        count = eligible.count()
        if k <= 0 or len(queries) == 0 or count == 0:
            return []
        positions = self._promising(queries, eligible, count, k)
        similarities = self._similarities(queries, positions)
        best = _largest(similarities, k)
        return [Hit(int(positions[row]), float(similarities[row])) for row in best]

    def _promising(
        self, queries: NDArray[np.float32], eligible: Bits, count: int, k: int
    ) -> NDArray[np.int64]:
        """Positions, in order, that are eligible and among which the nearest stand."""
        codes = self._parts.codes
        if codes is None or count <= _GATHER_UP_TO:
            return eligible.positions()
        enough = max(_FEW_SURVIVORS, 16 * k)
        looked_at = int(enough * self.extent / count)
        survivors = eligible.positions()[:0]
        for most in (max(_LEAST_LOOKED_AT, min(looked_at, _MOST_LOOKED_AT)), _MOST_LOOKED_AT):
            near = codes.nearest(queries, most)
            survivors = near[eligible.has(near)]
            if len(survivors) >= min(_FEW_SURVIVORS, count) or most == _MOST_LOOKED_AT:
                break
        if len(survivors) < _FEW_SURVIVORS and count <= _GATHER_AT_WORST:
            return eligible.positions()
        uncoded = np.arange(len(codes), self.extent, dtype=np.int64)
        return np.concatenate((survivors, uncoded[eligible.has(uncoded)]))

    def _similarities(
        self, queries: NDArray[np.float32], positions: NDArray[np.int64]
    ) -> NDArray[np.float32]:
        dense = self._parts.dense
        if dense is None:
            found = self._parts.vectors.gather(positions) @ queries.T
        elif len(positions) < len(dense) // 4:
            found = dense[positions] @ queries.T
        else:
            found = (dense @ queries.T)[positions]
        similarities: NDArray[np.float32] = found.max(axis=1)
        return similarities


class _Creatives:
    """The creatives of a snapshot as they are asked for."""

    def __init__(self, parts: _Parts) -> None:
        self._parts = parts

    def __len__(self) -> int:
        return self._parts.count

    def __getitem__(self, position: int) -> LiveCreative:
        return self._parts.rows.creative(position, self._parts.campaigns)

    def __iter__(self) -> Iterator[LiveCreative]:
        return (self[int(position)] for position in self._parts.alive.positions())


def empty_index(model_id: str, dimensions: int) -> CreativeIndex:
    """The index before the first snapshot: nothing matches."""
    return CreativeIndex((), np.zeros((0, dimensions), dtype=np.float32), model_id=model_id)


def _grown(
    parts: _Parts,
    added: Sequence[LiveCreative],
    vectors: NDArray[np.float32],
    *,
    gone: Sequence[int],
) -> _Parts:
    """The parts with rows added behind the last one and some positions gone."""
    rows, held = parts.rows, parts.vectors
    if len(rows) != parts.extent:
        raise ValueError("Only the newest snapshot can be followed by another.")
    templates = list(parts.campaigns)
    rows.append(added)
    first_of = {rows.campaign_ids.number(one.campaign_id): one for one in reversed(added)}
    new = range(len(templates), len(rows.campaign_ids.all))
    templates.extend(template_of(first_of[number]) for number in new)
    flags = np.concatenate((parts.alive.flags(), np.ones(len(added), dtype=np.bool_)))
    flags[np.asarray(gone, dtype=np.int64)] = False
    extent = len(rows)
    dense, codes = None, None
    if extent <= EXACT_UP_TO:
        dense = _kept_as_they_came(parts.dense, vectors)
    else:
        if parts.dense is not None:
            held.append(parts.dense)
        held.append(vectors)
        codes = _coded(parts.codes, held)
    alive, count = Bits.of(flags), int(flags.sum())
    return _Parts(rows, held, extent, alive, count, tuple(templates), dense, codes)


def _kept_as_they_came(
    before: NDArray[np.float32] | None, vectors: NDArray[np.float32]
) -> NDArray[np.float32]:
    """The few that there are, exactly: searching them needs neither rounding nor codes."""
    vectors = np.asarray(vectors, dtype=np.float32)
    dense = vectors.copy() if before is None else np.concatenate((before, vectors))
    dense.setflags(write=False)
    return dense


def _coded(codes: CoarseCodes | None, held: VectorRows) -> CoarseCodes:
    if codes is None:
        every = max(1, len(held) // EXACT_UP_TO)
        sample = held.gather(np.arange(0, len(held), every))
        codes = CoarseCodes.trained(sample)
    elif len(held) - len(codes) <= _UNCODED:
        return codes
    return codes.extended(held.between(len(codes), len(held)))


def _largest(similarities: NDArray[np.float32], k: int) -> NDArray[np.intp]:
    """Positions of the k largest, in order; a stable sort keeps ties where they stood."""
    if k >= len(similarities):
        return np.argsort(-similarities, kind="stable")
    # Everything as large as the k-th is kept, so that a tie at the edge is not cut at random.
    edge = np.partition(similarities, len(similarities) - k)[len(similarities) - k]
    shortlist = np.flatnonzero(similarities >= edge)
    return shortlist[np.argsort(-similarities[shortlist], kind="stable")][:k]

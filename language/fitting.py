"""Rows to learn from, how much each counts, and the one way that a line is fitted through them.

Weights make each kind of row count by its share, however many rows it has. Logistic regression by
scikit-learn, which only training imports.
"""

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from language.corpora import Example

SEED: Final = 20_261_123
_FIFTHS: Final = 5
# Canned requests are many and alike: two of five teach as much as all of them.
_MANY: Final = "clinc"
_FITS_NONE: Final = "clinc_oos"
_MANY_KEPT_OF_TEN: Final = 4


@dataclass(frozen=True)
class Rows:
    """All examples with what serving would read of them: the cleaned text and its vector."""

    examples: Sequence[Example]
    texts: Sequence[str]
    vectors: NDArray[np.float32]

    @cached_property
    def fifths(self) -> NDArray[np.int64]:
        """Which fifth each row belongs to, by a hash of its text."""
        return np.array([_hash(row.text) % _FIFTHS for row in self.examples])

    @property
    def held_back(self) -> NDArray[np.bool_]:
        """One fifth, for figures and lines."""
        held: NDArray[np.bool_] = self.fifths == 0
        return held


def shared(
    rows: Rows, shares: Mapping[tuple[str, bool | None], float], values: Sequence[bool | None]
) -> NDArray[np.float64]:
    """A weight for each row, so that each kind counts by its share; used rows weigh 1 on average."""
    kinds = [(set_of(row.source), value) for row, value in zip(rows.examples, values, strict=True)]
    spared = [_is_spared(row) for row in rows.examples]
    counts = Counter(kind for kind, is_spared in zip(kinds, spared, strict=True) if not is_spared)
    weights = np.array(
        [
            0.0 if is_spared or kind not in shares else shares[kind] / counts[kind]
            for kind, is_spared in zip(kinds, spared, strict=True)
        ]
    )
    used: NDArray[np.float64] = weights * ((weights > 0.0).sum() / weights.sum())
    return used


def fit(
    features: Any,
    labels: NDArray[np.bool_],
    weight: NDArray[np.float64],
    strength: float,
) -> tuple[NDArray[np.float32], float]:
    """Coefficients and bias over the rows that weigh anything."""
    from sklearn.linear_model import LogisticRegression  # type: ignore[import-untyped]

    used = weight > 0.0
    model = LogisticRegression(C=strength, max_iter=3_000, random_state=SEED)
    model.fit(features[used], labels[used], sample_weight=weight[used])
    return model.coef_[0].astype(np.float32), float(model.intercept_[0])


def spread(scores: NDArray[np.float32], weight: NDArray[np.float64]) -> float:
    """The standard deviation of scores, each row by its weight."""
    mean = np.average(scores, weights=weight)
    return float(np.sqrt(np.average((scores - mean) ** 2, weights=weight)))


def set_of(source: str) -> str:
    """The set of a source: the domains of the canned requests are one set, without what fits none."""
    return _MANY if source.startswith(f"{_MANY}_") and source != _FITS_NONE else source


def _is_spared(row: Example) -> bool:
    if set_of(row.source) != _MANY or row.is_commercial:
        return False
    return _hash(f"{row.text} again") % 10 >= _MANY_KEPT_OF_TEN


def _hash(text: str) -> int:
    return int.from_bytes(hashlib.sha256(text.lower().encode()).digest()[:8], "big")

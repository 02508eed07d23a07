"""How the commercial head is fitted: three readings of a text, each with a line of its own.

*Straight* reads vector, words and manner, *curved* manner and waves, *lettered* letters and manner.
Each is a logistic regression; their scores, brought to one spread, are added up, which is again one
row of weights. Length says little about what somebody wishes and much about which set a row came
from, so it is read faintly. Only training imports this.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy import sparse  # type: ignore[import-untyped]

from language.features import SHAPES, Features, Waves, shape_of, word_counts
from language.fitting import Rows, fit, spread
from language.letters import BUCKETS, letters_of

FEATURES: Final = Features(
    word_buckets=16_384,
    word_scale=2.0,
    shape_scale=1.0,
    waves=Waves(count=1_024, width=1.0, scale=3.0),
    letters_scale=3.0,
)
_STRENGTH: Final = 1.0
_VECTOR_SCALE: Final = 2.0
# The logarithm of the length, and whether there are forty words or more.
_LENGTHS: Final = (0, 3)
_FAINTLY: Final = 0.3


@dataclass(frozen=True)
class WishLine:
    """Weights on `FEATURES`, and the bias."""

    weights: NDArray[np.float32]
    bias: float


@dataclass(frozen=True)
class Readings:
    """The three readings of each row, as they are fitted."""

    straight: Any
    curved: NDArray[np.float32]
    lettered: Any

    @classmethod
    def of(cls, rows: Rows) -> "Readings":
        """Read all rows."""
        manner = np.stack([shape_of(text) for text in rows.texts]) * _manner_scale()
        thin = sparse.csr_matrix(manner)
        vectors = sparse.csr_matrix(rows.vectors * np.float32(_VECTOR_SCALE))
        return cls(
            sparse.hstack([vectors, _words(rows.texts), thin]).tocsr(),
            np.hstack([manner, FEATURES.waves.of(rows.vectors)]).astype(np.float32),
            sparse.hstack([thin, _letters(rows.texts)]).tocsr(),
        )

    def fitted(self, labels: NDArray[np.bool_], weight: NDArray[np.float64]) -> WishLine:
        """One line through the rows that weigh anything."""
        parts, offset = [], 0.0
        for part in (self.straight, self.curved, self.lettered):
            coefficients, bias = fit(part, labels, weight, _STRENGTH)
            scores: NDArray[np.float32] = np.asarray(part @ coefficients + bias, dtype=np.float32)
            unit = spread(scores, weight)
            parts.append(coefficients / unit)
            offset += bias / unit
        return WishLine(np.concatenate(parts), offset)

    def scores(self, line: WishLine) -> NDArray[np.float32]:
        """The score of each row."""
        straight, curved = self.straight.shape[1], self.curved.shape[1]
        first, second, third = np.split(line.weights, [straight, straight + curved])
        found: NDArray[np.float32] = np.asarray(
            self.straight @ first + self.curved @ second + self.lettered @ third + line.bias
        )
        return found


def as_served(line: WishLine) -> NDArray[np.float32]:
    """The weights as a head multiplies them: vector, words, manner, waves, letters."""
    words, waves = FEATURES.word_buckets, FEATURES.waves.count
    sizes = np.cumsum([len(line.weights) - 3 * SHAPES - words - waves - BUCKETS, words, SHAPES])
    vector, of_words, manner, rest = np.split(line.weights, sizes)
    also, of_waves, too, of_letters = np.split(rest, np.cumsum([SHAPES, waves, SHAPES]))
    return np.concatenate(
        [
            vector * np.float32(_VECTOR_SCALE),
            of_words,
            (manner + also + too) * _manner_scale(),
            of_waves,
            of_letters,
        ]
    )


def _manner_scale() -> NDArray[np.float32]:
    scale = np.full(SHAPES, FEATURES.shape_scale, dtype=np.float32)
    scale[list(_LENGTHS)] *= _FAINTLY
    return scale


def _words(texts: Sequence[str]) -> Any:
    found = [word_counts(text, FEATURES.word_buckets) for text in texts]
    rows = np.repeat(np.arange(len(found)), [len(one) for one in found])
    columns = np.array([bucket for one in found for bucket in one], dtype=np.int64)
    values = np.array([value for one in found for value in one.values()], dtype=np.float32)
    values *= np.float32(FEATURES.word_scale)
    return sparse.csr_matrix((values, (rows, columns)), shape=(len(found), FEATURES.word_buckets))


def _letters(texts: Sequence[str]) -> Any:
    found = [letters_of(text) for text in texts]
    rows = np.repeat(np.arange(len(found)), [len(one.buckets) for one in found])
    columns = np.concatenate([one.buckets.astype(np.int64) for one in found])
    values = np.concatenate([one.values for one in found]) * np.float32(FEATURES.letters_scale)
    return sparse.csr_matrix((values, (rows, columns)), shape=(len(found), BUCKETS))

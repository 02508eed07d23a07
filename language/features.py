"""What a trained head multiplies: a text's vector, words, shape, waves and letters.

Owns five groups of numbers in a fixed order, the same when training and when serving. *Shape* is
length and manner: a query of two words, a question, an order to write something. *Waves* are
cosines of random projections of the vector (random Fourier features), which let a linear head
follow a curved border. They are drawn from a seed; a digest says whether they are still the same.
*Letters* are the runs of letters that `language.letters` weighs by how rare they are.
"""

import hashlib
import math
import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from language.letters import BUCKETS, letters_of
from language.spelling import plain_text
from language.vector import Vector

Row = NDArray[np.float32]

_WORD: Final = re.compile(r"[a-z0-9]+|[?$€£]")
_MOST_WORDS: Final = 400
_ASKING: Final = re.compile(r"(?:what|which|where|who|how|why|when|is|are|can|do)\b")
_ORDERING: Final = re.compile(
    r"(?:write|create|make|generate|explain|rewrite|act|you are|imagine|translate|summar)"
)
_CHOOSING: Final = re.compile(
    r"\b(?:best|recommend|suggest|buy|cheap|top \d|looking for|which one)\b"
)
_BUYING: Final = re.compile(
    r"\bshould i (?:buy|get|choose|pick)\b|\b(?:buy|rent|book|order|hire) (?:a|an|some|the|my)\b"
    r"|\bwhere (?:can|do|could|should) i (?:buy|rent|get|find|book|order)\b"
    r"|\bhow much (?:does|do|is|are) (?:a|an|the)\b|\bworth (?:the money|buying|paying)\b"
)
SHAPES: Final = 10


@dataclass(frozen=True, slots=True)
class Waves:
    """How many waves, how short (`width` is the kernel's), how strong: ``Waves(1024, 1.0, 3.0)``."""

    count: int = 0
    width: float = 1.0
    scale: float = 1.0
    seed: int = 1

    def of(self, vectors: NDArray[np.float32]) -> Row:
        """The waves of one vector or of many rows."""
        directions, phases = _drawn(self.count, self.width, self.seed, vectors.shape[-1])
        height = self.scale * math.sqrt(2.0 / self.count)
        found: Row = (np.cos(vectors @ directions + phases) * height).astype(np.float32)
        return found

    def digest(self, dimensions: int) -> str:
        """A digest of the draw, kept on the card of a head that was fitted to it."""
        directions, phases = _drawn(self.count, self.width, self.seed, dimensions)
        rounded = np.round(np.concatenate([directions.ravel(), phases]), 3)
        return hashlib.sha256(rounded.astype(np.float32).tobytes()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Features:
    """Which groups a head reads, and how strongly each counts; written to its card."""

    word_buckets: int
    word_scale: float = 1.0
    shape_scale: float = 0.0
    waves: Waves = Waves()
    letters_scale: float = 0.0

    def beside(self, vectors: NDArray[np.float32], texts: Sequence[str]) -> Row:
        """All groups for many texts, row by row; for training."""
        words = np.zeros((len(texts), self.word_buckets), dtype=np.float32)
        for row, text in enumerate(texts):
            for bucket, value in word_counts(text, self.word_buckets).items():
                words[row, bucket] = value * self.word_scale
        groups = [vectors, words]
        if self.shape_scale:
            groups.append(np.stack([shape_of(text) for text in texts]) * self.shape_scale)
        if self.waves.count:
            groups.append(self.waves.of(vectors))
        if self.letters_scale:
            groups.append(
                np.stack([letters_of(text).spread_out() for text in texts]) * self.letters_scale
            )
        return np.hstack(groups).astype(np.float32, copy=False)

    @property
    def beside_the_vector(self) -> int:
        """How many numbers follow the vector."""
        shapes = SHAPES if self.shape_scale else 0
        return self.word_buckets + shapes + self.waves.count + self.letters

    @property
    def letters(self) -> int:
        """How many numbers the letters are; they come last."""
        return BUCKETS if self.letters_scale else 0


def word_counts(text: str, buckets: int) -> dict[int, float]:
    """Hashed words and neighbouring pairs of a text, at length one: bucket → value."""
    words = _WORD.findall(plain_text(text))[:_MOST_WORDS]
    features = words + [f"{first} {second}" for first, second in pairwise(words)]
    counted: dict[int, float] = {}
    for feature in features:
        digest = zlib.crc32(feature.encode())
        bucket = (digest >> 1) % buckets
        counted[bucket] = counted.get(bucket, 0.0) + (1.0 if digest & 1 else -1.0)
    length = math.sqrt(sum(value * value for value in counted.values()))
    return {bucket: value / length for bucket, value in counted.items()} if length else {}


def shape_of(text: str) -> Row:
    """Length and manner of a text, `SHAPES` numbers between 0 and about 1."""
    words = len(text.split())
    lowered = text[:2_000].lower()
    return np.array(
        [
            math.log1p(words) / 5,
            words <= 2,
            3 <= words <= 5,
            words >= 40,
            "?" in text,
            _ASKING.match(lowered) is not None,
            any(letter.isdigit() for letter in lowered),
            _ORDERING.match(lowered) is not None,
            _CHOOSING.search(lowered) is not None,
            _BUYING.search(lowered) is not None,
        ],
        dtype=np.float32,
    )


@cache
def _drawn(count: int, width: float, seed: int, dimensions: int) -> tuple[Row, Row]:
    # The legacy generator, because its stream is promised never to change.
    draws = np.random.RandomState(seed)  # noqa: NPY002
    directions = draws.standard_normal((dimensions, count)) * math.sqrt(2 * width)
    phases = draws.random_sample(count) * 2 * np.pi
    return directions.astype(np.float32), phases.astype(np.float32)


def one_row(features: Features, text: str, vector: Vector) -> tuple[NDArray[np.intp], Row, Row]:
    """The groups of one text as serving wants them: word buckets, their values, the dense rest."""
    counted = word_counts(text, features.word_buckets)
    buckets = np.fromiter(counted.keys(), dtype=np.intp, count=len(counted))
    values = np.fromiter(counted.values(), dtype=np.float32, count=len(counted))
    rest = [shape_of(text) * features.shape_scale] if features.shape_scale else []
    if features.waves.count:
        rest.append(features.waves.of(vector))
    dense = np.concatenate(rest) if rest else np.zeros(0, dtype=np.float32)
    return buckets, values * np.float32(features.word_scale), dense

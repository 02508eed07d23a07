"""A trained judgement: one row of weights per label, over a text's vector and its hashed words.

    models/<name>.npy     float32, labels x (dimensions + word buckets)
           <name>.json    the card: space, labels, biases, what it was trained on, how well it does

Owns loading, features and the dot product; numpy only. A head answers for the space it was trained
in and refuses any other vector, so that a changed model silently judges nothing. Zero is the line:
a logit above it says yes.
"""

import json
import math
import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from language.spelling import plain_text
from language.vector import Vector, space_of

_WORD = re.compile(r"[a-z0-9]+|[?$€£]")
_MOST_WORDS = 400


@dataclass(frozen=True, slots=True)
class Head:
    """Linear weights per label: ``head.logits(text, vector)`` → one number for each of `labels`."""

    name: str
    version: str
    space: str
    labels: tuple[str, ...]
    biases: NDArray[np.float32]
    weights: NDArray[np.float32]
    word_buckets: int
    word_scale: float

    def knows(self, vector: Vector | None, model_id: str | None) -> bool:
        """Whether it can judge this vector; a vector without a model id is judged by its size."""
        if vector is None or vector.shape != (self.weights.shape[1] - self.word_buckets,):
            return False
        return model_id is None or space_of(model_id) == self.space

    def logits(self, text: str, vector: Vector) -> dict[str, float]:
        """How strongly each label speaks for `text`; above zero means yes."""
        size = len(vector)
        found = self.weights[:, :size] @ vector + self.biases
        counted = word_counts(text, self.word_buckets)
        if counted:
            buckets = np.fromiter(counted.keys(), dtype=np.intp)
            values = np.fromiter(counted.values(), dtype=np.float32) * self.word_scale
            found = found + self.weights[:, size + buckets] @ values
        return dict(zip(self.labels, found.tolist(), strict=True))


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


def feature_matrix(
    texts: Sequence[str], vectors: NDArray[np.float32], *, buckets: int, scale: float
) -> NDArray[np.float32]:
    """What `Head.logits` multiplies, for many texts at once; for training."""
    words = np.zeros((len(texts), buckets), dtype=np.float32)
    for row, text in enumerate(texts):
        for bucket, value in word_counts(text, buckets).items():
            words[row, bucket] = value * scale
    return np.hstack([vectors, words])


@cache
def load_head(name: str) -> Head:
    """The committed head of this name. Raises FileNotFoundError where it was never trained."""
    folder = resources.files("language") / "models"
    card = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
    with resources.as_file(folder / f"{name}.npy") as path:
        weights = np.load(path, allow_pickle=False).astype(np.float32)
    weights.setflags(write=False)
    return Head(
        name=name,
        version=card["version"],
        space=card["space"],
        labels=tuple(card["labels"]),
        biases=np.array(card["biases"], dtype=np.float32),
        weights=weights,
        word_buckets=card["word_buckets"],
        word_scale=card["word_scale"],
    )

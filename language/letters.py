"""Which runs of four letters a text is made of, weighed by how rare they are.

Sees what a sentence vector blurs: names, models, sizes, and words that share a stem. Weights come
from the sentences written for this project, in `models/letters.npy`, so that "the" counts little.
Pure; a text of a few sentences takes a tenth of a millisecond.
"""

import math
import re
import zlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Final

import numpy as np
from numpy.typing import NDArray

from language.spelling import plain_text

BUCKETS: Final = 16_384
_RUN: Final = 4
_WORD: Final = re.compile(r"[a-z0-9]+")
_LONGEST_READ: Final = 600
_FILE: Final = "letters.npy"


@dataclass(frozen=True, slots=True)
class Letters:
    """A text as a sparse unit vector over `BUCKETS`."""

    buckets: NDArray[np.uint16]
    values: NDArray[np.float32]

    def spread_out(self) -> NDArray[np.float32]:
        """The same with all buckets, to compare with many others."""
        dense = np.zeros(BUCKETS, dtype=np.float32)
        dense[self.buckets] = self.values
        return dense


def closeness(texts: Sequence[Letters], spread_out: NDArray[np.float32]) -> NDArray[np.float64]:
    """The cosine of each text with another one's `spread_out`, 0-1; all of them in one sweep."""
    ends = np.cumsum([0, *(len(text.buckets) for text in texts)])
    buckets = np.concatenate([text.buckets for text in texts])
    values = np.concatenate([text.values for text in texts])
    summed = np.concatenate(([0.0], np.cumsum(spread_out[buckets] * values, dtype=np.float64)))
    found: NDArray[np.float64] = summed[ends[1:]] - summed[ends[:-1]]
    return found


def letters_of(text: str) -> Letters:
    """The letters of the first few sentences of a text; of a text without words, none."""
    counted = _counted(text)
    buckets = np.fromiter(counted.keys(), dtype=np.uint16, count=len(counted))
    counts = np.fromiter(counted.values(), dtype=np.float32, count=len(counted))
    values = (1.0 + np.log(counts)) * _weights()[buckets]
    length = math.sqrt(float(values @ values))
    unit = values / length if length else values
    return Letters(buckets, unit.astype(np.float32))


def weights_from(texts: Iterable[str]) -> NDArray[np.float16]:
    """How much each bucket counts: the logarithm of how few of `texts` have it."""
    found_in = np.zeros(BUCKETS, dtype=np.float64)
    total = 0
    for text in texts:
        total += 1
        found_in[list(_counted(text))] += 1
    return (np.log((1 + total) / (1 + found_in)) + 1).astype(np.float16)


def _counted(text: str) -> Counter[int]:
    words = _WORD.findall(plain_text(text[:_LONGEST_READ]))
    runs = (
        f" {word} "[start : start + _RUN]
        for word in words
        for start in range(max(1, len(word) + 3 - _RUN))
    )
    return Counter(zlib.crc32(run.encode()) % BUCKETS for run in runs)


@cache
def _weights() -> NDArray[np.float32]:
    source = resources.files("language") / "models" / _FILE
    with resources.as_file(source) as path:
        weights: NDArray[np.float32] = np.load(path, allow_pickle=False).astype(np.float32)
    weights.setflags(write=False)
    return weights

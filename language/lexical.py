"""An embedder without a model: hashed words and letter triples.

Owns the fallback that keeps matching alive, by shared words only, where no model was exported.
Deterministic on every machine and process; knows no synonyms. `doctor` says when it is in use.
"""

import re
import zlib
from typing import Final

import numpy as np

from language.vector import LEXICAL, Vector, unit

_WORD: Final = re.compile(r"[^\W_]+")
_STOP_WORDS: Final = frozenset(
    "a about after all also am an and any are as at be been but by can could did do does for from "
    "get give good had has have he her his how i if in into is it its just like make me more most "
    "my need no not of on one or our out please she should so some tell than that the their them "
    "then there these they this to up us use want was we were what when where which who why will "
    "with would you your".split()
)
_TRIPLE_WEIGHT: Final = 0.25


class LexicalEmbedder:
    """Texts that share words are close: running shoes and a running shoe, but not sneakers."""

    model_id: str = f"{LEXICAL}/1/hash"
    dimensions: int = 1024

    def embed(self, text: str) -> Vector:
        """A unit vector; text without a word lies on an axis of its own, far from all others."""
        values = np.zeros(self.dimensions, dtype=np.float32)
        for word in _WORD.findall(text.lower()):
            if word not in _STOP_WORDS:
                self._add(values, word)
        if not values.any():
            values[0] = 1.0
        return unit(values)

    def _add(self, values: Vector, word: str) -> None:
        stem = _stem(word)
        self._count(values, stem, 1.0)
        padded = f"<{stem}>"
        for start in range(len(padded) - 2):
            self._count(values, padded[start : start + 3], _TRIPLE_WEIGHT)

    def _count(self, values: Vector, feature: str, weight: float) -> None:
        digest = zlib.crc32(feature.encode())
        # The sign bit lets collisions cancel instead of adding up; axis 0 is kept for no words.
        sign = 1.0 if digest & 1 else -1.0
        values[1 + (digest >> 1) % (self.dimensions - 1)] += sign * weight


def _stem(word: str) -> str:
    for ending in ("ing", "es", "s"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)]
    return word

"""How well a sentence stands between two others.

`similarity` is a callable from two texts to 0-1, the cosine of sentence vectors where someone has
an embedder; without one the words that two texts share must do. Scores only compare places and
facts within one answer; they are no measure of relevance.
"""

import re
from collections.abc import Callable
from typing import Final

Similarity = Callable[[str, str], float]

_WORD: Final = re.compile(r"[^\W_]{2,}")
_SENTENCE: Final = re.compile(r"(?<=[.!?。！？])\s+|\n+")
_EMPTY_WORDS: Final = frozenset(
    "the an and or of to in on for with is are be it its this that as at by from your you we can if "
    "not have has will more most one two all any so than then them they their there what which who "
    "der die das und oder mit für ist sind le la les des et un une el los las de en y que il lo per".split()
)


class WordOverlap:
    """The share of words that two texts have in common, 0-1; each text is read once.

    >>> WordOverlap()("light running shoes", "shoes for running")
    0.6666666666666666
    """

    def __init__(self) -> None:
        self._words: dict[str, frozenset[str]] = {}

    def __call__(self, one: str, other: str) -> float:
        left, right = self._words_of(one), self._words_of(other)
        if not left or not right:
            return 0.0
        return len(left & right) / len(left | right)

    def _words_of(self, text: str) -> frozenset[str]:
        found = self._words.get(text)
        if found is None:
            found = frozenset(_WORD.findall(text.casefold())) - _EMPTY_WORDS
            self._words[text] = found
        return found


def flow(sentence: str, before: str, after: str, similarity: Similarity, apart: float) -> float:
    """What the flow of a text gains where `sentence` comes between two others.

    Two pairs of neighbours stand where one did, whose similarity is `apart`.
    """
    return similarity(sentence, before) + similarity(sentence, after) - apart


def last_sentence(block: str) -> str:
    return _SENTENCE.split(block.strip())[-1]


def first_sentence(block: str) -> str:
    return _SENTENCE.split(block.strip())[0]

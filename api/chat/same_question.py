"""Whether two questions ask for the same thing. Pure.

Vectors alone cannot tell "is it safe" from "is it not safe", nor 5 from 50. So likeness must be high,
and words have a veto: other numbers, another negation, another name, another direction. Where the
words that carry the meaning are the same ("what's the capital of ny", "new york capital"), less
likeness is enough.
"""

import re
from dataclasses import dataclass
from typing import Final

_NEAR: Final = 0.93
_NEAR_WITH_SAME_WORDS: Final = 0.6
_LONGEST: Final = 400
_WORD: Final = re.compile(r"[a-z]+(?:'[a-z]+)?|\d+(?:[.,]\d+)*%?")
_NEGATIONS: Final = frozenset(
    "no not never none nobody nothing neither nor without cannot can't don't doesn't didn't isn't "
    "aren't wasn't won't wouldn't shouldn't couldn't avoid except stop unsafe illegal impossible "
    "worst least disadvantages cons dislike hate against less fewer".split()
)
#: With one of these, the order of the words is part of the question.
_DIRECTIONS: Final = frozenset(
    "from to into than over under before after versus vs between through by convert translate "
    "beat beats owe owes gave give gives follow follows".split()
)
_EMPTY: Final = frozenset(
    "a an the is are was were be been am do does did what what's whats which who who's whose of in "
    "on at for with and or it its it's this that these those there here i you he she we they me my "
    "your please tell can could would should will shall may might how about give show know let "
    "want need like us so just some any have has had when where why s".split()
) - {"when", "where", "why", "who", "how"}
_ALIASES: Final = {
    "ny": "new york", "nyc": "new york city", "la": "los angeles", "sf": "san francisco",
    "uk": "united kingdom", "usa": "united states", "us": "united states", "dc": "washington",
    "js": "javascript", "py": "python", "tv": "television", "ai": "artificial intelligence",
}  # fmt: skip
_ENDINGS: Final = ("'s", "ies", "es", "s", "ing", "ed")


@dataclass(frozen=True, slots=True)
class Question:
    """What words say about a question: ``Question(("capital", "new", "york"), …)``."""

    words: tuple[str, ...]
    numbers: tuple[str, ...]
    negated: bool
    has_direction: bool


def question_in(text: str) -> Question | None:
    """The question in a text; None for one that is too long or says too little to be told apart."""
    if len(text) > _LONGEST:
        return None
    found = _WORD.findall(text.lower().replace("’", "'"))
    spelled = " ".join(_ALIASES.get(word, word) for word in found).split()
    words = tuple(_stem(word) for word in spelled if word not in _EMPTY and not word[0].isdigit())
    if len(words) < 2:
        return None
    return Question(
        words,
        tuple(sorted(word for word in spelled if word[0].isdigit())),
        sum(word in _NEGATIONS for word in spelled) % 2 == 1,
        any(word in _DIRECTIONS for word in spelled),
    )


def is_same(one: Question, other: Question, likeness: float) -> bool:
    """Whether an answer to one answers the other; `likeness` is the cosine of their vectors."""
    if one.numbers != other.numbers or one.negated != other.negated:
        return False
    if (one.has_direction or other.has_direction) and one.words != other.words:
        return False
    if sorted(set(one.words)) == sorted(set(other.words)):
        return likeness >= _NEAR_WITH_SAME_WORDS
    # A name is a word that the other does not have; so is every other particular.
    differ = set(one.words) ^ set(other.words)
    return likeness >= _NEAR and len(differ) <= 1 and len(one.words) >= 5


def _stem(word: str) -> str:
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)]
    return word

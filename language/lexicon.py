"""Phrases, found in the words of a text.

A phrase is a row of slots: ``shoot|shot ~4 photo*`` is "shoot" or "shot", then within four more
words something that begins with "photo". Phrases are indexed by their first word, so a text costs
a few look-ups per word however many phrases there are. Pure and immutable once built.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from language.anchors import Anchors

_SHORTEST_STEM = 2
_REMEMBERED_WORDS = 20_000
_PERSONS = frozenset(
    "i me myself you yourself him himself her herself them themselves us people person persons "
    "someone somebody everyone everybody anyone anybody man men woman women boy girl guy wife "
    "husband mother mom mum father dad brother sister son daughter friend boss teacher neighbor "
    "neighbour cop cops police crowd".split()
)


@dataclass(frozen=True, slots=True)
class _Slot:
    """One word of a phrase: any of `words`, or a word that begins with one of `stems`."""

    words: frozenset[str]
    stems: tuple[str, ...]
    gap: int

    def accepts(self, word: str) -> bool:
        return word in self.words or (bool(self.stems) and word.startswith(self.stems))


@dataclass(frozen=True, slots=True)
class Phrase:
    """A phrase, what it stands for, and how it was written."""

    label: str
    text: str
    slots: tuple[_Slot, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """A phrase at the words `start` to `end` (exclusive)."""

    phrase: Phrase
    start: int
    end: int


class Lexicon:
    """Many phrases, each with a label; `find` yields those that stand in a row of words."""

    def __init__(self, phrases: Iterable[tuple[str, str]]) -> None:
        self._by_word: dict[str, list[Phrase]] = defaultdict(list)
        self._by_stem: dict[str, list[Phrase]] = defaultdict(list)
        read = [Phrase(label, text, tuple(_slots(text))) for label, text in phrases]
        self._anchors = Anchors(phrase.slots for phrase in read)
        for phrase in read:
            for word in phrase.slots[0].words:
                self._by_word[word].append(phrase)
            for stem in phrase.slots[0].stems:
                self._by_stem[stem].append(phrase)
        self._stem_lengths = sorted({len(stem) for stem in self._by_stem})
        # Most words start no phrase, and the same few thousand words make up most texts.
        self._starting_with = lru_cache(maxsize=_REMEMBERED_WORDS)(self._look_up)

    def may_find(self, words: Sequence[str]) -> bool:
        """False only where `find` would yield nothing, in `words` or in less of them."""
        return self._anchors.may_stand_in(words)

    def find(self, words: Sequence[str]) -> Iterator[Found]:
        """Every phrase in `words`, in order of its first word; an empty word matches nothing."""
        for at, word in enumerate(words):
            for phrase in self._starting_with(word):
                end = _end_of(phrase.slots, 1, words, at + 1)
                if end is not None:
                    yield Found(phrase, at, end)

    def _look_up(self, word: str) -> tuple[Phrase, ...]:
        found = list(self._by_word.get(word, ()))
        for length in self._stem_lengths:
            if length > len(word):
                break
            found.extend(self._by_stem.get(word[:length], ()))
        return tuple(found)


def mask(words: Sequence[str], harmless: Lexicon) -> list[str]:
    """The words with every harmless phrase blanked out, unless a person stands within it."""
    kept = list(words)
    for found in harmless.find(words):
        # "Kill the process" is harmless and "kill him with a process" is not.
        if _PERSONS.isdisjoint(words[found.start : found.end]):
            kept[found.start : found.end] = [""] * (found.end - found.start)
    return kept


def _end_of(slots: tuple[_Slot, ...], number: int, words: Sequence[str], at: int) -> int | None:
    """Where the slots from `number` on end, if they match from word `at`; None if they do not."""
    if number == len(slots):
        return at
    slot = slots[number]
    for position in range(at, min(at + slot.gap + 1, len(words))):
        if slot.accepts(words[position]):
            end = _end_of(slots, number + 1, words, position + 1)
            if end is not None:
                return end
    return None


def _slots(text: str) -> Iterator[_Slot]:
    gap = 0
    for part in text.split():
        if part.startswith("~"):
            gap = int(part[1:])
            continue
        alternatives = part.split("|")
        stems = tuple(word[:-1] for word in alternatives if word.endswith("*"))
        words = frozenset(word for word in alternatives if not word.endswith("*"))
        if any(len(stem) < _SHORTEST_STEM for stem in stems) or "" in words:
            raise ValueError(f"This phrase has an empty word or too short a stem: {text!r}.")
        yield _Slot(words, stems, gap)
        gap = 0

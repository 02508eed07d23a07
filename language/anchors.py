"""Whether any phrase of a lexicon can stand in a text at all, for a look-up per word.

Each phrase has one slot that texts fill least often, its anchor. Only where a word fits an anchor
are the phrase's other slots looked for, anywhere in the text; most texts end before that. Never
says no to a text that holds a phrase, whatever is blanked out of it later. Pure.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Final, Protocol

_REMEMBERED_WORDS: Final = 20_000
# What stands in almost every text anchors nothing, if the phrase has any other word.
_EVERYWHERE: Final = frozenset(
    "a about after all am an and any are as at be because been before but by can could did do for "
    "from get had has have he her him his how i if in into is it its just like little look make me "
    "more most much my need no not of off on one only or other our out over own quick she so some "
    "than that the their them then there they this to too up use want was we were what when where "
    "which while who why will with without would you your".split()
)


class Slot(Protocol):
    """One word of a phrase: any of `words`, or a word that begins with one of `stems`."""

    @property
    def words(self) -> frozenset[str]: ...

    @property
    def stems(self) -> tuple[str, ...]: ...


Slots = Sequence[Slot]


class Anchors:
    """The anchors of many phrases, each given as its row of slots."""

    def __init__(self, phrases: Iterable[Slots]) -> None:
        self._by_word: dict[str, list[Slots]] = defaultdict(list)
        self._by_stem: dict[str, list[Slots]] = defaultdict(list)
        for slots in phrases:
            anchor = max(slots, key=_rarity)
            for word in anchor.words:
                self._by_word[word].append(slots)
            for stem in anchor.stems:
                self._by_stem[stem].append(slots)
        self._stem_lengths = sorted({len(stem) for stem in self._by_stem})
        # The same few thousand words make up most texts.
        self._anchored = lru_cache(maxsize=_REMEMBERED_WORDS)(self._look_up)

    def may_stand_in(self, words: Sequence[str]) -> bool:
        """False only where no phrase can be found in `words`."""
        anchored = [phrases for phrases in map(self._anchored, words) if phrases]
        if not anchored:
            return False
        present = set(words)
        return any(_all_filled(slots, present) for phrases in anchored for slots in phrases)

    def _look_up(self, word: str) -> tuple[Slots, ...]:
        found = list(self._by_word.get(word, ()))
        for length in self._stem_lengths:
            found.extend(self._by_stem.get(word[:length], ()))
        return tuple(found)


def _all_filled(slots: Slots, present: set[str]) -> bool:
    return all(_is_filled(slot, present) for slot in slots)


def _is_filled(slot: Slot, present: set[str]) -> bool:
    if not slot.words.isdisjoint(present):
        return True
    return bool(slot.stems) and any(word.startswith(slot.stems) for word in present)


def _rarity(slot: Slot) -> int:
    """Longer words are rarer; what counts is the commonest word that a slot accepts."""
    if not slot.words.isdisjoint(_EVERYWHERE):
        return 0
    lengths = [len(word) for word in slot.words] + [len(stem) - 1 for stem in slot.stems]
    return min(lengths)

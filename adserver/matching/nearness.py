"""How near a creative is to a turn: by meaning, and by the letters that the two share.

The search finds creatives by their vectors; among the few dozen that it returns, names and models
that stand in both texts decide who is nearer. Adds to the cosine, never takes away, and only where
the space of vectors is blind to letters. Letters of creatives are remembered by position, which a
row never leaves.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from adserver.catalog.queries import LiveCreative
from adserver.matching.index import CreativeIndex, Hit
from language.letters import Letters, closeness, letters_of
from language.vector import MINILM, space_of

# What a full match of letters adds to the cosine, by space of vectors.
_WORTH: Final = {MINILM: 0.4}
_REMEMBERED: Final = 8_000


def nearest_first(hits: Sequence[Hit], words: str, index: CreativeIndex) -> list[Hit]:
    """The same hits by nearness, nearest first; equals stay in order. `words` are the turn's."""
    worth = _WORTH.get(space_of(index.model_id), 0.0)
    if not hits or not worth or not words.strip():
        return list(hits)
    asked = _asked(words).spread_out()
    shared = worth * closeness([_letters(index, hit) for hit in hits], asked)
    found = [
        Hit(hit.position, hit.similarity + more)
        for hit, more in zip(hits, shared.tolist(), strict=True)
    ]
    return sorted(found, key=lambda hit: -hit.similarity)


# In memory only, like everything that was said; a turn that is asked again is not read again.
@lru_cache(maxsize=2_000)
def _asked(words: str) -> Letters:
    return letters_of(words)


def _letters(index: CreativeIndex, hit: Hit) -> Letters:
    known = index.rows.letters
    letters = known.get(hit.position)
    if letters is None:
        if len(known) >= _REMEMBERED:
            known.clear()
        letters = known[hit.position] = letters_of(words_about(index.creatives[hit.position]))
    return letters


def words_about(creative: LiveCreative) -> str:
    """The words of a creative that a reader could look for."""
    return f"{creative.title} {' '.join(creative.keywords)} {creative.body}"

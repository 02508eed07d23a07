"""A creative's vector follows its words and prompts, is made once, and cannot hurt the others."""

import numpy as np
import pytest

from adserver.matching.creative_vectors import CreativeVectors, creative_views
from language.lexical import LexicalEmbedder
from language.vector import Vector
from tests.adserver.matching.creatives import a_creative


class CountingEmbedder(LexicalEmbedder):
    def __init__(self, poison: str | None = None) -> None:
        self.count = 0
        self.poison = poison

    def embed(self, text: str) -> Vector:
        self.count += 1
        if self.poison and self.poison in text:
            raise ValueError("cannot be embedded")
        return super().embed(text)


# In how many orders the words of a creative with keywords are told.
TELLINGS = len(creative_views(a_creative()))


def test_example_prompts_draw_the_vector_towards_them() -> None:
    vectors = CreativeVectors(LexicalEmbedder())
    question = LexicalEmbedder().embed("what helps against overpronation")

    _, plain = vectors.embed([a_creative()])
    _, prompted = vectors.embed([a_creative(prompts=("overpronation help", "overpronation"))])

    assert float(prompted[0] @ question) > float(plain[0] @ question)
    assert np.linalg.norm(prompted[0]) == pytest.approx(1.0)


def test_what_has_not_changed_is_not_embedded_again() -> None:
    embedder = CountingEmbedder()
    vectors = CreativeVectors(embedder)
    first, second = a_creative(1), a_creative(2, title="Trail shoe")

    vectors.embed([first, second])
    counted = embedder.count
    kept, rows = vectors.embed([second, first])

    assert embedder.count == counted == 2 * TELLINGS
    assert [creative.number for creative in kept] == [2, 1]
    assert len(rows) == 2


def test_a_changed_word_is_embedded_again() -> None:
    embedder = CountingEmbedder()
    vectors = CreativeVectors(embedder)

    vectors.embed([a_creative(body="Old words.")])
    vectors.embed([a_creative(body="New words.")])

    assert embedder.count == 2 * TELLINGS


def test_a_creative_that_is_gone_is_forgotten() -> None:
    embedder = CountingEmbedder()
    vectors = CreativeVectors(embedder)

    vectors.embed([a_creative()])
    vectors.embed([])
    vectors.embed([a_creative()])

    assert embedder.count == 2 * TELLINGS


def test_a_poisoned_creative_is_left_out_and_the_others_serve() -> None:
    vectors = CreativeVectors(CountingEmbedder(poison="POISON"))

    kept, rows = vectors.embed([a_creative(1), a_creative(2, title="POISON"), a_creative(3)])

    assert [creative.number for creative in kept] == [1, 3]
    assert len(rows) == 2


def test_words_are_told_in_several_orders_where_there_are_keywords() -> None:
    told = creative_views(a_creative(title="Arc 3", body="Firm arch.", keywords=("shoe", "run")))
    bare = creative_views(a_creative(title="Arc 3", body="Firm arch.", keywords=()))

    assert len(set(told)) == len(told) > 1
    assert all("shoe, run" in one for one in told)
    assert bare == ("Arc 3. Firm arch.",)


def test_no_creatives_make_an_empty_matrix() -> None:
    kept, rows = CreativeVectors(LexicalEmbedder()).embed([])

    assert kept == []
    assert rows.shape == (0, LexicalEmbedder.dimensions)

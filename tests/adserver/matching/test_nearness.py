"""Among creatives that mean the same, the one whose name was said is nearer."""

import numpy as np
import pytest

from adserver.intent.wording import words_of
from adserver.matching.index import CreativeIndex, Hit
from adserver.matching.nearness import nearest_first
from tests.adserver.matching.creatives import a_creative

MINILM = "all-MiniLM-L6-v2/0.1.0/int8"
NAMED = words_of("is the Arc 3 better than the Pronto?")


def an_index(model_id: str = MINILM) -> CreativeIndex:
    creatives = [a_creative(1, title="Pronto 2"), a_creative(2, title="Arc 3"), a_creative(3)]
    return CreativeIndex(creatives, np.eye(3, dtype=np.float32), model_id=model_id)


def test_a_name_in_the_question_brings_its_creative_forward() -> None:
    hits = [Hit(2, 0.50), Hit(1, 0.49), Hit(0, 0.30)]

    found = nearest_first(hits, NAMED, an_index())

    assert found[0].position == 1
    assert all(
        new.similarity >= old.similarity
        for new, old in zip(
            sorted(found, key=lambda hit: hit.position),
            sorted(hits, key=lambda hit: hit.position),
            strict=True,
        )
    )


def test_without_shared_letters_the_order_stays() -> None:
    hits = [Hit(2, 0.5), Hit(0, 0.5), Hit(1, 0.5)]

    found = nearest_first(hits, words_of("xyz"), an_index())

    assert found == hits


@pytest.mark.parametrize("words", ["", "  "])
def test_a_turn_without_words_changes_nothing(words: str) -> None:
    assert nearest_first([Hit(0, 0.4)], words, an_index()) == [Hit(0, 0.4)]


def test_a_space_that_sees_letters_is_left_alone() -> None:
    hits = [Hit(2, 0.50), Hit(1, 0.49)]

    assert nearest_first(hits, NAMED, an_index("lexical/1/hash")) == hits


def test_asking_twice_gives_the_same() -> None:
    index = an_index()
    hits = [Hit(2, 0.50), Hit(1, 0.49), Hit(0, 0.30)]

    assert nearest_first(hits, NAMED, index) == nearest_first(hits, NAMED, index)

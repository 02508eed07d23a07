"""Runs of letters: names and stems are seen, common words count little, nothing is too strange."""

import numpy as np
import pytest

from language import letters
from language.corpora import own_examples
from language.letters import letters_of, weights_from


def closeness(one: str, other: str) -> float:
    nothing = letters_of("")
    found = letters.closeness([nothing, letters_of(one), nothing], letters_of(other).spread_out())
    assert found[0] == found[2] == 0.0
    return float(found[1])


def test_a_text_is_as_close_to_itself_as_can_be() -> None:
    assert closeness("Arc 3 running shoe", "arc 3 RUNNING shoe") == pytest.approx(1.0, abs=1e-5)


def test_words_of_one_stem_are_closer_than_strangers() -> None:
    assert closeness("running shoes", "a shoe for runners") > closeness("running shoes", "a teapot")


def test_a_rare_name_counts_more_than_common_words() -> None:
    asked = "Is the Osprey better?"

    # One word in common each time: the name weighs more than a word of everyday.
    for common in ("the", "is", "better"):
        assert closeness(asked, "Osprey backpack") > closeness(asked, f"{common} backpack")
    assert closeness(asked, "Osprey backpack") > closeness(asked, "which is the better one for you")


@pytest.mark.parametrize("text", ["", " ", "🙂", "\x00", "a", "a" * 100_000])
def test_any_text_gives_a_vector_of_length_one_or_none(text: str) -> None:
    values = letters_of(text).values

    assert float(values @ values) == pytest.approx(1.0 if len(values) else 0.0, abs=1e-3)


def test_the_committed_weights_come_from_our_own_sentences() -> None:
    made = weights_from(example.text for example in own_examples())

    dense = letters_of("running").spread_out()
    assert np.isfinite(made.astype(np.float32)).all()
    assert (made[np.flatnonzero(dense)] >= 1.0).all()

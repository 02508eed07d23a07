"""Without a model, shared words still bring a question and a creative together."""

import zlib

import numpy as np
import pytest

from language.lexical import LexicalEmbedder

EMBEDDER = LexicalEmbedder()


def cosine(first: str, second: str) -> float:
    return float(EMBEDDER.embed(first) @ EMBEDDER.embed(second))


def test_texts_that_share_words_are_closer_than_those_that_do_not() -> None:
    question = "Which running shoes should I buy?"

    assert cosine(question, "Running shoe for flat feet") > 0.3
    assert cosine(question, "Coffee roasted on Monday") < 0.15


def test_little_words_do_not_count() -> None:
    assert cosine("the tent", "a tent for me and you, please") == pytest.approx(1.0, abs=1e-5)


def test_a_text_without_words_has_a_direction_of_its_own() -> None:
    for text in ("", "?!", "and the of"):
        vector = EMBEDDER.embed(text)

        assert np.linalg.norm(vector) == pytest.approx(1.0)
        assert abs(float(vector @ EMBEDDER.embed("running shoes"))) < 1e-6


def test_the_hash_does_not_change_between_processes() -> None:
    vector = EMBEDDER.embed("tent")

    assert int(np.argmax(np.abs(vector))) == 1 + _bucket("tent")


def _bucket(word: str) -> int:
    return (zlib.crc32(word.encode()) >> 1) % (EMBEDDER.dimensions - 1)

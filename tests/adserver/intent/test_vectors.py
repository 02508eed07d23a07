"""A turn is searched for in its context while the subject lasts, and alone when it changes."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from adserver.intent.conversation import Distilled, distil
from adserver.intent.vectors import MessageVectors, intent_vectors, turn_vector
from language.embedder import OnnxEmbedder
from language.lexical import LexicalEmbedder
from language.vector import Vector
from tollfree_sdk.contract import Turn


class CountingEmbedder(LexicalEmbedder):
    def __init__(self) -> None:
        self.embedded: list[str] = []

    def embed(self, text: str) -> Vector:
        self.embedded.append(text)
        return super().embed(text)


def conversation(*texts: str) -> Distilled:
    roles = ("user", "assistant")
    return distil([Turn(roles[at % 2], text) for at, text in enumerate(texts)])


def test_a_first_turn_is_one_vector(embedder: OnnxEmbedder) -> None:
    vectors = MessageVectors(embedder)
    said = conversation("Which running shoes suit flat feet?")

    found = intent_vectors(said, vectors)

    assert found.shape == (1, embedder.dimensions)
    assert np.array_equal(found[0], turn_vector(said, vectors))


def test_a_turn_that_goes_on_is_also_searched_in_context(embedder: OnnxEmbedder) -> None:
    vectors = MessageVectors(embedder)
    said = conversation(
        "Which running shoes suit flat feet?", "Stable running shoes.", "Do these shoes come wide?"
    )
    shoes, coffee = (
        embedder.embed("running shoes for flat feet"),
        embedder.embed("espresso machine"),
    )

    found = intent_vectors(said, vectors)

    assert len(found) == 2
    assert np.linalg.norm(found, axis=1) == pytest.approx([1.0, 1.0], abs=1e-5)
    assert found[1] @ shoes > found[0] @ shoes
    assert found[1] @ shoes > found[1] @ coffee


def test_a_new_subject_leaves_the_old_one_behind(embedder: OnnxEmbedder) -> None:
    said = conversation(
        "Which running shoes suit flat feet?",
        "Stable running shoes with a wide toe box.",
        "Now something else: a cheap hotel in Lisbon",
    )

    found = intent_vectors(said, MessageVectors(embedder))

    assert len(found) == 1


def test_a_message_is_embedded_once() -> None:
    embedder = CountingEmbedder()
    vectors = MessageVectors(embedder)

    intent_vectors(conversation("running shoes"), vectors)
    intent_vectors(conversation("running shoes", "these shoes", "wide shoes"), vectors)
    intent_vectors(conversation("running shoes", "these shoes", "wide shoes"), vectors)

    assert sorted(embedder.embedded) == ["running shoes", "these shoes", "wide shoes"]


def test_the_memory_of_vectors_is_bounded_and_forgets_the_oldest() -> None:
    embedder = CountingEmbedder()
    vectors = MessageVectors(embedder, capacity=2)

    for text in ("a1", "b2", "a1", "c3", "a1", "b2"):
        vectors.of(text)

    assert len(vectors) == 2
    assert embedder.embedded == ["a1", "b2", "c3", "b2"]


def test_a_remembered_vector_cannot_be_changed() -> None:
    vector = MessageVectors(LexicalEmbedder()).of("shoes")

    with pytest.raises(ValueError, match="read-only"):
        vector[0] = 1.0


def test_many_threads_may_ask_at_once() -> None:
    vectors = MessageVectors(LexicalEmbedder(), capacity=8)
    texts = [f"text {number % 20}" for number in range(400)]

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(vectors.of, texts))

    for text, vector in zip(texts, found, strict=True):
        assert np.array_equal(vector, LexicalEmbedder().embed(text))
    assert len(vectors) <= 8


def test_a_conversation_of_nothing_has_a_vector_still(embedder: OnnxEmbedder) -> None:
    for said in (distil([]), conversation("", "", ""), conversation("```x```", "ok", "?")):
        assert intent_vectors(said, MessageVectors(embedder)).shape[1] == embedder.dimensions

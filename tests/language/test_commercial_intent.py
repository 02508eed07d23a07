"""A wish to choose, buy or book stands above the line; everything else below it."""

import pytest

from language.commercial_intent import score
from language.embedder import OnnxEmbedder
from language.lexical import LexicalEmbedder

WISHES = [
    "best running shoes for flat feet",
    "What running shoes should I buy if I overpronate?",
    "recommend noise cancelling headphones for the office",
    "I'm looking for a laptop under $1000",
    "plan a weekend in Lisbon with a good hotel",
    "cheap flights to Rome in May",
    "which espresso machine would you suggest for a small kitchen?",
    "project management software for a small team",
    "where can I rent a car in Palermo",
    "good gravel bike for beginners",
]
OTHERS = [
    "write a for-loop in python",
    "what is the capital of France",
    "my grandmother died",
    "hello",
    "thanks, that helped",
    "explain quantum entanglement",
    "what is the best sorting algorithm",
    "write a poem about running shoes",
    "who invented the laptop",
    "translate good evening into Japanese",
    "solve x^2 - 5x + 6 = 0",
    "how do I undo the last git commit",
    "set a timer for ten minutes",
    "who should I vote for",
]


@pytest.mark.parametrize("text", WISHES)
def test_a_wish_is_above_the_line(text: str, embedder: OnnxEmbedder) -> None:
    assert score(text, embedder.embed(text), model_id=embedder.model_id) >= 0.5


@pytest.mark.parametrize("text", OTHERS)
def test_anything_else_is_below_the_line(text: str, embedder: OnnxEmbedder) -> None:
    assert score(text, embedder.embed(text), model_id=embedder.model_id) < 0.5


@pytest.mark.parametrize("text", ["best running shoes for flat feet", "which laptop should I buy?"])
def test_without_a_model_plain_wishes_are_still_seen(text: str) -> None:
    assert score(text) >= 0.5
    assert score(text, LexicalEmbedder().embed(text), model_id="lexical/1/hash") == score(text)


@pytest.mark.parametrize(
    "text",
    [
        "write a for-loop in python",
        "what is the capital of France",
        "my grandmother died",
        "hi",
        "",
    ],
)
def test_without_a_model_everything_else_stays_below(text: str) -> None:
    assert score(text) < 0.5


def test_a_score_is_a_probability_for_any_text(embedder: OnnxEmbedder) -> None:
    for text in ("", " ", "🙂", "buy " * 3_000, "\x00\x01"):
        assert 0.0 <= score(text, embedder.embed(text)) <= 1.0
        assert 0.0 <= score(text) <= 1.0

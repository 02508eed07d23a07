"""Committed heads are small, belong to their cards, and answer for one space only."""

import json
from importlib import resources
from pathlib import Path

import numpy as np
import pytest

from language.corpora import own_examples
from language.embedder import OnnxEmbedder
from language.head import feature_matrix, load_head
from language.train import digest_of

NAMES = ["commercial_intent", "sensitive_topics"]
FOLDER = Path(str(resources.files("language") / "models"))


@pytest.mark.parametrize("name", NAMES)
def test_the_quick_way_and_the_training_way_give_the_same_logits(
    name: str, embedder: OnnxEmbedder
) -> None:
    head = load_head(name)
    texts = ["Best running shoes?", "", "Why is the sky blue, and how far is it?", "ÄÖ ü"]
    vectors = np.stack([embedder.embed(text) for text in texts])

    matrix = feature_matrix(texts, vectors, buckets=head.word_buckets, scale=head.word_scale)
    expected = matrix @ head.weights.T + head.biases

    for text, vector, row in zip(texts, vectors, expected, strict=True):
        assert list(head.logits(text, vector).values()) == pytest.approx(row.tolist(), abs=1e-4)


@pytest.mark.parametrize("name", NAMES)
def test_a_vector_of_another_space_or_size_is_not_known(name: str, embedder: OnnxEmbedder) -> None:
    head, vector = load_head(name), embedder.embed("shoes")

    assert head.knows(vector, embedder.model_id)
    assert head.knows(vector, None)
    assert not head.knows(vector, "another-model/1/int8")
    assert not head.knows(vector[:-1], embedder.model_id)
    assert not head.knows(None, embedder.model_id)


@pytest.mark.parametrize("name", NAMES)
def test_the_card_tells_what_the_head_was_trained_on(name: str) -> None:
    card = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))

    assert card["own_sha256"] == digest_of(own_examples()), "train again: python -m language.train"
    assert card["figures"]
    assert card["seed"]
    assert card["rows"]["own"] == len({example.text for example in own_examples()})


def test_everything_committed_for_models_is_small() -> None:
    assert sum(path.stat().st_size for path in FOLDER.iterdir()) < 2_000_000


def test_weights_hold_no_pickle() -> None:
    for path in FOLDER.glob("*.npy"):
        assert np.isfinite(np.load(path, allow_pickle=False).astype(np.float32)).all()

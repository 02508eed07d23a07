"""Committed heads are small, belong to their cards, and answer for one space only."""

import json
from importlib import resources
from pathlib import Path

import numpy as np
import pytest

from language.corpora import own_examples
from language.embedder import OnnxEmbedder
from language.head import features_of, load_head
from language.lineage import digest_of

NAMES = ["commercial_intent", "sensitive_topics"]
FOLDER = Path(str(resources.files("language") / "models"))


@pytest.mark.parametrize("name", NAMES)
def test_the_quick_way_and_the_training_way_give_the_same_logits(
    name: str, embedder: OnnxEmbedder
) -> None:
    head = load_head(name)
    texts = ["Best running shoes?", "", "Why is the sky blue, and how far is it?", "ÄÖ ü"]
    vectors = np.stack([embedder.embed(text) for text in texts])

    matrix = head.features.beside(vectors, texts)
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

    assert card["own_sha256"] == digest_of(own_examples()), "train again: tollfree models train"
    assert card["figures"]
    assert card["seed"]
    own = card["rows"]["own"] + card["rows"]["own_chat"]
    assert own == len({example.text for example in own_examples()})


def test_a_head_whose_waves_are_drawn_otherwise_is_refused() -> None:
    card = json.loads((FOLDER / "commercial_intent.json").read_text(encoding="utf-8"))

    with pytest.raises(ValueError, match="Train the heads again"):
        features_of(card | {"waves_digest": "0" * 16})


def test_everything_committed_for_models_is_small() -> None:
    assert sum(path.stat().st_size for path in FOLDER.iterdir()) < 2_000_000


def test_weights_hold_no_pickle() -> None:
    for path in FOLDER.glob("*.npy"):
        assert np.isfinite(np.load(path, allow_pickle=False).astype(np.float32)).all()

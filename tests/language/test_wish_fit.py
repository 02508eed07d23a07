"""What is fitted in three readings is served as one row of weights."""

import numpy as np
import pytest

from language.corpora import Example
from language.fitting import Rows
from language.head import Head
from language.wish_fit import FEATURES, Readings, as_served

WISHES = [f"which {thing} should I buy?" for thing in "tent lamp sofa bike shoe pan desk".split()]
OTHERS = [f"write a poem about a {thing}" for thing in "tent lamp sofa bike shoe pan desk".split()]


@pytest.fixture(scope="module")
def rows() -> Rows:
    texts = [*WISHES, *OTHERS]
    vectors = np.random.default_rng(5).normal(size=(len(texts), 12)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    examples = [Example("own", text, text in WISHES, "") for text in texts]
    return Rows(examples, texts, vectors)


def test_serving_gives_the_scores_of_training(rows: Rows) -> None:
    readings = Readings.of(rows)
    labels = np.array([row.is_commercial is True for row in rows.examples])

    line = readings.fitted(labels, np.ones(len(labels)))
    bias = np.array([line.bias], dtype=np.float32)
    head = Head("wishes", "1", "any", ("wish",), bias, as_served(line)[np.newaxis, :], FEATURES)

    served = [
        head.logits(text, vector)["wish"]
        for text, vector in zip(rows.texts, rows.vectors, strict=True)
    ]
    assert served == pytest.approx(readings.scores(line).tolist(), abs=1e-3)
    assert min(served[: len(WISHES)]) > max(served[len(WISHES) :])
    assert head.knows(rows.vectors[0], None)

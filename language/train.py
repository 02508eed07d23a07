"""Train the heads anew: ``python -m language.train --data DIR --model EXPORTED``.

Owns how heads are fitted, and writes each as weights and a card into `language/models`. The same
data, export and code give the same heads. Figures on the card are from rows held back by a hash of
their text (one in five); the head that is written has then seen all rows.
"""

import argparse
import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from language.corpora import Example, own_examples, public_examples
from language.embedder import Embedder, load_embedder
from language.figures import commercial_figures, commercial_line, topic_figures
from language.head import feature_matrix
from language.sensitive_topics import SensitiveTopic
from language.vector import space_of

_SEED: Final = 20_261_122
# Fourteen topics each take their share of harmless texts; together they must stay below 1 %.
_HARMLESS_BELOW_LINE: Final = 0.9992
_EMBEDDED_CHARACTERS: Final = 2_000
_HELD_BACK_ONE_IN: Final = 5
# How much each kind of row counts in all, however many rows it has: chat prompts are what we
# serve, search queries and canned requests only round them off.
_COMMERCIAL_SHARES: Final[dict[tuple[str, bool | None], float]] = {
    ("lm_market", True): 5.0,
    ("own", True): 5.0,
    ("wands", True): 2.5,
    ("webis", True): 2.5,
    ("clinc", True): 2.0,
    ("issuebench", False): 7.0,
    ("clinc", False): 5.0,
    ("own", False): 4.0,
    ("ailuminate", False): 2.0,
    ("moderation", False): 2.0,
}
_HARMLESS_SHARES: Final[dict[tuple[str, bool | None], float]] = {
    ("issuebench", True): 3.0,
    ("own", True): 4.0,
    ("clinc", True): 2.0,
    ("webis", True): 1.0,
    ("wands", True): 0.5,
    ("lm_market", True): 1.0,
}


@dataclass(frozen=True, slots=True)
class Rows:
    """All examples with their vectors, and which of them are held back for the card."""

    examples: Sequence[Example]
    vectors: NDArray[np.float32]
    held_back: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Recipe:
    """How one head's features and fit are set; written to its card."""

    word_buckets: int
    word_scale: float
    strength: float


COMMERCIAL: Final = Recipe(word_buckets=2_048, word_scale=1.0, strength=1.0)
SENSITIVE: Final = Recipe(word_buckets=2_048, word_scale=1.0, strength=4.0)


def main() -> None:
    """Read the arguments, train both heads, print their cards."""
    parser = argparse.ArgumentParser(prog="python -m language.train", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="a folder of public sets")
    parser.add_argument("--model", type=Path, required=True, help="an exported embedder")
    parser.add_argument("--out", type=Path, default=None, help="where to write; the package itself")
    given = parser.parse_args()
    embedder = load_embedder(given.model)
    rows = read_rows(given.data, embedder)
    out = given.out or Path(str(resources.files("language") / "models"))
    for name, train in (
        ("commercial_intent", train_commercial),
        ("sensitive_topics", train_topics),
    ):
        weights, card = train(rows)
        write_head(out, name, weights, card | lineage(rows, embedder))
        print(name, json.dumps(card["figures"], indent=1))  # noqa: T201


def read_rows(data: Path, embedder: Embedder) -> Rows:
    """Every example once, with its vector."""
    unique = {(example.text, example.topic): example for example in own_examples()}
    for example in public_examples(data):
        unique.setdefault((example.text, example.topic), example)
    examples = [example for example in unique.values() if example.text.strip()]
    vectors = np.stack([embedder.embed(row.text[:_EMBEDDED_CHARACTERS]) for row in examples])
    held = [_hash(row.text) % _HELD_BACK_ONE_IN == 0 for row in examples]
    return Rows(examples, vectors, np.array(held))


def train_commercial(rows: Rows) -> tuple[NDArray[np.float32], dict[str, Any]]:
    """Weights (one row) and card of the commercial-intent head."""
    features = _features(rows, COMMERCIAL)
    labels = np.array([row.is_commercial is True for row in rows.examples])
    weight = _shared(rows, _COMMERCIAL_SHARES, [row.is_commercial for row in rows.examples])
    weight = weight * (weight > 0.0).sum()
    fitted = _fit(features, labels, np.where(rows.held_back, 0.0, weight), COMMERCIAL)
    scores = features @ fitted[0] + fitted[1]
    line = commercial_line(rows.examples, scores, rows.held_back)
    figures = commercial_figures(rows.examples, scores > line, rows.held_back)
    coefficients, bias = _fit(features, labels, weight, COMMERCIAL)
    card = _card(COMMERCIAL, ["commercial"], [bias - line], figures)
    return coefficients[np.newaxis, :], card


def train_topics(rows: Rows) -> tuple[NDArray[np.float32], dict[str, Any]]:
    """Weights (a row for each topic with examples) and card of the sensitive-topics head."""
    features = _features(rows, SENSITIVE)
    harmless = np.array([row.topic == "" for row in rows.examples])
    calm = _shared(rows, _HARMLESS_SHARES, [row.topic == "" for row in rows.examples])
    kept, biases, weights, scores = [], [], [], []
    for topic in SensitiveTopic:
        labels = np.array([row.topic == topic.value for row in rows.examples])
        if not labels.any():
            continue
        # Rows of other topics take no part: a text is often about two of them.
        weight = np.where(labels, 1.0 / labels.sum(), calm)
        weight = weight * (weight > 0.0).sum() / weight.sum()
        held_out = np.where(rows.held_back, 0.0, weight)
        coefficients, bias = _fit(features, labels, held_out, SENSITIVE)
        scored = features @ coefficients + bias
        line = float(np.quantile(scored[harmless & rows.held_back], _HARMLESS_BELOW_LINE))
        scores.append(scored - line)
        coefficients, bias = _fit(features, labels, weight, SENSITIVE)
        kept.append(topic.value)
        biases.append(bias - line)
        weights.append(coefficients)
    fires = np.max(scores, axis=0) > 0.0
    card = _card(SENSITIVE, kept, biases, topic_figures(rows.examples, fires, rows.held_back))
    return np.stack(weights), card


def write_head(out: Path, name: str, weights: NDArray[np.float32], card: dict[str, Any]) -> None:
    """Write `<name>.npy` and `<name>.json`."""
    out.mkdir(parents=True, exist_ok=True)
    np.save(out / f"{name}.npy", weights.astype(np.float16), allow_pickle=False)
    card = {"version": hashlib.sha256(weights.tobytes()).hexdigest()[:12], **card}
    text = json.dumps(card, indent=1, ensure_ascii=False)
    (out / f"{name}.json").write_text(text + "\n", encoding="utf-8")


def lineage(rows: Rows, embedder: Embedder) -> dict[str, Any]:
    """What a head was made from: set sizes and one digest over all texts, no text."""
    sizes = Counter(row.source for row in rows.examples)
    digest = hashlib.sha256()
    for row in rows.examples:
        digest.update(
            f"{row.source}\x1f{row.text}\x1f{row.is_commercial}\x1f{row.topic}\x1e".encode()
        )
    return {
        "space": space_of(embedder.model_id),
        "trained_on_vectors_of": embedder.model_id,
        "rows": dict(sorted(sizes.items())),
        "rows_sha256": digest_of(rows.examples),
        "own_sha256": digest_of(own_examples()),
        "seed": _SEED,
        "script": "python -m language.train",
    }


def digest_of(examples: Iterable[Example]) -> str:
    """One digest over sentences and labels, by which a card is checked against its data."""
    digest = hashlib.sha256()
    for row in examples:
        digest.update(
            f"{row.source}\x1f{row.text}\x1f{row.is_commercial}\x1f{row.topic}\x1e".encode()
        )
    return digest.hexdigest()


def _card(
    recipe: Recipe, labels: list[str], biases: list[float], figures: dict[str, Any]
) -> dict[str, Any]:
    return {
        "labels": labels,
        "biases": [round(float(bias), 5) for bias in biases],
        "word_buckets": recipe.word_buckets,
        "word_scale": recipe.word_scale,
        "strength": recipe.strength,
        "figures": figures,
    }


def _features(rows: Rows, recipe: Recipe) -> NDArray[np.float32]:
    texts = [row.text for row in rows.examples]
    return feature_matrix(texts, rows.vectors, buckets=recipe.word_buckets, scale=recipe.word_scale)


def _fit(
    features: NDArray[np.float32],
    labels: NDArray[np.bool_],
    weight: NDArray[np.float64],
    recipe: Recipe,
) -> tuple[NDArray[np.float32], float]:
    from sklearn.linear_model import LogisticRegression  # type: ignore[import-untyped]

    used = weight > 0.0
    model = LogisticRegression(C=recipe.strength, max_iter=3_000, random_state=_SEED)
    model.fit(features[used], labels[used], sample_weight=weight[used])
    return model.coef_[0].astype(np.float32), float(model.intercept_[0])


def _shared(
    rows: Rows, shares: Mapping[tuple[str, bool | None], float], values: Sequence[bool | None]
) -> NDArray[np.float64]:
    """A weight for each row, so that each kind counts by its share; the weights add up to one."""
    kinds = [(_set_of(row.source), value) for row, value in zip(rows.examples, values, strict=True)]
    counts = Counter(kinds)
    weights = np.array([shares.get(kind, 0.0) / counts[kind] for kind in kinds])
    used: NDArray[np.float64] = weights / weights.sum()
    return used


def _set_of(source: str) -> str:
    return "clinc" if source.startswith("clinc_") else source


def _hash(text: str) -> int:
    return int.from_bytes(hashlib.sha256(text.lower().encode()).digest()[:8], "big")


if __name__ == "__main__":
    main()

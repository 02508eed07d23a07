"""Train the heads anew: ``tollfree models train --data DIR``.

Owns how heads are fitted, and writes each as weights and a card into `language/models`. The same
data, export and code give the same heads. Figures on the cards come from rows that a fit has not
seen: fifths by a hash of the text, each judged by a fit on the other four (wishes) or one fifth
held back (topics). The head that is written has then seen all rows.
"""

import hashlib
import json
from collections.abc import Callable
from importlib import resources
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from language import wish_fit
from language.corpora import own_examples, own_prompts, public_examples
from language.embedder import Embedder
from language.features import Features
from language.figures import commercial_figures, commercial_line, topic_figures
from language.fitting import SEED, Rows, fit, shared
from language.letters import weights_from
from language.lineage import lineage
from language.sensitive_topics import SensitiveTopic
from language.wish_fit import Readings, as_served

_LONGEST_CLEANED: Final = 20_000
# Fourteen topics each take their share of harmless texts; together they must stay below 1 %.
_HARMLESS_BELOW_LINE: Final = 0.9992
# How much each kind of row counts in all, however many rows it has: chat prompts are what we
# serve, search queries and canned requests only round them off.
_COMMERCIAL_SHARES: Final[dict[tuple[str, bool | None], float]] = {
    ("lm_market", True): 5.0,
    ("own", True): 5.0,
    ("own_chat", True): 4.0,
    ("wands", True): 2.5,
    ("webis", True): 2.5,
    ("clinc", True): 2.0,
    ("issuebench", False): 8.0,
    ("clinc", False): 6.0,
    ("clinc_oos", False): 3.0,
    ("own", False): 4.5,
    ("own_chat", False): 3.0,
    ("ailuminate", False): 2.0,
    ("moderation", False): 2.0,
}
_HARMLESS_SHARES: Final[dict[tuple[str, bool | None], float]] = {
    ("issuebench", True): 3.0,
    ("own", True): 3.0,
    ("own_chat", True): 1.0,
    ("prompts", True): 2.0,
    ("clinc", True): 2.0,
    ("clinc_oos", True): 0.2,
    ("webis", True): 1.0,
    ("wands", True): 0.5,
    ("lm_market", True): 1.0,
}
_TOPICS: Final = Features(word_buckets=2_048)
# Strength of the fit over vector, words and shape, and of the one over shape and waves.
_TOPIC_STRENGTH: Final = 4.0

Clean = Callable[[str], str]


def train(
    data: Path, prompts: Path, embedder: Embedder, clean: Clean, out: Path | None = None
) -> dict[str, dict[str, Any]]:
    """Train both heads, write them, and give their cards' figures.

    `clean` makes of a message what serving embeds of it.
    """
    rows = read_rows(data, prompts, embedder, clean)
    folder = out or Path(str(resources.files("language") / "models"))
    folder.mkdir(parents=True, exist_ok=True)
    # Before anything reads letters: the commercial head is fitted to the weights that stand here.
    np.save(folder / "letters.npy", weights_from(row.text for row in own_examples()))
    figures = {}
    for name, trained in (
        ("commercial_intent", train_commercial(rows)),
        ("sensitive_topics", train_topics(rows)),
    ):
        weights, card = trained
        write_head(folder, name, weights, card | lineage(rows.examples, embedder))
        figures[name] = card["figures"]
    return figures


def read_rows(data: Path, prompts: Path, embedder: Embedder, clean: Clean) -> Rows:
    """Every example once, cleaned, with its vector."""
    unique = {(example.text, example.topic): example for example in own_examples()}
    for example in (*own_prompts(prompts), *public_examples(data)):
        unique.setdefault((example.text, example.topic), example)
    cleaned = {key: clean(row.text[:_LONGEST_CLEANED]) for key, row in unique.items()}
    examples = [row for key, row in unique.items() if cleaned[key].strip()]
    texts = [cleaned[row.text, row.topic] for row in examples]
    vectors = np.stack([embedder.embed(text) for text in texts])
    return Rows(examples, texts, vectors)


def train_commercial(rows: Rows) -> tuple[NDArray[np.float32], dict[str, Any]]:
    """Weights (one row) and card of the commercial-intent head."""
    readings = Readings.of(rows)
    labels = np.array([row.is_commercial is True for row in rows.examples])
    weight = shared(rows, _COMMERCIAL_SHARES, [row.is_commercial for row in rows.examples])
    scores = np.zeros(len(labels), dtype=np.float32)
    for fifth in range(5):
        unseen = rows.fifths == fifth
        line = readings.fitted(labels, np.where(unseen, 0, weight))
        scores[unseen] = readings.scores(line)[unseen]
    everywhere = np.ones(len(labels), dtype=np.bool_)
    floor = commercial_line(rows.examples, scores, everywhere)
    figures = commercial_figures(rows.examples, scores, floor)
    line = readings.fitted(labels, weight)
    card = _card(wish_fit.FEATURES, ["commercial"], [line.bias - floor], figures)
    return as_served(line)[np.newaxis, :], card


def train_topics(rows: Rows) -> tuple[NDArray[np.float32], dict[str, Any]]:
    """Weights (a row for each topic with examples) and card of the sensitive-topics head."""
    matrix = _TOPICS.beside(rows.vectors, [row.text for row in rows.examples])
    harmless = np.array([row.topic == "" for row in rows.examples])
    # Twins were written to look alike; one of them must not move the line of everything else.
    plain = harmless & np.array([row.source != "prompts" for row in rows.examples])
    calm = shared(rows, _HARMLESS_SHARES, [row.topic == "" for row in rows.examples])
    calm /= calm.sum()
    kept, biases, weights, scores = [], [], [], []
    for topic in SensitiveTopic:
        labels = np.array([row.topic == topic.value for row in rows.examples])
        if not labels.any():
            continue
        # Rows of other topics take no part: a text is often about two of them.
        weight = np.where(labels, 1.0 / labels.sum(), calm)
        weight = weight * (weight > 0.0).sum() / weight.sum()
        held_out = np.where(rows.held_back, 0.0, weight)
        coefficients, bias = fit(matrix, labels, held_out, _TOPIC_STRENGTH)
        scored = matrix @ coefficients + bias
        line = float(np.quantile(scored[plain & rows.held_back], _HARMLESS_BELOW_LINE))
        scores.append(scored - line)
        coefficients, bias = fit(matrix, labels, weight, _TOPIC_STRENGTH)
        kept.append(topic.value)
        biases.append(bias - line)
        weights.append(coefficients)
    fires = np.max(scores, axis=0) > 0.0
    figures = topic_figures(rows.examples, fires, rows.held_back)
    return np.stack(weights), _card(_TOPICS, kept, biases, figures)


def write_head(out: Path, name: str, weights: NDArray[np.float32], card: dict[str, Any]) -> None:
    """Write `<name>.npy` and `<name>.json`."""
    small = weights.astype(np.float16)
    np.save(out / f"{name}.npy", small, allow_pickle=False)
    card = {"version": hashlib.sha256(small.tobytes()).hexdigest()[:12], **card}
    text = json.dumps(card, indent=1, ensure_ascii=False)
    (out / f"{name}.json").write_text(text + "\n", encoding="utf-8")


def _card(
    features: Features, labels: list[str], biases: list[float], figures: dict[str, Any]
) -> dict[str, Any]:
    waves, dimensions = features.waves, 384
    return {
        "labels": labels,
        "biases": [round(float(bias), 5) for bias in biases],
        "dimensions": dimensions,
        "word_buckets": features.word_buckets,
        "word_scale": features.word_scale,
        "shape_scale": features.shape_scale,
        "letters_scale": features.letters_scale,
        "waves": {
            "count": waves.count,
            "width": waves.width,
            "scale": waves.scale,
            "seed": waves.seed,
        },
        "waves_digest": waves.digest(dimensions) if waves.count else "",
        "seed": SEED,
        "figures": figures,
    }

"""Does a detector of undisclosed ads find our mentions, and nothing in what is left without them?

    python bench/detector.py --data DIR [--json]

Trained on the sentence pairs of webis_ad_detection: sentence vectors of the exported embedder and
letters in a row, one logistic regression. Each answer of bench/weaving.py that carries a mention is
then read pair by pair, three times: as delivered, with its spans taken out by `remove` as from
resent history, and as the model wrote it. A mention is found if a pair with its sentence fires.

    out_of_fold_f1     on webis_ad_detection, by queries that the fold has not seen
    found              share of our mentions, label and name included / taken away
    fires_without_ads  answers in which a pair fires: ad-free, and with the spans taken out

The threshold is the one of the best F1 out of fold, and knows nothing of our mentions.
"""

import argparse
import itertools
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402

from bench.weaving_rig import PUBLIC_URL, ad_of, answers, sentences  # noqa: E402
from language.embedder import Embedder, load_embedder  # noqa: E402
from tollfree_sdk.contract import AdDecision, Delivery, Format  # noqa: E402
from tollfree_sdk.placement import place_answer, remove, well_formed  # noqa: E402

FOUND = 0.95
_FOLDS = 5
Pair = tuple[str, str]


class Detector:
    """Vectors of both sentences and of what parts them, and letters in a row."""

    def __init__(self, embedder: Embedder) -> None:
        from sklearn.feature_extraction.text import TfidfVectorizer

        self._embedder = embedder
        self._vectors: dict[str, Any] = {}
        self._letters = TfidfVectorizer(
            analyzer="char_wb", ngram_range=(2, 5), sublinear_tf=True, min_df=3, max_features=60_000
        )
        self._words = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, min_df=2)
        self._model: Any = None

    def fit(self, pairs: Sequence[Pair], labels: Sequence[int]) -> None:
        from sklearn.linear_model import LogisticRegression

        self._letters.fit(map(" ".join, pairs))
        self._words.fit(map(" ".join, pairs))
        self._model = LogisticRegression(C=6.0, max_iter=300, solver="liblinear")
        self._model.fit(self._features(pairs), labels)

    def scores(self, pairs: Sequence[Pair]) -> Any:
        """How sure it is of an ad, 0 to 1, for each pair."""
        return self._model.predict_proba(self._features(pairs))[:, 1]

    def _features(self, pairs: Sequence[Pair]) -> Any:
        from scipy.sparse import csr_matrix, hstack

        joined = [" ".join(pair) for pair in pairs]
        meant = np.array([self._meaning(*pair) for pair in pairs])
        return hstack(
            [self._letters.transform(joined), self._words.transform(joined), csr_matrix(meant)]
        ).tocsr()

    def _meaning(self, one: str, other: str) -> Any:
        first, second = self._vector(one), self._vector(other)
        return np.concatenate([first + second, np.abs(first - second)])

    def _vector(self, sentence: str) -> Any:
        found = self._vectors.get(sentence)
        if found is None:
            found = self._vectors[sentence] = self._embedder.embed(sentence)
        return found


def labelled(data: Path) -> tuple[list[Pair], list[int], list[str]]:
    """Pairs, labels and queries of every file of sentence pairs that is there."""
    pairs, labels, queries = [], [], []
    for path in sorted((data / "webis_ad_detection").glob("sentence_pairs-*-labels.jsonl")):
        truth = {row["id"]: int(row["label"]) for row in _rows(path)}
        told = path.with_name(path.name.replace("-labels", ""))
        for row in _rows(told) if told.exists() else ():
            if row["id"] in truth:
                pairs.append((row["sentence1"], row["sentence2"]))
                labels.append(truth[row["id"]])
                queries.append(row["query"])
    return pairs, labels, queries


def _rows(path: Path) -> Any:
    return (json.loads(line) for line in path.read_text("utf-8").splitlines() if line.strip())


def out_of_fold(detector: Detector, data: tuple[list[Pair], list[int], list[str]]) -> Any:
    """Scores of each pair by a detector that has seen no pair of its query."""
    from sklearn.model_selection import GroupKFold

    pairs, labels, queries = data
    found = np.zeros(len(pairs))
    for seen, unseen in GroupKFold(_FOLDS).split(pairs, labels, queries):
        detector.fit([pairs[at] for at in seen], [labels[at] for at in seen])
        found[unseen] = detector.scores([pairs[at] for at in unseen])
    return found


def best_threshold(scores: Any, labels: Sequence[int]) -> tuple[float, float]:
    """The threshold of the best F1, and that F1."""
    truth = np.array(labels)
    tried = []
    for threshold in np.arange(0.2, 0.8, 0.01):
        fired = scores >= threshold
        right = int((fired & (truth == 1)).sum())
        tried.append((2 * right / (int(fired.sum()) + int(truth.sum())), float(threshold)))
    best = max(tried)
    return best[1], best[0]


def pairs_of(text: str) -> list[Pair]:
    return list(itertools.pairwise(sentences(text)))


def measured(data: Path, detector: Detector, threshold: float) -> dict[str, Any]:
    mentions = {"as delivered": 0, "without label and name": 0}
    fires = {"ad_free": 0, "spans_taken_out": 0}
    total = 0
    for _, organic, product in answers(data):
        decision = AdDecision("dec_1", ad_of(product), None)
        placed = place_answer(organic, decision, delivery=Delivery.CONTENT)
        if not placed.field.ads or placed.field.ads[0].ad.format is not Format.MENTION:
            continue
        total += 1
        shown = placed.field.ads[0]
        (span,) = shown.spans
        said = sentences(placed.content[span.start : span.end])[-1]
        bare = said.split(":", 1)[1].strip()
        read = pairs_of(placed.content)
        for name, seen in (("as delivered", said), ("without label and name", bare)):
            near = [
                tuple(seen if one == said else one for one in pair) for pair in read if said in pair
            ]
            mentions[name] += bool((detector.scores(near) >= threshold).any())
        sent = [{"role": "assistant", "content": placed.content}]
        left = remove(sent, public_url=PUBLIC_URL, verifies=well_formed).messages[0]["content"]
        for name, text in (("ad_free", organic), ("spans_taken_out", left)):
            fires[name] += bool((detector.scores(pairs_of(text)) >= threshold).any())
    return {"mentions": total, "found": mentions, "fires_without_ads": fires}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--model", type=Path, help="folder of the exported model")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    trained = labelled(asked.data)
    if not trained[0]:
        parser.error(f"There are no sentence pairs of webis_ad_detection in {asked.data}.")
    folder = asked.model or Path(sys.prefix) / "share/tollfree/models/all-MiniLM-L6-v2"
    detector = Detector(load_embedder(folder))
    scores = out_of_fold(detector, trained)
    threshold, f1 = best_threshold(scores, trained[1])
    detector.fit(trained[0], trained[1])
    report: dict[str, Any] = {
        "pairs": len(trained[0]),
        "out_of_fold_f1": round(f1, 4),
        "threshold": round(threshold, 2),
        **measured(asked.data, detector, threshold),
    }
    total, fires = report["mentions"], report["fires_without_ads"]
    report["found_share"] = round(report["found"]["as delivered"] / total, 4) if total else None
    report["holds"] = bool(
        total and report["found_share"] >= FOUND and fires["ad_free"] == fires["spans_taken_out"]
    )
    print(
        json.dumps(report)
        if asked.json
        else "\n".join(f"{name:20} {value}" for name, value in report.items())
    )
    return 0 if report["holds"] else 1


if __name__ == "__main__":
    raise SystemExit(main())

"""How well a mention stands in an answer, beside published ways of weaving ads.

    python bench/weaving.py --data DIR [--json] [--limit N]

Takes as ad-free text the answers of GI-R in gembench/baseline_outputs without their exact insert,
`[name](url):desc`, puts our mention of the same product into them, and measures all alike:

    response_flow        mean cosine of neighbouring sentences        (all times 100)
    response_coherence   mean cosine of each sentence to their mean
    ad_flow              exp(-|similarity to the one before - to the one after|)
    ad_coherence         cosine of the ad's sentence to the mean of all others
    label_rate           share of ads with label and advertiser side by side
    extra_tokens         tokens of the delivered text beyond the ad-free one, address included (o200k)

A link counts by its words, headings and list items are sentences, the embedder is the exported one.
An answer without a place for a mention (too short, one list, code) falls back to the unit; those
are counted in `fell_back` and left out of every row of the table, so that all rows are about the
same `n` answers. `mention` and `mention in a stream` are what serving does: places and sentences are
compared by their words, which costs less than a millisecond; `by embedding` is what a caller gets
who passes a similarity. The exit code says whether what must hold holds.
"""

import argparse
import itertools
import json
import math
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402

from bench.weaving_rig import ad_of, answers, counter, sentences  # noqa: E402
from language.embedder import Embedder, load_embedder  # noqa: E402
from tollfree_sdk.contract import Ad, AdDecision, Delivery, Format  # noqa: E402
from tollfree_sdk.placement import StreamPlacer, place_answer  # noqa: E402
from tollfree_sdk.placement.flow import Similarity  # noqa: E402

WITHIN, MOST_TOKENS = 0.5, 60


@dataclass
class Row:
    """The sums of one method."""

    flow: list[float] = field(default_factory=list)
    coherence: list[float] = field(default_factory=list)
    ad_flow: list[float] = field(default_factory=list)
    ad_coherence: list[float] = field(default_factory=list)
    labels: list[bool] = field(default_factory=list)
    tokens: list[int] = field(default_factory=list)

    def figures(self) -> dict[str, Any]:
        return {
            "response_flow": _hundredfold(self.flow),
            "response_coherence": _hundredfold(self.coherence),
            "ad_flow": _hundredfold(self.ad_flow),
            "ad_coherence": _hundredfold(self.ad_coherence),
            "label_rate": _hundredfold(self.labels),
            "extra_tokens": round(sum(self.tokens) / len(self.tokens), 1) if self.tokens else None,
            "n": len(self.flow),
        }


class Meter:
    """Measures texts with one embedder and one splitter."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._vectors: dict[str, Any] = {}

    def vector(self, sentence: str) -> Any:
        found = self._vectors.get(sentence)
        if found is None:
            found = self._vectors[sentence] = self._embedder.embed(sentence)
        return found

    def similarity(self, one: str, other: str) -> float:
        return float(self.vector(one) @ self.vector(other))

    def add(self, row: Row, text: str, ad: str | None) -> None:
        """Measure `text`; `ad` is a sentence of it that is the ad."""
        said = sentences(text)
        vectors = [self.vector(one) for one in said]
        if len(said) < 2:
            return
        row.flow.append(_mean(float(a @ b) for a, b in itertools.pairwise(vectors)))
        middle = _unit(np.mean(vectors, axis=0))
        row.coherence.append(_mean(float(one @ middle) for one in vectors))
        if ad is None:
            return
        at = max(range(len(said)), key=lambda position: self.similarity(said[position], ad))
        rest = [one for position, one in enumerate(vectors) if position != at]
        row.ad_coherence.append(float(vectors[at] @ _unit(np.mean(rest, axis=0))))
        if 0 < at < len(said) - 1:
            before, after = (
                float(vectors[at] @ vectors[at - 1]),
                float(vectors[at] @ vectors[at + 1]),
            )
            row.ad_flow.append(math.exp(-abs(before - after)))


def woven(organic: str, ad: Ad, similarity: Similarity | None) -> tuple[str, str] | None:
    """The delivered text and the ad's sentence; None where it fell back to a unit."""
    decision = AdDecision("dec_1", ad, None)
    placed = place_answer(organic, decision, delivery=Delivery.CONTENT, similarity=similarity)
    return _mention_in(placed.content, placed.field.ads)


def streamed(organic: str, ad: Ad, _: Similarity | None) -> tuple[str, str] | None:
    """The same in a stream whose decision is known from the start."""
    decision = AdDecision("dec_1", ad, None)
    placer = StreamPlacer(delivery=Delivery.CONTENT)
    placer.know(decision)
    content = placer.feed(organic)
    end = placer.finish(decision)
    return _mention_in(content + end.tail, end.field.ads)


def _mention_in(content: str, ads: Sequence[Any]) -> tuple[str, str] | None:
    if not ads or ads[0].ad.format is not Format.MENTION:
        return None
    (span,) = ads[0].spans
    return content, sentences(content[span.start : span.end])[-1]


def measured(data: Path, meter: Meter, count: Callable[[str], int], limit: int) -> dict[str, Any]:
    methods: dict[str, tuple[Any, Similarity | None]] = {
        "mention": (woven, None),
        "mention by embedding": (woven, meter.similarity),
        "mention in a stream": (streamed, None),
    }
    rows = {name: Row() for name in ("ad-free", "GI-R", *methods)}
    fell_back, total, spent = 0, 0, []
    for given, organic, product in answers(data)[:limit]:
        total += 1
        ad = ad_of(product)
        started = time.process_time()
        placed = {name: place(organic, ad, how) for name, (place, how) in methods.items()}
        spent.append(time.process_time() - started)
        if any(one is None for one in placed.values()):
            fell_back += 1
            continue
        meter.add(rows["ad-free"], organic, None)
        insert = sentences(f"[{product['name']}]({product['url']}):{product['desc']}")[0]
        meter.add(rows["GI-R"], given, insert)
        rows["GI-R"].labels.append("Sponsored" in given or "Ad:" in given)
        rows["GI-R"].tokens.append(count(given) - count(organic))
        for name, (content, sentence) in placed.items():  # type: ignore[misc]
            meter.add(rows[name], content, sentence)
            label = f"**Sponsored · {product['name']}"
            rows[name].labels.append(label in content.replace("\\", ""))
            rows[name].tokens.append(count(content) - count(organic))
    table = {name: row.figures() for name, row in rows.items()}
    return {"answers": total, "fell_back": fell_back, "methods": table}


def verdicts(methods: dict[str, Any]) -> dict[str, bool]:
    """What must hold for each of our methods."""
    free, rival = methods["ad-free"], methods["GI-R"]
    found = {}
    for name, row in methods.items():
        if not name.startswith("mention"):
            continue
        for figure in ("response_flow", "response_coherence"):
            found[f"{name}: {figure} within {WITHIN}"] = row[figure] >= free[figure] - WITHIN
        found[f"{name}: ad_flow at least GI-R's"] = row["ad_flow"] >= rival["ad_flow"]
        found[f"{name}: every ad has its label"] = row["label_rate"] == 100.0
        found[f"{name}: at most {MOST_TOKENS} extra tokens"] = row["extra_tokens"] <= MOST_TOKENS
    return found


def _mean(values: Iterable[float]) -> float:
    listed = list(values)
    return sum(listed) / len(listed)


def _hundredfold(values: Sequence[float]) -> float | None:
    return round(100 * _mean(values), 2) if values else None


def _unit(vector: Any) -> Any:
    return vector / np.linalg.norm(vector)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--model", type=Path, help="folder of the exported model")
    parser.add_argument("--limit", type=int, default=10_000)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    if not (asked.data / "gembench" / "baseline_outputs").is_dir():
        parser.error(f"There is no gembench/baseline_outputs in {asked.data}.")
    folder = asked.model or Path(sys.prefix) / "share/tollfree/models/all-MiniLM-L6-v2"
    embedder = load_embedder(folder)
    name, count = counter()
    report = measured(asked.data, Meter(embedder), count, asked.limit)
    report |= {"embedder": embedder.model_id, "tokens": name}
    report["must"] = verdicts(report["methods"])
    if asked.json:
        print(json.dumps(report, indent=1))
    else:
        for method, row in report["methods"].items():
            print(f"{method:22}", "  ".join(f"{key} {value}" for key, value in row.items()))
        print(f"{report['fell_back']} of {report['answers']} answers had no place for a mention")
        for claim, holds in report["must"].items():
            print("ok " if holds else "NOT", claim)
    return 0 if all(report["must"].values()) else 1


if __name__ == "__main__":
    raise SystemExit(main())

"""How often does the cache by likeness find an answer, and how often the wrong one?

    python bench/semantic_cache.py [--model DIR] [--others FILE] [--json]

Positives are paraphrases made from templates written for this bench. Negatives are the same questions
with another number, name, negation or direction, and, with `--others`, pairs of lines of a text file
with one question a line, where each line asks something else. Prints hit rate and false-hit rate with
the upper end of its 95 % interval.
"""

import argparse
import itertools
import json
import math
import sys
from pathlib import Path
from random import Random

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402

from api.chat.same_question import is_same, question_in  # noqa: E402
from language.embedder import load_embedder  # noqa: E402

PLACES = ["New York", "Texas", "France", "Japan", "Kenya", "Peru", "Norway", "Ohio"]
THINGS = ["running shoes", "laptop", "bicycle", "coffee grinder", "tent", "camera"]
SAME = [
    ("what's the capital of {place}", "{place} capital", "which city is the capital of {place}?"),
    ("How do I clean a {thing}?", "how to clean a {thing}", "how can i clean my {thing}?"),
    ("best {thing} under {number} dollars", "what is the best {thing} under {number} dollars?"),
    ("what's the capital of ny", "new york capital"),
    ("What is the population of {place}?", "population of {place}", "{place} population"),
    ("is a {thing} worth it for beginners?", "Is a {thing} worth it for a beginner?"),
    ("Explain how a {thing} works", "how does a {thing} work?", "how a {thing} works, please"),
    ("What does a {thing} cost in {place}?", "cost of a {thing} in {place}"),
    ("convert {number} miles to kilometres", "please convert {number} miles to kilometres"),
]
SWAPS = [
    ("best {thing} under {number} dollars", "best {thing} under {other} dollars"),
    ("is it safe to store a {thing} outside", "is it not safe to store a {thing} outside"),
    ("what's the capital of {place}", "what's the capital of {elsewhere}"),
    ("flights from {place} to {elsewhere}", "flights from {elsewhere} to {place}"),
    ("convert {number} miles to kilometres", "convert {number} kilometres to miles"),
    ("should I buy a {thing}", "should I sell a {thing}"),
    ("advantages of a {thing}", "disadvantages of a {thing}"),
    ("how do I clean a {thing}", "how do I repair a {thing}"),
    ("when does the {thing} sale start in {place}", "when does the {thing} sale end in {place}"),
    ("is a {thing} faster than a train", "is a train faster than a {thing}"),
]


def filled(draw: Random, texts: tuple[str, ...]) -> list[str]:
    place, elsewhere = draw.sample(PLACES, 2)
    number, other = draw.sample(range(5, 900), 2)
    words = {
        "place": place, "elsewhere": elsewhere, "thing": draw.choice(THINGS),
        "number": number, "other": other,
    }  # fmt: skip
    return [text.format(**words) for text in texts]


def pairs(draw: Random, templates: list[tuple[str, ...]], count: int) -> list[tuple[str, str]]:
    made: set[tuple[str, str]] = set()
    for _ in range(count * 20):
        one, other = draw.sample(filled(draw, draw.choice(templates)), 2)
        made.add((one, other))
        if len(made) == count:
            break
    return sorted(made)


def upper_bound(hits: int, tried: int) -> float:
    """The upper end of Wilson's 95 % interval."""
    if not tried:
        return 0.0
    z, share = 1.96, hits / tried
    centre = share + z * z / (2 * tried)
    spread = z * math.sqrt(share * (1 - share) / tried + z * z / (4 * tried * tried))
    return (centre + spread) / (1 + z * z / tried)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    default = Path(sys.prefix) / "share/tollfree/models/all-MiniLM-L6-v2"
    parser.add_argument("--model", type=Path, default=default)
    parser.add_argument("--others", type=Path, help="one question a line, all different")
    parser.add_argument("--json", action="store_true", help="end with one line of JSON only")
    asked = parser.parse_args()
    draw, embedder = Random(5), load_embedder(asked.model)

    def hits(tried: list[tuple[str, str]]) -> list[tuple[str, str]]:
        found = []
        for one, other in tried:
            first, second = question_in(one), question_in(other)
            if first is None or second is None:
                continue
            near = float(np.dot(embedder.embed(one), embedder.embed(other)))
            if is_same(first, second, near):
                found.append((one, other))
        return found

    positives, swaps = pairs(draw, SAME, 300), pairs(draw, SWAPS, 500)
    lines = asked.others.read_text("utf-8").splitlines() if asked.others else []
    strangers = list(itertools.pairwise(draw.sample(lines, min(len(lines), 1_000))))
    right, wrong = hits(positives), hits(swaps + strangers)
    if not asked.json:
        for one, other in wrong[:20]:
            print(f"WRONG {one!r} for {other!r}")
    negatives = len(swaps) + len(strangers)
    told = {
        "positives": len(positives),
        "hit_rate": round(len(right) / len(positives), 4),
        "negatives": negatives,
        "of_them_swaps": len(swaps),
        "false_hits": len(wrong),
        "false_hit_rate": round(len(wrong) / negatives, 4),
        "false_hit_rate_upper_95": round(upper_bound(len(wrong), negatives), 4),
    }
    print(json.dumps(told))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())

# ruff: noqa: ANN001, ANN201, ANN202, ANN204
"""Measure fit: is the right ad near the query, on sets of ads and queries that others labelled?

    python bench/relevance.py --data DIR [--json] [--out FILE] [--vectors FOLDER]

Ads become creatives, vectors, index and nearness as in serving. Rivals on the same words: BM25 and
plain MiniLM (one vector of the ad's text, cosine). With examples: up to five queries of an ad, by
hash from one half of the queries, stand in as its example prompts; the other half is asked. Product
selection asks which of a query's labelled candidates ranks first. Ends with one line of JSON.
"""

import sys
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402
from quality_rig.baselines import BM25, letter_scores  # noqa: E402
from quality_rig.figures import mean, ndcg, share  # noqa: E402
from quality_rig.run import run  # noqa: E402
from quality_rig.stage import creative_of  # noqa: E402

from adserver.intent.conversation import distil  # noqa: E402
from adserver.intent.wording import words_of  # noqa: E402
from adserver.matching.creative_vectors import CreativeVectors  # noqa: E402
from adserver.matching.index import CreativeIndex  # noqa: E402
from adserver.matching.nearness import nearest_first  # noqa: E402
from tollfree_sdk.contract import Turn  # noqa: E402

_TOP, _SHORTLIST, _EXAMPLES = 10, 24, 5


def measure(folder, embedder):
    """All figures of one folder."""
    return {
        "webis_pairs": _pairs(folder.webis(), embedder),
        "product_selection": _selection(folder.selection(), embedder),
    }


def _pairs(verticals, embedder):
    if not verticals:
        return None
    ads = [
        (vertical, name, *about)
        for vertical, (found, _) in verticals.items()
        for name, about in found.items()
    ]
    place = {(vertical, name): at for at, (vertical, name, *_) in enumerate(ads)}
    wanted, home = {}, {}
    for vertical, (_, pairs) in verticals.items():
        for query, name in pairs:
            if (vertical, name) in place:
                wanted.setdefault(query, set()).add(place[vertical, name])
                home[query] = vertical
    texts = [f"{name} {kind} {qualities}" for _, name, kind, qualities in ads]
    creatives = [
        creative_of(n, kind, name, "", text) for n, (_, name, kind, text) in enumerate(ads)
    ]
    queries = list(wanted)
    asked = [query for query in queries if not _is_example(query)]
    taught = _taught(creatives, wanted)
    judge = _Judge(ads, wanted, home)
    plain = np.stack([embedder.embed(text) for text in texts])
    words = BM25(texts)
    ranked = _ranking(embedder, creatives)
    with_examples = _ranking(embedder, taught)
    return {
        "ads": len(ads),
        "verticals": sorted(verticals),
        "text_only": {
            "ours": judge.figures(queries, ranked),
            "plain_minilm": judge.figures(queries, lambda q: _best(plain @ embedder.embed(q))),
            "bm25": judge.figures(queries, lambda q: _best(words.scores(q))),
        },
        "five_examples_unseen_queries": {
            "ours": judge.figures(asked, with_examples),
            "ours_without_examples": judge.figures(asked, ranked),
            "plain_minilm_without_examples": judge.figures(
                asked, lambda q: _best(plain @ embedder.embed(q))
            ),
        },
    }


class _Judge:
    """Scores rankings of ads against the labelled pairs."""

    def __init__(self, ads, wanted, home):
        self._vertical = [vertical for vertical, *_ in ads]
        self._wanted, self._home = wanted, home

    def figures(self, queries, ranking):
        """Means over queries, with intervals."""
        gains, recalls, tops, firsts = [], [], [], []
        for query in queries:
            ranked, wanted = list(ranking(query))[:_TOP], self._wanted[query]
            gains.append(ndcg(ranked, wanted))
            recalls.append(len(wanted.intersection(ranked)) / len(wanted))
            tops.append(self._vertical[ranked[0]] == self._home[query])
            firsts.append(ranked[0] in wanted)
        return {
            "ndcg_at_10": mean(gains),
            "recall_at_10": mean(recalls),
            "same_vertical_top_1": share(tops),
            "precision_at_1": share(firsts),
        }


def _ranking(embedder, creatives):
    """The production order for a query: index, then nearness."""
    kept, vectors = CreativeVectors(embedder).embed(creatives)
    index = CreativeIndex(kept, vectors, model_id=embedder.model_id)

    def ranking(query):
        said = distil([Turn("user", query)])
        hits = index.search(embedder.embed(said.query), None, _SHORTLIST)
        return [hit.position for hit in nearest_first(hits, words_of(said.query), index)]

    return ranking


def _taught(creatives, wanted):
    """The creatives with up to five example prompts each."""
    prompts = [[] for _ in creatives]
    for query, positions in wanted.items():
        if _is_example(query):
            for at in positions:
                if len(prompts[at]) < _EXAMPLES:
                    prompts[at].append(query)
    return [
        replace(one, example_prompts=tuple(found))
        for one, found in zip(creatives, prompts, strict=True)
    ]


def _is_example(query):
    return sha256(query.encode()).digest()[0] % 2 == 0


def _best(scores):
    return np.argsort(-scores, kind="stable")[:_TOP].tolist()


def _selection(rows, embedder):
    """Which labelled candidate of a query ranks first; ties go to the earlier row."""
    if not rows:
        return None
    by_query = {}
    for query, product, label in rows:
        by_query.setdefault(query, []).append((product, label))
    products = {row["product_id"]: row for _, row, _ in rows}
    names = list(products)
    texts = [f"{row['ad_title']} {row['ad_description']}" for row in products.values()]
    letters = dict(zip(by_query, letter_scores(list(by_query), texts), strict=True))
    hits = {"ours": [], "plain_minilm": [], "letters": [], "bm25": []}
    words = BM25(texts)
    at = {name: number for number, name in enumerate(names)}
    plain = np.stack([embedder.embed(text) for text in texts])
    for query, candidates in by_query.items():
        labels = [label for _, label in candidates]
        positions = [at[product["product_id"]] for product, _ in candidates]
        scores = {
            "plain_minilm": plain[positions] @ embedder.embed(query),
            "letters": letters[query][positions],
            "bm25": words.scores(query)[positions],
        }
        for way, found in scores.items():
            hits[way].append(labels[int(np.argmax(found))] == 1)
        ads = [
            creative_of(
                n, row["cluster_category"] or "", row["ad_title"], "", row["ad_description"]
            )
            for n, (row, _) in enumerate(candidates)
        ]
        best = next(iter(_ranking(embedder, ads)(query)), 0)
        hits["ours"].append(labels[best] == 1)
    return {way: share(found) for way, found in hits.items()} | {"queries": len(by_query)}


if __name__ == "__main__":
    run(__doc__, measure)

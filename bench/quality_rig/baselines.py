# ruff: noqa: ANN001, ANN002, ANN003, ANN201, ANN202, ANN204
"""The simple rivals, computed on the same folder in the same run: word lists, TF-IDF, BM25.

Nothing here is used for serving. scikit-learn is imported where it is needed.
"""

import math
import re
from collections import Counter

import numpy as np

_WORD = re.compile(r"[a-z0-9]+")
# What a first attempt would block: a plain list of grave words, matched whole.
_GRAVE = frozenset(
    "suicide suicidal kill killing murder bomb weapon weapons gun guns shoot shooting attack rape "
    "sex sexual porn nude naked child children minor abuse drug drugs cocaine heroin meth steal "
    "theft hack hacking fraud scam illegal crime criminal terrorist terrorism nazi racist hate slur "
    "violence violent death die died dead cancer disease doctor medication diagnosis symptoms "
    "depression depressed anxiety therapy therapist lawyer lawsuit court divorce bankrupt "
    "bankruptcy debt politics political president election vote democrat republican trump biden "
    "government abortion immigration war religion religious god church muslim islam jesus "
    "christian jewish earthquake hurricane disaster funeral grief overdose".split()
)
_BUYING = re.compile(
    r"\b(best|buy|cheap\w*|recommend\w*|suggest\w*|price\w*|deal\w*|review\w*|compare|hotel\w*"
    r"|flight\w*|trip|travel|vacation|restaurant\w*|book|gift\w*|product\w*|shop\w*|brand\w*|top \d+)\b"
)


def is_blocked_by_list(text):
    """Whether a plain list of grave words fires."""
    return not _GRAVE.isdisjoint(_WORD.findall(text.lower()))


def buying_words(text):
    """How many words that shoppers use stand in a text."""
    return len(_BUYING.findall(text.lower()))


def tfidf_scores(positives, negatives, folds=5):
    """Out-of-fold scores of TF-IDF + logistic regression: (of positives, of negatives)."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedKFold
    from sklearn.pipeline import make_pipeline

    texts = np.array([*positives, *negatives], dtype=object)
    labels = np.array([1] * len(positives) + [0] * len(negatives))
    scores = np.zeros(len(texts))
    for train, test in StratifiedKFold(folds, shuffle=True, random_state=0).split(texts, labels):
        model = make_pipeline(
            TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True),
            LogisticRegression(C=10, max_iter=1_000, class_weight="balanced"),
        )
        model.fit(texts[train], labels[train])
        scores[test] = model.decision_function(texts[test])
    return scores[: len(positives)], scores[len(positives) :]


def other_domain_scores(queries, requests, asked, embed):
    """Scores of a head that saw shopping queries and everyday requests only."""
    from sklearn.linear_model import LogisticRegression

    rows = np.stack([embed(text) for text in (*queries, *requests)])
    labels = [1] * len(queries) + [0] * len(requests)
    model = LogisticRegression(max_iter=1_000, class_weight="balanced").fit(rows, labels)
    return [model.decision_function(np.stack([embed(text) for text in texts])) for texts in asked]


class BM25:
    """Okapi BM25 over words."""

    def __init__(self, documents, k1=1.2, b=0.75):
        self._documents = [Counter(_WORD.findall(text.lower())) for text in documents]
        lengths = np.array([sum(one.values()) for one in self._documents], dtype=np.float64)
        self._scale = k1 * (1 - b + b * lengths / max(lengths.mean(), 1e-9))
        self._k1 = k1
        found_in = Counter(word for one in self._documents for word in one)
        total = len(documents)
        self._weight = {
            word: math.log(1 + (total - n + 0.5) / (n + 0.5)) for word, n in found_in.items()
        }
        self._postings = {}
        for at, one in enumerate(self._documents):
            for word, count in one.items():
                self._postings.setdefault(word, []).append((at, count))

    def scores(self, query):
        """A score for each document."""
        found = np.zeros(len(self._documents))
        for word in _WORD.findall(query.lower()):
            for at, count in self._postings.get(word, ()):
                found[at] += self._weight[word] * count * (self._k1 + 1) / (count + self._scale[at])
        return found


def letter_scores(queries, documents):
    """Cosines of TF-IDF letter n-grams, a row for each query."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    model = TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 5), sublinear_tf=True)
    rows = model.fit_transform(documents)
    return np.asarray((model.transform(queries) @ rows.T).todense())

# ruff: noqa: ANN001, ANN002, ANN003, ANN201, ANN202, ANN204
"""Shares, areas and ranks with 95 % intervals. Pure arithmetic."""

import math

import numpy as np

_DRAWS, _SEED = 1_000, 20_261_123


def share(hits):
    """{"n", "share", "low", "high"} with Wilson's interval; None where nothing was counted."""
    hits = list(hits)
    n, k = len(hits), sum(bool(hit) for hit in hits)
    if not n:
        return None
    z, p = 1.96, k / n
    middle, width = p + z * z / (2 * n), z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    scale = 1 + z * z / n
    low, high = max(0.0, (middle - width) / scale), min(1.0, (middle + width) / scale)
    return {"n": n, "share": round(p, 4), "low": round(low, 4), "high": round(high, 4)}


def mean(values):
    """{"n", "mean", "low", "high"}: bootstrapped over rows."""
    values = np.asarray(values, dtype=np.float64)
    if not len(values):
        return None
    draws = np.random.default_rng(_SEED)
    means = [values[draws.integers(0, len(values), len(values))].mean() for _ in range(_DRAWS)]
    low, high = np.percentile(means, [2.5, 97.5])
    return _rounded({"n": len(values), "mean": values.mean(), "low": low, "high": high})


def area(positives, negatives):
    """The area under the curve, {"auc", "low", "high"}, bootstrapped over both sides."""
    up, down = np.asarray(positives, dtype=np.float64), np.asarray(negatives, dtype=np.float64)
    if not len(up) or not len(down):
        return None
    draws = np.random.default_rng(_SEED)
    found = [
        _auc(up[draws.integers(0, len(up), len(up))], down[draws.integers(0, len(down), len(down))])
        for _ in range(_DRAWS // 2)
    ]
    low, high = np.percentile(found, [2.5, 97.5])
    sizes = {"positives": len(up), "negatives": len(down)}
    return _rounded({**sizes, "auc": _auc(up, down), "low": low, "high": high})


def recall_at(positives, negatives, *, false):
    """Share of positives above the line that `false` of the negatives exceed, with interval."""
    if not len(positives) or not len(negatives):
        return None
    ordered = np.sort(np.asarray(negatives))[::-1]
    line = ordered[int(false * len(ordered))]
    return share(score > line for score in positives)


def ndcg(ranked, wanted, k=10):
    """nDCG@k of one query with binary labels."""
    gains = [1 / math.log2(rank + 2) for rank, one in enumerate(ranked[:k]) if one in wanted]
    ideal = sum(1 / math.log2(rank + 2) for rank in range(min(k, len(wanted))))
    return sum(gains) / ideal if ideal else 0.0


def _auc(up, down):
    ordered = np.sort(down)
    below = np.searchsorted(ordered, up, side="left")
    equal = np.searchsorted(ordered, up, side="right") - below
    return float((below + equal / 2).mean() / len(down))


def _rounded(found):
    return {key: round(float(v), 4) if isinstance(v, float) else v for key, v in found.items()}

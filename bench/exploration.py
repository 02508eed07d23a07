"""How much of what a clairvoyant would earn does learning from clicks bring? Simulated, seeded.

    python bench/exploration.py [--json] [--save] [--seeds 20] [--impressions 150000]

300 ads of 30 topics, four of ten arriving while it runs; true click rates are log-normal around
0.8 %, bids are known; each turn has 8 candidates, clicks are learned from in batches of 200. What is
compared: our beliefs and draws as they serve (adserver.decision.click_rate), the best raw rate so
far, and Thompson sampling from a flat prior. Calibration is that of the beliefs as they were used.
"""

import argparse
import json
import statistics
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from adserver.decision.click_rate import ClickRates, Tally, draws, learned_from  # noqa: E402
from bench.saving import save  # noqa: E402

ADS, TOPICS, CANDIDATES, BATCH = 300, 30, 8, 200
LATE_SHARE, MEDIAN_RATE, PRIOR = 0.4, 0.008, 0.011
# How far topics, the ads within one and their bids lie apart, set so that chance, raw rates and
# flat priors fare as in the study that this market follows: 0.43, 0.74 and 0.76 of a clairvoyant.
TOPIC_SPREAD, AD_SPREAD, BID_SPREAD = 0.50, 0.60, 0.0


@dataclass
class Market:
    """The truth that no policy sees."""

    rates: np.ndarray
    bids: np.ndarray
    topic_of: np.ndarray
    arrives: np.ndarray

    @classmethod
    def drawn(cls, seed: int, turns: int) -> "Market":
        dice = np.random.default_rng(seed)
        topic_of = np.arange(ADS) % TOPICS
        spread = dice.normal(0.0, TOPIC_SPREAD, TOPICS)[topic_of] + dice.normal(0.0, AD_SPREAD, ADS)
        rates = MEDIAN_RATE * np.exp(spread)
        late = dice.random(ADS) < LATE_SHARE
        arrives = np.where(late, dice.integers(0, int(turns * 0.7), ADS), 0)
        bids = np.exp(dice.normal(0.0, BID_SPREAD, ADS))
        return cls(np.minimum(rates, 0.3), bids, topic_of, arrives)

    def offered(self, at: int, dice: np.random.Generator) -> np.ndarray:
        """The candidates of the next batch of turns, one row for each."""
        there = np.flatnonzero(self.arrives <= at)
        order = np.argpartition(dice.random((BATCH, len(there))), CANDIDATES, axis=1)
        return there[order[:, :CANDIDATES]]


@dataclass
class Counts:
    """What a policy has been told."""

    shown: np.ndarray = field(default_factory=lambda: np.zeros(ADS))
    clicks: np.ndarray = field(default_factory=lambda: np.zeros(ADS))


class Ours:
    """Beliefs from counts, sharpened draws; two ads are a campaign."""

    def __init__(self, market: Market) -> None:
        self._topics = [str(topic) for topic in market.topic_of]
        self._campaigns = [f"{ad % TOPICS}-{ad // TOPICS // 2}" for ad in range(ADS)]
        self.believed: list[tuple[float, float]] = []

    def scores(self, offered: np.ndarray, counts: Counts, seed: int) -> np.ndarray:
        rates = self._learned(counts)
        beliefs = [rates.belief(ad, self._campaigns[ad], self._topics[ad]) for ad in range(ADS)]
        self.factors = np.array([one.factor for one in beliefs])
        certain = np.array([one.certainty for one in beliefs])[offered]
        return self.factors[offered] * draws(certain.ravel(), seed).reshape(offered.shape)

    def _learned(self, counts: Counts) -> ClickRates:
        return learned_from(
            (ad, self._campaigns[ad], self._topics[ad], Tally(float(clicks), float(shown) * PRIOR))
            for ad, (clicks, shown) in enumerate(zip(counts.clicks, counts.shown, strict=True))
        )


class Greedy:
    """The best raw click rate so far; an ad that was never shown is tried first."""

    def __init__(self, market: Market) -> None:
        pass

    def scores(self, offered: np.ndarray, counts: Counts, seed: int) -> np.ndarray:
        shown, clicks = counts.shown[offered], counts.clicks[offered]
        ties = np.random.default_rng(seed).random(offered.shape) * 1e-9
        return np.where(shown > 0, clicks / np.maximum(shown, 1), 1.0) + ties


class FlatThompson(Greedy):
    """A draw from Beta(1 + clicks, 1 + misses)."""

    def scores(self, offered: np.ndarray, counts: Counts, seed: int) -> np.ndarray:
        clicks = counts.clicks[offered]
        misses = counts.shown[offered] - clicks
        return np.random.default_rng(seed).beta(1 + clicks, 1 + misses)


class Random(Greedy):
    """Any of them."""

    def scores(self, offered: np.ndarray, _counts: Counts, seed: int) -> np.ndarray:
        return np.random.default_rng(seed).random(offered.shape)


POLICIES = {"ours": Ours, "greedy": Greedy, "flat_thompson": FlatThompson, "random": Random}


def share_of_oracle(
    name: str, seed: int, impressions: int
) -> tuple[float, float, list[tuple[float, float]]]:
    """Value over the clairvoyant's: overall, in the first quarter; and (believed, true) pairs."""
    market = Market.drawn(seed, impressions)
    dice, clicks_dice = np.random.default_rng(seed + 1), np.random.default_rng(seed + 2)
    policy, counts = POLICIES[name](market), Counts()
    won, best, pairs = [], [], []
    for at in range(0, impressions, BATCH):
        offered = market.offered(at, dice)
        scores = policy.scores(offered, counts, seed * 1_000_003 + at) * market.bids[offered]
        ads = offered[np.arange(BATCH), np.argmax(scores, axis=1)]
        worth = market.rates * market.bids
        won.append(worth[ads].sum())
        best.append(worth[offered].max(axis=1).sum())
        if hasattr(policy, "factors") and at > impressions // 4:
            pairs += list(zip(PRIOR * policy.factors[ads], market.rates[ads], strict=True))
        np.add.at(counts.shown, ads, 1)
        np.add.at(counts.clicks, ads, clicks_dice.random(BATCH) < market.rates[ads])
    quarter = len(won) // 4
    first = sum(won[:quarter]) / sum(best[:quarter])
    return float(sum(won) / sum(best)), float(first), pairs


def calibration(pairs: list[tuple[float, float]]) -> dict[str, object]:
    """True over believed rates, over all and by tenths of the belief, after the first quarter."""
    believed, true = np.array([p for p, _ in pairs]), np.array([t for _, t in pairs])
    edges = np.quantile(believed, np.linspace(0, 1, 11))
    tenth = np.clip(np.searchsorted(edges, believed, side="right") - 1, 0, 9)
    by_tenth = [float(true[tenth == at].sum() / believed[tenth == at].sum()) for at in range(10)]
    return {
        "true_over_believed": round(float(true.sum() / believed.sum()), 3),
        "by_tenth": [round(one, 3) for one in by_tenth],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--save", action="store_true")
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--impressions", type=int, default=150_000)
    asked = parser.parse_args()
    started = time.process_time()
    found: dict[str, object] = {}
    pairs: list[tuple[float, float]] = []
    for name in POLICIES:
        runs = [share_of_oracle(name, seed, asked.impressions) for seed in range(asked.seeds)]
        whole, first = [run[0] for run in runs], [run[1] for run in runs]
        pairs += [pair for run in runs for pair in run[2]]
        found[name] = {
            "share_of_oracle": round(statistics.mean(whole), 4),
            "first_quarter": round(statistics.mean(first), 4),
            "lowest_seed": round(min(whole), 4),
            "sd": round(statistics.pstdev(whole), 4),
        }
        print(f"{name:>14}: {found[name]}", file=sys.stderr)
    found["calibration"] = calibration(pairs)
    found |= {"seeds": asked.seeds, "impressions": asked.impressions}
    found["cpu_s"] = round(time.process_time() - started, 1)
    if asked.save:
        save("exploration", found)
    print(json.dumps(found) if asked.json else json.dumps(found, indent=1))


if __name__ == "__main__":
    main()

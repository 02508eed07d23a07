"""Seven simulated days with nights and a 4x spike: how well are daily budgets spread?

    python bench/pacing.py [--json] [--save] [--seeds 2] [--clicks 6000]

40 campaigns in second-price auctions for clicks, uncapped demand 0.8 to 4 times the budget, traffic that
sleeps at night and rises fourfold for an hour on three of the days. Money goes as in the books: a
click that finds no budget is not charged. Compared with spending as soon as possible. Value is what
charged clicks are worth to their advertisers. The first day learns the curve and is not counted.
"""

import argparse
import json
import statistics
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from adserver.decision.pacing import FLAT, DailyCurve, Day, Dial, released, started, turned  # noqa: E402
from bench.saving import save  # noqa: E402
from kernel.money import Micros  # noqa: E402

CAMPAIGNS, DAYS, SLOTS = 40, 8, 288
MIDNIGHT = datetime(2026, 11, 2, tzinfo=UTC)
RESERVE = 20_000.0


class Week:
    """Traffic and worth, the same for every policy of a seed."""

    def __init__(self, seed: int, clicks: int) -> None:
        self.dice = dice = np.random.default_rng(seed)
        hours = np.arange(24)
        shape = 0.15 + np.clip(np.sin((hours - 6) / 18 * np.pi), 0, None)
        shape = shape / shape.sum()
        self.traffic = np.zeros((DAYS, SLOTS), dtype=int)
        for day in range(DAYS):
            mean = np.repeat(shape / 12, 12) * clicks * dice.uniform(0.9, 1.1)
            if day in (2, 4, 6):
                at = int(dice.integers(100, 250))
                mean[at : at + 12] *= 4
            self.traffic[day] = dice.poisson(mean)
        self.base = np.exp(dice.normal(np.log(400_000), 0.4, CAMPAIGNS))
        self.excess = dice.uniform(0.8, 4.0, CAMPAIGNS)
        self.budgets = np.ones(CAMPAIGNS) * 1e15

    def turn(self, dice: np.random.Generator, count: int) -> tuple[np.ndarray, np.ndarray]:
        """Who competes for each click, and what it is worth to each of them."""
        who = np.argpartition(dice.random((count, CAMPAIGNS)), 8, axis=1)[:, :8]
        return who, self.base[who] * np.exp(dice.normal(0, 0.5, who.shape))


def run(week: Week, *, paced: bool, seed: int, budgets: np.ndarray) -> dict[str, np.ndarray]:
    """Spend, value and the slot of exhaustion, by day and campaign."""
    dice = np.random.default_rng(seed)
    spend, value = np.zeros((DAYS, CAMPAIGNS)), np.zeros((DAYS, CAMPAIGNS))
    gone = np.full((DAYS, CAMPAIGNS), SLOTS)
    dials: list[Dial | None] = [None] * CAMPAIGNS
    curve, seen = FLAT, np.zeros(24)
    for day in range(DAYS):
        start = MIDNIGHT + timedelta(days=day)
        left = budgets.copy()
        for slot in range(SLOTS):
            at = start + timedelta(minutes=5 * slot)
            share = np.ones(CAMPAIGNS)
            if paced:
                share = _shares(dials, budgets, left, start, at, curve)
            count = int(week.traffic[day, slot])
            seen[slot // 12] += count
            if not count:
                continue
            who, worth = week.turn(dice, count)
            # Who has nothing left is not in the auction, as in the engine: that is known at once.
            for row in range(count):
                names, worths = who[row], worth[row]
                bids = np.where(left[names] >= RESERVE, worths * share[names], 0.0)
                bids = np.minimum(bids, left[names])
                order = np.argsort(-bids)
                first, second = order[0], order[1]
                if bids[first] < RESERVE:
                    continue
                price = max(RESERVE, bids[second])
                winner = names[first]
                left[winner] -= price
                spend[day, winner] += price
                value[day, winner] += worths[first]
                if left[winner] < RESERVE * 3 and gone[day, winner] == SLOTS:
                    gone[day, winner] = slot
        curve = DailyCurve(tuple((seen + seen.sum() * 0.002).tolist()))
    return {"spend": spend, "value": value, "gone": gone}


def _shares(  # noqa: PLR0917  A simulation, read top to bottom.
    dials: list[Dial | None],
    budgets: np.ndarray,
    left: np.ndarray,
    start: datetime,
    at: datetime,
    curve: DailyCurve,
) -> np.ndarray:
    ends = start + timedelta(days=1)
    for name in range(CAMPAIGNS):
        budget = Micros(int(budgets[name]))
        day = Day(start, ends, budget, Micros(int(budgets[name] - left[name])))
        dial = dials[name]
        dials[name] = started(day, at, curve) if dial is None else turned(dial, day, at, curve)
    if released(day, at):
        return np.ones(CAMPAIGNS)
    return np.array([dial.pace for dial in dials if dial is not None])


def week_of(seed: int, clicks: int) -> dict[str, float]:
    """Ours and as soon as possible, on the same week."""
    week = Week(seed, clicks)
    unbounded = run(week, paced=False, seed=seed, budgets=week.budgets)
    budgets = unbounded["spend"].mean(axis=0) / week.excess
    ours = run(week, paced=True, seed=seed, budgets=budgets)
    asap = run(week, paced=False, seed=seed, budgets=budgets)
    early = int(SLOTS * 0.9)
    over = ours["spend"] - budgets[None, :]
    most = np.minimum(budgets, unbounded["spend"].mean(axis=0))
    found: dict[str, float] = {}
    for name, one in (("ours", ours), ("asap", asap)):
        counted = one["spend"][1:]
        found[f"{name}_exhausted_early"] = float((one["gone"][1:] < early).mean())
        found[f"{name}_utilisation"] = float(counted.sum() / (budgets.sum() * (DAYS - 1)))
        found[f"{name}_of_reachable"] = float(counted.sum() / (most.sum() * (DAYS - 1)))
        found[f"{name}_value_per_dollar"] = float(one["value"][1:].sum() / counted.sum())
    found["over_by_more_than_a_click"] = float((over > week.base.max()).sum())
    found["value_per_dollar_over_asap"] = (
        found["ours_value_per_dollar"] / found["asap_value_per_dollar"]
    )
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--save", action="store_true")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--clicks", type=int, default=6_000, help="a day")
    asked = parser.parse_args()
    before = time.process_time()
    runs = [week_of(seed, asked.clicks) for seed in range(asked.seeds)]
    found: dict[str, object] = {
        name: round(statistics.mean(one[name] for one in runs), 4) for name in runs[0]
    }
    found |= {"seeds": asked.seeds, "clicks_a_day": asked.clicks}
    found["cpu_s"] = round(time.process_time() - before, 1)
    if asked.save:
        save("pacing", found)
    print(json.dumps(found) if asked.json else json.dumps(found, indent=1))


if __name__ == "__main__":
    main()

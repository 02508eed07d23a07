"""Can anybody gain by bidding something else than the truth? 100,000 random auctions say.

    python bench/auctions.py [--json] [--save] [--auctions 100000]

Each auction has up to 12 bids for clicks, thousands of impressions and conversions, with reserves
of their own. One bidder tries a dozen other bids: around its value, around the price it would pay,
and anywhere. Its gain is what the event is worth to it less the price, times nothing else: the
chance of the event does not depend on the bid.
"""

import argparse
import json
import sys
import time
from dataclasses import replace
from pathlib import Path
from random import Random

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from adserver.catalog.campaign import BidType  # noqa: E402
from adserver.decision.auction import Bid, Cleared, clear, rate_of  # noqa: E402
from bench.saving import save  # noqa: E402
from kernel.money import Micros  # noqa: E402


def a_bid(number: int, dice: Random) -> Bid:
    bid_type = dice.choice(list(BidType))
    return Bid(
        number=number,
        advertiser_id=f"adv_{number}",
        most=Micros(int(10 ** dice.uniform(3.5, 7.5))),
        rate=rate_of(
            bid_type,
            click_rate=10 ** dice.uniform(-3.5, -1),
            conversion_rate=10 ** dice.uniform(-2.5, -0.5),
        ),
        quality=dice.uniform(0.5, 1.5),
        reserve=Micros(int(10 ** dice.uniform(3, 5))),
    )


def gain(cleared: Cleared | None, number: int, value: Micros) -> int:
    """What a bidder to whom the event is worth `value` has of it, in micros."""
    if cleared is None or cleared.winner.number != number:
        return 0
    return value.amount - cleared.price.amount


def lies(honest: Bid, truth: Cleared | None, dice: Random) -> list[Micros]:
    value, price = honest.most.amount, 0 if truth is None else truth.price.amount
    tried = [0, 1, value - 1, value + 1, value // 2, value * 2, price - 1, price, price + 1]
    tried += [int(10 ** dice.uniform(0, 8)) for _ in range(3)]
    return [Micros(max(0, one)) for one in tried]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--save", action="store_true")
    parser.add_argument("--auctions", type=int, default=100_000)
    asked = parser.parse_args()
    dice, started = Random(20261123), time.process_time()
    best_gain, outside, not_monotone, sold = 0, 0, 0, 0
    for _ in range(asked.auctions):
        bids = [a_bid(number, dice) for number in range(1, dice.randint(1, 12) + 1)]
        seed = dice.getrandbits(63)
        truth = clear(bids, seed=seed)
        if truth is not None:
            sold += 1
            outside += not truth.winner.reserve <= truth.price <= truth.winner.most
        honest = dice.choice(bids)
        before = gain(truth, honest.number, honest.most)
        won_by = sorted((honest.most, *lies(honest, truth, dice)))
        wins = []
        for most in won_by:
            changed = [replace(one, most=most) if one is honest else one for one in bids]
            cleared = clear(changed, seed=seed)
            wins.append(cleared is not None and cleared.winner.number == honest.number)
            best_gain = max(best_gain, gain(cleared, honest.number, honest.most) - before)
        not_monotone += wins != sorted(wins)
    found = {
        "auctions": asked.auctions,
        "sold": sold,
        "best_gain_of_a_lie_micros": best_gain,
        "prices_outside_reserve_and_bid": outside,
        "not_monotone": not_monotone,
        "cpu_s": round(time.process_time() - started, 1),
    }
    if asked.save:
        save("auctions", found)
    print(json.dumps(found))


if __name__ == "__main__":
    main()

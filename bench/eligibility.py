"""A million random turns against an inventory that changes all the while: nobody ineligible wins.

python bench/eligibility.py [--json] [--save] [--turns 1000000]
"""

import argparse
import json
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from bench.saving import save  # noqa: E402
from tests.adserver.decision.eligibility_storm import Storm  # noqa: E402


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--save", action="store_true")
    parser.add_argument("--turns", type=int, default=1_000_000)
    asked = parser.parse_args()
    started, turns, won, changes, wrong = time.process_time(), 0, 0, 0, {}
    seed = 0
    while turns < asked.turns:
        storm = Storm(seed)
        storm.run(min(20_000, asked.turns - turns), whole_every=25, change_every=200)
        turns, won = turns + storm.asked, won + storm.won
        changes += storm.index.generation
        wrong |= +storm.wrong
        seed += 1
    found = {
        "turns": turns,
        "whole_decisions_with_a_winner": won,
        "changes_of_the_inventory": changes,
        "ineligible": wrong,
        "cpu_s": round(time.process_time() - started, 1),
    }
    if asked.save:
        save("eligibility", found)
    print(json.dumps(found))


if __name__ == "__main__":
    main()

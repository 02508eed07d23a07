# ruff: noqa: ANN001, ANN201, S311
"""Follow 100,000 forged tokens on a real desk: nobody is charged and nobody is sent anywhere.

    python bench/token_mutations.py [--count 100000] [--seed 1] [--json] [--out FILE]

Replayed and expired tokens are genuine and are counted beside them: once charged, never again, and
after a day not at all. Ends with one line of JSON, and exit code 1 where anything was charged.
"""

import argparse
import asyncio
import json
import random
import sys
from pathlib import Path

from money_rig import migrated

from kernel.clock import FrozenClock
from kernel.database import Database
from tests.adserver.events.click_world import BROWSER, PRICE, a_world
from tests.adserver.events.mutations import mutations

LANDING = "https://strideworks.example/"


async def attack(url, asked):
    """What became of all the forgeries."""
    database, clock = Database(url), FrozenClock()
    world, draw = await a_world(database, clock), random.Random(asked.seed)
    decisions = [await world.an_ad() for _ in range(40)]
    genuine = [world.token(decision) for decision in decisions]
    charged = redirected = 0
    for token in mutations(genuine, draw, asked.count):
        outcome = await world.desk.follow(token, user_agent=BROWSER)
        charged += outcome.billed
        redirected += outcome.url is not None
    assert (await world.spent()).amount == 0
    for token in genuine[:20] * 3:
        outcome = await world.desk.follow(token, user_agent=BROWSER)
        assert outcome.url.startswith(LANDING)
    replayed = await world.spent()
    clock.advance(hours=24, seconds=1)
    for token in genuine[20:]:
        await world.desk.follow(token, user_agent=BROWSER)
    expired = await world.spent()
    await world.desk.close()
    await database.close()
    return {
        "mutations": asked.count,
        "seed": asked.seed,
        "charges": charged,
        "redirects": redirected,
        "charges_of_20_links_followed_3_times": replayed.amount // PRICE.amount,
        "charges_of_20_expired_links": (expired - replayed).amount // PRICE.amount,
    }


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--out", type=Path)
    asked = parser.parse_args()
    with migrated("sqlite") as (url, _):
        found = asyncio.run(attack(url, asked))
    line = json.dumps(found)
    if asked.out:
        asked.out.write_text(line + "\n")
    print(line)
    return int(bool(found["charges"] or found["redirects"]))


if __name__ == "__main__":
    sys.exit(main())

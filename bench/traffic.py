# ruff: noqa: ANN201
"""A day of people, bots and farmers: who is billed, who is refused, what a farm earns.

    python bench/traffic.py [--people 20000] [--seed 1] [--json] [--out FILE]

Everybody acts on the real desk, watch and books (SQLite), on a clock that is moved by hand; then the
day is looked at as a whole, as it is each night. Shares are of clicks that cost money in the end.
Ends with one line of JSON, and exit code 1 where a share is over its limit.
"""

import argparse
import asyncio
import json
import sys
from pathlib import Path

import crawleruseragents
from money_rig import migrated

from kernel.clock import FrozenClock
from kernel.database import Database
from tests.adserver.events.click_world import a_world
from tests.adserver.events.traffic_play import a_played_day

LIMITS = {"billed_bot_share": 0.01, "refused_people_share": 0.005, "farmer_share_of_gross": 0.02}


async def a_day(url, asked):  # noqa: ANN001
    """The shares of one day."""
    database, clock = Database(url), FrozenClock()
    world = await a_world(database, clock, total_budget=None, daily_budget=None)
    tally = await a_played_day(world, clock, people=asked.people, seed=asked.seed)
    await world.desk.close()
    await database.close()
    return {
        "people": asked.people,
        "seed": asked.seed,
        "clicks": dict(tally.clicks),
        "billed_bot_share": round(tally.share("bot"), 4),
        "refused_people_share": round(1 - tally.share("person"), 4),
        "farmer_share_of_gross": round(tally.share("farmer"), 4),
        "known_agents": sum(
            len(one.get("instances", ())) for one in crawleruseragents.CRAWLER_USER_AGENTS_DATA
        ),
    }


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--people", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--out", type=Path)
    asked = parser.parse_args()
    with migrated("sqlite") as (url, _):
        found = asyncio.run(a_day(url, asked))
    line = json.dumps(found)
    if asked.out:
        asked.out.write_text(line + "\n")
    if not asked.json:
        for name, value in found.items():
            print(f"{name:28} {value}")
    print(line)
    return int(any(found[name] > most for name, most in LIMITS.items()))


if __name__ == "__main__":
    sys.exit(main())

"""How long the portal's pages take over roll-ups of millions of events.

    python -m bench.portal_pages [--events 1000000] [--postgres] [--out result.json]

Seeds the facts that so many events of one advertiser come to in 28 days (ten campaigns, three apps,
four topics), not the events: pages read roll-ups only. Then asks each page in turn, signed in, and
prints p50 and p95 of the wall clock and the processor's time in milliseconds.
"""

import argparse
import asyncio
import json
import random
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from adserver.reports.tables import FactRow
from kernel.clock import FrozenClock
from kernel.database import Database
from kernel.money import Micros
from tests.advertiser_portal.houses import House, a_house, portal_app
from tests.advertiser_portal.neighbours import a_neighbour, signed_in
from tests.rig.postgres import migrate_apart, postgres_server
from web.roles import Role

DAYS, CAMPAIGNS, APPS, TOPICS = 28, 10, 3, 4
ROUNDS = 15
PAGES = (
    "/advertiser/",
    "/advertiser/?period=30d",
    "/advertiser/live?period=7d",
    "/advertiser/campaigns?period=30d",
    "/advertiser/reports?by=day&period=30d",
    "/advertiser/reports?by=campaign&period=30d&compare=yes",
    "/advertiser/reports?by=topic&period=30d",
    "/advertiser/reports?by=hour&period=30d",
    "/advertiser/reports.csv?by=app&period=30d",
)


@contextmanager
def database_at(*, postgres: bool) -> Iterator[str]:
    """A fresh, migrated database."""
    if postgres:
        with postgres_server() as server:
            yield server.new_database()
        return
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'bench.db'}"
        migrate_apart(url)
        yield url


async def seeded(database: Database, clock: FrozenClock, house: House, events: int) -> int:
    """The facts of `events` deliveries and clicks; how many rows that is."""
    from adserver.catalog import commands
    from adserver.catalog.campaign import CampaignTerms
    from adserver.catalog.targeting import Targeting

    dice, campaigns = random.Random(1), [house.campaign_id]
    async with database.writing() as tx:
        for number in range(1, CAMPAIGNS):
            terms = CampaignTerms(f"No {number}", Micros(450_000), None, None, "UTC", clock.now())
            made = await commands.create_campaign(
                tx,
                advertiser_id=house.advertiser_id,
                terms=terms,
                targeting=Targeting(),
                clock=clock,
            )
            campaigns.append(made.campaign_id)
    first = clock.now().replace(minute=0, second=0) - timedelta(days=DAYS - 1)
    # As many rows as the events of a quarter of an hour can fill, but no more.
    each = max(1, events // (DAYS * 96 * CAMPAIGNS))
    filled = min(APPS * TOPICS, each)
    rows = [
        _fact(
            house,
            campaign,
            first + timedelta(minutes=15 * slot),
            cell=cell,
            events=each // filled,
            dice=dice,
        )
        for slot in range(DAYS * 96)
        for campaign in campaigns
        for cell in range(filled)
    ]
    async with database.writing() as tx:
        for at in range(0, len(rows), 5_000):
            await tx.execute(sa.insert(FactRow), rows[at : at + 5_000])
    return len(rows)


def _fact(
    house: House, campaign: str, slot: Any, *, cell: int, events: int, dice: random.Random
) -> dict[str, Any]:
    clicks = events // 50
    return {
        "slot": slot,
        "advertiser_id": house.advertiser_id,
        "publisher_id": "zero",
        "campaign_id": campaign,
        "creative_id": house.creative_id,
        "app_id": f"app_{cell % APPS}",
        "topic": ["running", "fitness", "camping", "books"][cell % TOPICS],
        "country": "DE",
        "format": "unit",
        "delivered": events - clicks,
        "rendered": 0,
        "viewable": 0,
        "clicks": clicks,
        "billed": clicks,
        "invalid": 0,
        "conversions": 0,
        "spend_micros": Micros(clicks * dice.randrange(1, 450_000)),
        "credited_micros": Micros(0),
        "earned_micros": Micros(0),
        "value_micros": Micros(0),
    }


async def measured(url: str, events: int) -> dict[str, Any]:
    """Each page's times."""
    database, clock = Database(url), FrozenClock()
    house = await a_house(database, clock, "Strideworks")
    rows = await seeded(database, clock, house, events)
    app = portal_app(database, clock, public_url="http://testserver")
    _, session = await a_neighbour(database, clock, house, Role.OWNER)
    pages: dict[str, Any] = {}
    async with signed_in(app, session) as browser:
        for address in PAGES:
            walls, cpus = [], []
            for _ in range(ROUNDS + 1):
                wall, cpu = time.perf_counter(), time.process_time()
                answer = await browser.get(address)
                walls.append(1_000 * (time.perf_counter() - wall))
                cpus.append(1_000 * (time.process_time() - cpu))
                assert answer.status_code == 200, address
            walls, cpus = sorted(walls[1:]), sorted(cpus[1:])
            pages[address] = {
                "p50_ms": round(walls[ROUNDS // 2], 1),
                "p95_ms": round(walls[int(ROUNDS * 0.95)], 1),
                "cpu_p50_ms": round(cpus[ROUNDS // 2], 1),
            }
    await database.close()
    return {"events": events, "facts": rows, "pages": pages}


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--events", type=int, default=1_000_000)
    asked.add_argument("--postgres", action="store_true")
    asked.add_argument("--note", default="")
    asked.add_argument("--out", type=Path)
    given = asked.parse_args()
    with database_at(postgres=given.postgres) as url:
        found = asyncio.run(measured(url, given.events))
    found |= {"engine": "postgres" if given.postgres else "sqlite", "note": given.note}
    found["command"] = f"python -m bench.portal_pages {' '.join(sys.argv[1:])}"
    text = json.dumps(found, indent=2)
    print(text)
    if given.out:
        given.out.write_text(text + "\n")


if __name__ == "__main__":
    main()

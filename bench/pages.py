# ruff: noqa: ANN001, ANN201, ANN202, S608, S101
"""Measure every page of every portal with many events behind it.

    python bench/pages.py [--engine postgresql|sqlite] [--events N] [--rounds 20] [--model DIR]
        [--out FILE]

Ten million events on PostgreSQL, one on SQLite unless said otherwise. Pages are asked in process, as
the tour of the browser tests walks them; p95 is of wall time, `cpu` of our own process's time
without the database. `typing` is the live panel of the creative editor: a title that is another one
each time, to the fragment with matches and landscape. Ends with one line of JSON.
"""

import argparse
import asyncio
import json
import sys
import time
from pathlib import Path
from statistics import quantiles

import httpx
import sqlalchemy as sa
from money_rig import migrated
from pages_rig import seed_charges, seed_events, seed_house

# A bench is started as a file; the tests' town stands beside its folder.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from adserver.decision.budget import BudgetBook  # noqa: E402
from adserver.decision.market import MarketBook  # noqa: E402
from adserver.decision.preview import MatchPreview  # noqa: E402
from adserver.decision.settings import DecisionSettings  # noqa: E402
from adserver.matching.snapshots import IndexKeeper  # noqa: E402
from kernel.clock import FrozenClock  # noqa: E402
from kernel.database import Database  # noqa: E402
from language.embedder import load_embedder  # noqa: E402
from language.lexical import LexicalEmbedder  # noqa: E402
from tests.advertiser_portal.belongings import everything_of  # noqa: E402
from tests.advertiser_portal.neighbours import a_neighbour, signed_in  # noqa: E402
from tests.advertiser_portal.town import every_portal  # noqa: E402
from tests.browser.tour import MEMBER, NOBODY, STOPS  # noqa: E402
from web.letters import Outbox  # noqa: E402
from web.roles import Role  # noqa: E402

PER_ENGINE = {"postgresql": 10_000_000, "sqlite": 1_000_000}


async def measure(url, engine, *, events, rounds, model):
    """The p95 of every page, and what was seeded."""
    database, clock = Database(url), FrozenClock()
    house = await seed_house(database, clock)
    began = time.perf_counter()
    await seed_events(database, engine, house.advertiser_id, events=events, clock=clock)
    charges = await seed_charges(database, clock, house)
    seeded_s = time.perf_counter() - began
    embedder = load_embedder(Path(model)) if model else LexicalEmbedder()
    books = BudgetBook(database, IndexKeeper(database, embedder, clock), clock)
    market = MarketBook(database, clock)
    matcher = MatchPreview(embedder, books, clock, DecisionSettings(), market)
    town = every_portal(
        database, clock, public_url="http://testserver", post=Outbox(), matcher=matcher
    )
    ids = await everything_of(town.bench, house, clock, mark="Our")
    _, session = await a_neighbour(database, clock, house, Role.OWNER)
    member, nobody = signed_in(town.app, session), signed_in(town.app, "")
    pages = {}
    more = {
        f"/advertiser/reports?period=30d&by={by}"
        for by in ("campaign", "creative", "version", "topic", "country", "app", "hour", "format")
    } | {"/advertiser/reports?period=30d&by=country&compare=yes", "/advertiser/?period=30d"}
    asked = {
        (stop.who, path.replace("{rest:path}", "nothing").format(**ids) + query)
        for path, stop in STOPS.items()
        for query in stop.queries
        if stop.who in (MEMBER, NOBODY)
    } | {(MEMBER, address) for address in more}
    for who, address in sorted(asked, key=lambda one: one[1]):
        pages[address] = await _timed(member if who == MEMBER else nobody, address, rounds)
        sys.stderr.write(f"{pages[address]['p95_ms']:8.1f} ms  {address}\n")
    csrf = town.front.csrf.token(session)
    typing = await _typed(member, house.campaign_id, csrf, rounds)
    sys.stderr.write(f"{typing['p95_ms']:8.1f} ms  typing\n")
    counted = {}
    async with database.reading() as read:
        for table in ("ad_decision", "ad_step", "report_fact", "report_day_cell", "ledger_entry"):
            counted[table] = await read.scalar(sa.text(f"SELECT COUNT(*) FROM {table}"))
    for browser in (member, nobody):
        await browser.aclose()
    await town.bench.till.gateway.close()
    await database.close()
    return {
        "engine": engine,
        "events": counted["ad_decision"] + counted["ad_step"],
        "rows": counted,
        "charges_of_the_advertiser": charges,
        "seeded_s": round(seeded_s),
        "slowest_p95_ms": max(page["p95_ms"] for page in pages.values()),
        "over_300_ms": sorted(name for name, page in pages.items() if page["p95_ms"] > 300),
        "typing": typing,
        "pages": pages,
    }


async def _typed(browser: httpx.AsyncClient, campaign_id, csrf, rounds):
    """The live panel, asked again with every word."""

    async def asked(at):
        copy = {
            "title": f"Arch One: support for run {at}",
            "body": "Firm where the arch needs it.",
            "landing_url": "https://strideworks.example/",
            "category": "running",
            "example_prompts": "Shoes for flat feet?\nBest stability shoes?\nTrainers that last?",
            "csrf": csrf,
        }
        return await browser.post(
            f"/advertiser/campaigns/{campaign_id}/creatives/preview", data=copy
        )

    return await _over(asked, rounds)


async def _timed(browser: httpx.AsyncClient, address, rounds):
    return await _over(lambda _: browser.get(address), rounds)


async def _over(ask, rounds):
    taken, cpu = [], time.process_time()
    for at in range(rounds + 1):
        began = time.perf_counter()
        answer = await ask(at)
        taken.append((time.perf_counter() - began) * 1_000)
        assert answer.status_code in (200, 404), (answer.url, answer.status_code)
    cpu = (time.process_time() - cpu) * 1_000 / (rounds + 1)
    # The first one compiles templates and statements, once in a process's life.
    return {
        "p95_ms": round(quantiles(taken[1:], n=20, method="inclusive")[18], 1),
        "first_ms": round(taken[0], 1),
        "cpu_ms": round(cpu, 1),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--engine", choices=sorted(PER_ENGINE), default="postgresql")
    parser.add_argument("--events", type=int)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--model")
    parser.add_argument("--out")
    asked = parser.parse_args()
    with migrated(asked.engine) as (url, _):
        found = asyncio.run(
            measure(
                url,
                asked.engine,
                events=asked.events or PER_ENGINE[asked.engine],
                rounds=asked.rounds,
                model=asked.model,
            )
        )
    if asked.out:
        Path(asked.out).write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(found))  # noqa: T201  the result


if __name__ == "__main__":
    main()

# ruff: noqa: ANN001, ANN002, ANN201, ANN202, ANN204, S311
"""Charge clicks while workers and the database are killed, then check what was charged.

    python bench/kill_storm.py [--minutes 1] [--seed 1] [--engine sqlite] [--json]

Workers follow click links, each link one to five times and in random order; half of the campaigns
have $10. Meanwhile kill -9 hits a worker, PostgreSQL with all its processes, or Valkey, which comes
back empty, or with what a replica knew that had stopped hearing from it, or is emptied while it runs.
On SQLite there is one worker, and nothing else to kill. The checker reads only what workers were told and the event
log: nothing is charged twice, nothing over a budget and nothing without a delivery, and what was told
as charged is there. `unbilled_share` is that of clicks which a budget could have paid. Ends with one
line of JSON, and exit code 1 where anything of this does not hold.
"""

import argparse
import asyncio
import json
import multiprocessing
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from datetime import timedelta
from pathlib import Path

import sqlalchemy as sa
from money_rig import Postgres, an_ad, decisions
from storm_rig import Valkey

from adserver.events.clicks import ClickDesk
from adserver.events.tables import DecisionRow, StepRow
from adserver.events.tokens import ClickTokens
from adserver.events.traffic_watch import Watch
from kernel.clock import SystemClock
from kernel.database import Database
from kernel.redis_state import RedisState
from kernel.signing import SigningKeys
from ledger.verify import verify
from tests.rig.postgres import migrate_apart

BROWSER = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/140.0.0.0 Safari/537.36"
PRICE = 350_000
TOKENS = ClickTokens(SigningKeys({1: b"k" * 32}))
# What tells that a click was not decided on; everything else is an answer for good.
PASSING = "unavailable"
_FORKS = multiprocessing.get_context("fork")


class _AMinuteAgo(SystemClock):
    """When the ads were delivered: nobody reads an ad in no time, and the watch knows that."""

    def now(self):
        return super().now() - timedelta(minutes=1)


async def prepare(url, *, campaigns, per_campaign):
    """Budgets by campaign, and the links with the campaign of each."""
    database, clock = Database(url), SystemClock()
    budgets, links = {}, []
    for number in range(campaigns):
        budget = 10_000_000 if number % 2 else 1_000_000_000
        advertiser, creative = await an_ad(
            database, clock, funds=10**10, total=budget, organisation=f"org_{number}"
        )
        budgets[creative.campaign_id] = budget
        for delivered, count in ((True, per_campaign), (False, 2)):
            ids = await decisions(
                database,
                _AMinuteAgo(),
                advertiser,
                creative,
                count=count,
                price=PRICE,
                delivered=delivered,
            )
            links += [TOKENS.mint(one, creative.number) for one in ids]
    await database.close()
    return budgets, links


async def work(url, links, told, seed, redis_url):
    """Follow links in an order of one's own; write down what was told before going on."""
    database, clock = Database(url), SystemClock()
    watch, state = None, None
    if redis_url:
        state = RedisState(redis_url)
        watch = Watch(state, SigningKeys({1: b"k" * 32}), clock)
    desk = ClickDesk(database, TOKENS, clock, deadline_ms=20_000, watch=watch)
    draw = random.Random(seed)
    visits = [link for link in links for _ in range(draw.randint(1, 5))]
    draw.shuffle(visits)
    queue = iter(visits)
    log = told.open("a", buffering=1)

    async def visitor():
        for link in queue:
            outcome = await desk.follow(link, user_agent=BROWSER)
            while outcome.reason == PASSING:
                await asyncio.sleep(0.2)
                outcome = await desk.follow(link, user_agent=BROWSER)
            log.write(f"{TOKENS.read(link).decision_id} {outcome.reason or 'billed'}\n")

    await asyncio.gather(*(visitor() for _ in range(64)))
    await desk.close()
    if state is not None:
        await state.close()
    await database.close()


def _work(*given):
    asyncio.run(work(*given))


class Storm:
    """The workers, and what is done to them."""

    def __init__(self, asked, url, *, server, valkey, folder, links):
        self.asked, self.url, self.server, self.folder = asked, url, server, folder
        self.valkey, self.links = valkey, links
        self.draw, self.kills = random.Random(asked.seed), Counter()
        count = 1 if asked.engine == "sqlite" else asked.workers
        self.workers = {number: self._start(number) for number in range(count)}

    def rage(self):
        """Kill until the time is over, then let everybody finish."""
        until = time.monotonic() + self.asked.minutes * 60
        while time.monotonic() < until:
            time.sleep(self.draw.uniform(0.5, 2.0))
            chance = self.draw.random()
            if self.server is not None and chance < 0.25:
                self.server.kill()
                self.server.start()
                self.kills["database"] += 1
            elif self.valkey is not None and chance < 0.33:
                self.valkey.fail_over()
                self.kills["valkey_replaced_by_a_stale_replica"] += 1
            elif self.valkey is not None and chance < 0.42:
                self.valkey.kill()
                time.sleep(self.draw.uniform(0, 0.5))
                self.valkey.start()
                self.kills["valkey"] += 1
            elif self.valkey is not None and chance < 0.5:
                self.valkey.flush()
                self.kills["valkey_emptied"] += 1
            else:
                number = self.draw.choice(list(self.workers))
                self.workers[number].kill()
                self.workers[number].join()
                self.workers[number] = self._start(number)
                self.kills["worker"] += 1
        for worker in self.workers.values():
            worker.join(1_800)
            if worker.exitcode != 0:
                raise RuntimeError("A worker failed by itself.")

    def _start(self, number):
        redis_url = self.valkey.url if self.valkey else ""
        told, seed = self.folder / f"told-{number}", self.draw.randrange(2**32)
        given = (self.url, self.links, told, seed, redis_url)
        # A fork knows all modules already; a storm would spend its time on starting programs.
        worker = _FORKS.Process(target=_work, args=given, daemon=True)
        worker.start()
        return worker


async def check(url, budgets, folder):
    """The independent look: the workers' notes and the events, and no balance."""
    told = Counter()
    for file in folder.glob("told-*"):
        lines = [line.split() for line in file.read_text().splitlines()]
        told.update(line[0] for line in lines if len(line) == 2 and line[1] == "billed")
    database = Database(url)
    async with database.reading() as session:
        clicks = sa.select(
            StepRow.decision_id,
            StepRow.billable,
            StepRow.price_micros,
            StepRow.unbilled_reason,
            DecisionRow.campaign_id,
        ).join(DecisionRow, DecisionRow.id == StepRow.decision_id)
        rows = (await session.execute(clicks.where(StepRow.step == "click"))).all()
        found = await session.scalars(
            sa.select(StepRow.decision_id).where(StepRow.step == "delivered")
        )
        delivered, violations = set(found), await verify(session)
    await database.close()
    billed = {row.decision_id for row in rows if row.billable}
    spent = Counter()
    for row in rows:
        if row.billable:
            spent[row.campaign_id] += row.price_micros.amount
    exhausted = [one for one, budget in budgets.items() if budget - spent[one] < PRICE]
    could = [row for row in rows if row.decision_id in delivered]
    small = sum(budgets[one] for one in exhausted)
    payable = [row for row in could if row.unbilled_reason != "no_budget"]
    return {
        "clicks": len(rows),
        "billed": len(billed),
        "double_charges": sum(count > 1 for count in told.values()),
        "told_and_not_charged": len(set(told) - billed),
        "micros_over_budget": sum(max(0, spent[one] - budgets[one]) for one in budgets),
        "charges_without_impression": len(billed - delivered),
        "violations": len(violations),
        "unbilled_share": round(sum(not row.billable for row in payable) / max(1, len(payable)), 4),
        "unbilled_for_budget": len(could) - len(payable),
        "exhausted_budgets": len(exhausted),
        "billed_share_of_exhausted_budgets": round(sum(spent[one] for one in exhausted) / small, 4)
        if small
        else None,
    }


def storm(asked):
    server = Postgres() if asked.engine == "postgresql" else None
    valkey = Valkey() if server else None
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        url = server.url if server else f"sqlite:///{folder / 'storm.db'}"
        try:
            if server is None and asked.template:
                shutil.copyfile(asked.template, folder / "storm.db")
            else:
                migrate_apart(url)
            campaigns, clicks = asked.campaigns, asked.clicks
            budgets, links = asyncio.run(prepare(url, campaigns=campaigns, per_campaign=clicks))
            raging = Storm(asked, url, server=server, valkey=valkey, folder=folder, links=links)
            raging.rage()
            found = asyncio.run(check(url, budgets, folder))
            visits = sum(len(file.read_text().splitlines()) for file in folder.glob("told-*"))
        finally:
            if server:
                server.close()
                valkey.close()
    return {
        "engine": asked.engine,
        "seed": asked.seed,
        "commit": commit(),
        "minutes": asked.minutes,
        "events": visits,
        "kills": sum(raging.kills.values()),
        "kills_by_kind": dict(raging.kills),
    } | found


def commit():
    """What was tried."""
    told = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False
    )
    return told.stdout.strip() or None


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--minutes", type=float, default=1.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--engine", choices=["postgresql", "sqlite"], default="postgresql")
    parser.add_argument("--workers", type=int, default=3)
    parser.add_argument("--campaigns", type=int, default=200)
    parser.add_argument("--clicks", type=int, default=60, help="deliveries of each campaign")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--template", type=Path, help="a migrated SQLite file to begin with")
    asked = parser.parse_args()
    found = storm(asked)
    line = json.dumps(found)
    if asked.out:
        asked.out.write_text(line + "\n")
    if not asked.json:
        for name, value in found.items():
            print(f"{name:36} {value}")
    print(line)
    wrong = ("double_charges", "told_and_not_charged", "micros_over_budget")
    return int(any(found[name] for name in (*wrong, "charges_without_impression", "violations")))


if __name__ == "__main__":
    sys.exit(main())

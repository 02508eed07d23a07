"""``tollfree billing``: reconcile with Stripe, look at events that failed, offer promo codes.

`reconcile` explains every line of Stripe's account of the last thirty days, repairs what we missed,
and compares the sums. `events` lists what was given up after many tries, and queues it again. Exit
code 1 when something is left unexplained, or given up.
"""

import argparse
import asyncio
import json
import sys
from datetime import timedelta
from typing import Any

from advertiser_portal.billing.events import dead_events, revive
from advertiser_portal.billing.promos import make_code
from advertiser_portal.billing.reconcile import Reconciliation
from advertiser_portal.billing.till import Till
from kernel.clock import SystemClock
from kernel.database import Database
from kernel.errors import SettingsInvalid
from kernel.money import Micros
from tollfree import migrations
from tollfree.migrate import explained
from tollfree.settings import ServeSettings, serve_settings
from tollfree.till_side import working_till


def run(asked: argparse.Namespace) -> int:
    """Do what was asked; returns the exit code."""
    settings = serve_settings(asked.data)
    match asked.action:
        case "events":
            return asyncio.run(_events(settings, again=asked.again, as_json=asked.json))
        case "promo":
            return asyncio.run(_promo(settings, asked))
    result = asyncio.run(_reconcile(settings))
    if asked.json:
        sys.stdout.write(json.dumps(_as_json(result)) + "\n")
    else:
        sys.stdout.write(_as_text(result))
    return 0 if result.is_clean else 1


async def _reconcile(settings: ServeSettings) -> Reconciliation:
    database = Database(settings.database())
    try:
        with explained():
            await migrations.require_newest(database)
        till = working_till(settings, database, SystemClock())
        if till is None:
            raise SettingsInvalid(
                "STRIPE_SECRET_KEY is not set, so there is no till to compare with. Set it and "
                "STRIPE_WEBHOOK_SECRETS.",
                param="STRIPE_SECRET_KEY",
            )
        return await _closing(till)
    finally:
        await database.close()


async def _events(settings: ServeSettings, *, again: bool, as_json: bool) -> int:
    database = Database(settings.database())
    try:
        with explained():
            await migrations.require_newest(database)
        async with database.reading() as session:
            dead = await dead_events(session)
        if again:
            async with database.writing() as tx:
                await revive(tx, clock=SystemClock())
    finally:
        await database.close()
    rows = [{"id": one.event_id, "type": one.type, "error": one.last_error} for one in dead]
    if as_json:
        sys.stdout.write(json.dumps(rows) + "\n")
    else:
        lines = [f"✗ {row['id']} {row['type']} {row['error']}" for row in rows]
        told = "queued again" if again else "tollfree billing events --again queues them"
        lines.append(f"{len(rows)} given up, {told}." if rows else "✓ No event was given up.")
        sys.stdout.write("\n".join(lines) + "\n")
    return 1 if rows and not again else 0


async def _promo(settings: ServeSettings, asked: argparse.Namespace) -> int:
    database, clock = Database(settings.database()), SystemClock()
    try:
        with explained():
            await migrations.require_newest(database)
        async with database.writing() as tx:
            code = await make_code(
                tx,
                asked.code,
                amount=Micros.from_units(asked.amount),
                uses=asked.uses,
                good_until=clock.now() + timedelta(days=asked.days),
                clock=clock,
            )
    finally:
        await database.close()
    sys.stdout.write(json.dumps({"code": code}) + "\n" if asked.json else f"✓ {code}\n")
    return 0


async def _closing(till: Till) -> Reconciliation:
    try:
        return await till.reconciler.run()
    finally:
        await till.gateway.close()


def _as_json(result: Reconciliation) -> dict[str, Any]:
    return {
        "clean": result.is_clean,
        "seen": result.seen,
        "unexplained": result.unexplained,
        "held_micros": result.held.amount,
        "booked_micros": result.booked.amount,
        "difference_micros": result.difference.amount,
        "suspense_micros": result.suspense.amount,
        "suspects": [
            {
                "id": one.id,
                "type": one.type,
                "amount_micros": one.amount.amount,
                "source": one.source,
                "at": one.at.isoformat(),
            }
            for one in result.suspects
        ],
    }


def _as_text(result: Reconciliation) -> str:
    mark = "✓" if result.is_clean else "✗"
    lines = [
        f"{mark} {result.seen} movements seen, {result.unexplained} not explained.",
        f"  Stripe holds   {result.held.text()}",
        f"  The ledger has {result.booked.text()}, difference {result.difference.text()}",
        f"  In suspense    {result.suspense.text()}",
    ]
    lines += [
        f"  ? {one.id}  {one.at:%Y-%m-%d}  {one.type}  {one.amount.text()}  {one.source or ''}"
        for one in result.suspects
    ]
    return "\n".join(lines) + "\n"

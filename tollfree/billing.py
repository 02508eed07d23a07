"""``tollfree billing reconcile``: does the ledger agree with what Stripe holds?

Explains every line of Stripe's account of the last thirty days, repairs what we missed, and compares
the sums. Exit code 1 when something is left unexplained.
"""

import argparse
import asyncio
import json
import sys

from advertiser_portal.billing.reconcile import Reconciliation
from advertiser_portal.billing.till import Till
from kernel.clock import SystemClock
from kernel.database import Database
from kernel.errors import SettingsInvalid
from tollfree import migrations
from tollfree.migrate import explained
from tollfree.settings import ServeSettings, serve_settings
from tollfree.till_side import working_till


def run(asked: argparse.Namespace) -> int:
    """Reconcile; returns the exit code."""
    result = asyncio.run(_reconcile(serve_settings(asked.data)))
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


async def _closing(till: Till) -> Reconciliation:
    try:
        return await till.reconciler.run()
    finally:
        await till.gateway.close()


def _as_json(result: Reconciliation) -> dict[str, int | bool]:
    return {
        "clean": result.is_clean,
        "seen": result.seen,
        "unexplained": result.unexplained,
        "held_micros": result.held.amount,
        "booked_micros": result.booked.amount,
        "difference_micros": result.difference.amount,
        "suspense_micros": result.suspense.amount,
    }


def _as_text(result: Reconciliation) -> str:
    mark = "✓" if result.is_clean else "✗"
    lines = [
        f"{mark} {result.seen} movements seen, {result.unexplained} not explained.",
        f"  Stripe holds   {result.held.text()}",
        f"  The ledger has {result.booked.text()}, difference {result.difference.text()}",
        f"  In suspense    {result.suspense.text()}",
    ]
    return "\n".join(lines) + "\n"

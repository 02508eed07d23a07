"""``tollfree stop | resume ads | advertiser | creative | app``: the switch for emergencies.

Every process obeys within a second. Links that are already out lead to the neutral page, and nothing
is charged for them until it goes on. The calls of a stopped app are refused as well; answers that
are being written end as they would have. Stopping twice is stopping once.
"""

import argparse
import asyncio
import json
import sys

from adserver.catalog import stops
from adserver.catalog.stops import Scope
from kernel.clock import SystemClock
from kernel.database import Database
from kernel.errors import BadRequest
from tollfree.migrate import explained
from tollfree.settings import store_settings


def run(asked: argparse.Namespace) -> int:
    """Stop or resume; returns the exit code."""
    scope = Scope(asked.scope)
    if (asked.id is None) != (scope is Scope.ADS):
        needs = "no id" if scope is Scope.ADS else f"the id of the {scope}"
        raise BadRequest(f"tollfree {asked.command} {scope} takes {needs}.")
    name = asked.id or ""
    changed = asyncio.run(_act(asked, scope, name))
    done = {"stop": "stopped", "resume": "resumed"}[asked.command]
    if asked.json:
        answer = {"scope": scope.value, "id": name or None, "state": done, "changed": changed}
        sys.stdout.write(json.dumps(answer) + "\n")
        return 0
    what = "All ads are" if scope is Scope.ADS else f"The {scope} {name} is"
    sys.stdout.write(f"✓ {what} {done}{'' if changed else ', as before'}.\n")
    return 0


async def _act(asked: argparse.Namespace, scope: Scope, name: str) -> bool:
    database = Database(store_settings(asked.data).database())
    try:
        with explained():
            async with database.writing() as tx:
                if asked.command == "resume":
                    return await stops.resume(tx, scope, name)
                return await stops.stop(tx, scope, name, reason=asked.reason, clock=SystemClock())
    finally:
        await database.close()

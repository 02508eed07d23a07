"""``tollfree ledger verify``: do the books hold, by every rule that there is for them.

    exit code 0 they do; 1 they do not, and the first violation is told

Reads one moment of the database and changes nothing, so it may run while others charge.
"""

import argparse
import asyncio
import json
import sys
from dataclasses import asdict

from kernel.database import Database
from ledger.verify import Violation, verify
from tollfree.migrate import explained
from tollfree.settings import store_settings


def run(asked: argparse.Namespace) -> int:
    """Verify; returns the exit code."""
    found = asyncio.run(_verify(store_settings(asked.data).database()))
    if asked.json:
        answer = {"holds": not found, "violations": [asdict(one) for one in found]}
        sys.stdout.write(json.dumps(answer) + "\n")
    elif found:
        first, more = found[0], len(found) - 1
        rest = f" ({more} more with --json)" if more else ""
        sys.stdout.write(f"✗ {first.rule}: {first.where}: {first.detail}{rest}\n")
    else:
        sys.stdout.write("✓ The books hold.\n")
    return 1 if found else 0


async def _verify(url: str) -> list[Violation]:
    database = Database(url)
    try:
        with explained():
            async with database.reading() as session:
                return await verify(session)
    finally:
        await database.close()

"""``tollfree backup | restore FILE``: the whole database in one file, and back.

    exit code 0 done; 1 restored, and the books do not hold

Safe while serving: a backup is of one moment. Restoring needs an empty database, migrates it, and
checks the books before it says that it is done. The keys that sign links are not in the file: keep
TOLLFREE_SIGNING_KEYS, or the data folder's secrets.json, beside it.
"""

import argparse
import asyncio
import json
import sys
from pathlib import Path

from kernel.clock import SystemClock
from kernel.database import Database
from ledger.verify import verify
from tollfree import migrations
from tollfree.backup_file import read_backup, write_backup
from tollfree.migrate import explained
from tollfree.settings import store_settings


def run(asked: argparse.Namespace) -> int:
    """Back up or restore; returns the exit code."""
    url, path = store_settings(asked.data).database(), Path(asked.file)
    if asked.command == "backup":
        rows = asyncio.run(_back_up(url, path))
        told, code = f"✓ {rows:,} rows in {path}", 0
    else:
        rows, holds = asyncio.run(_restore(url, path))
        books = "the books hold" if holds else "THE BOOKS DO NOT HOLD: tollfree ledger verify"
        told, code = f"{'✓' if holds else '✗'} {rows:,} rows restored; {books}", int(not holds)
    answer = json.dumps({"rows": rows, "holds": code == 0}) if asked.json else f"{told}."
    sys.stdout.write(answer + "\n")
    return code


async def _back_up(url: str, path: Path) -> int:
    database = Database(url)
    try:
        with explained():
            await migrations.require_newest(database)
            # At the newest schema this changes nothing; it loads every package that owns tables.
            await asyncio.to_thread(migrations.upgrade, url)
            return await write_backup(
                database, path, revision=migrations.newest(), clock=SystemClock()
            )
    finally:
        await database.close()


async def _restore(url: str, path: Path) -> tuple[int, bool]:
    await asyncio.to_thread(migrations.upgrade, url)
    database = Database(url)
    try:
        with explained():
            rows = await read_backup(database, path, revision=migrations.newest())
            async with database.reading() as session:
                return rows, not await verify(session)
    finally:
        await database.close()

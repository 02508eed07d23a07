"""``tollfree keys create | list | revoke``: API keys from the command line.

A secret is printed once, when it is made; the database has only its digest. A revoked key stops
working in every server within seconds: through Redis at once where there is one, else as their
memory of it grows old.
"""

import argparse
import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from typing import Any

from api.access import keys
from api.access.key_book import KeyBook
from kernel.clock import Clock, SystemClock
from kernel.database import Database
from tollfree.foundations import shared_state_at
from tollfree.migrate import explained
from tollfree.settings import StoreSettings, store_settings
from web.organisations import create_organisation

Act = Callable[
    [argparse.Namespace, StoreSettings, Database, Clock], Awaitable[list[dict[str, Any]]]
]


def run(asked: argparse.Namespace) -> int:
    """Do what was asked; returns the exit code."""
    settings = store_settings(asked.data)
    rows = asyncio.run(_act(asked, settings))
    if asked.json:
        sys.stdout.write(json.dumps(rows if asked.action == "list" else rows[0]) + "\n")
        return 0
    for row in rows:
        sys.stdout.write("  ".join(str(value or "") for value in row.values()).rstrip() + "\n")
    if asked.action == "create":
        sys.stderr.write("Keep the key now: it is not shown again.\n")
    elif not rows:
        sys.stderr.write("There are no keys yet. Make one with: tollfree keys create\n")
    return 0


async def _act(asked: argparse.Namespace, settings: StoreSettings) -> list[dict[str, Any]]:
    acts: dict[str, Act] = {"create": _create, "list": _list, "revoke": _revoke}
    database = Database(settings.database())
    try:
        with explained():
            return await acts[asked.action](asked, settings, database, SystemClock())
    finally:
        await database.close()


async def _create(
    asked: argparse.Namespace, _settings: StoreSettings, database: Database, clock: Clock
) -> list[dict[str, Any]]:
    kind = keys.KeyKind.TEST if asked.test else keys.KeyKind.LIVE
    async with database.writing() as tx:
        app_id = asked.app
        if app_id is None:
            organisation = await create_organisation(tx, name=asked.name, clock=clock)
            app_id = await keys.create_app(
                tx, organisation_id=organisation.id, name=asked.name, clock=clock
            )
        made = await keys.create_key(tx, app_id, clock=clock, kind=kind)
    return [{"id": made.key_id, "app": app_id, "kind": kind.value, "key": made.secret}]


async def _list(
    _asked: argparse.Namespace, _settings: StoreSettings, database: Database, _clock: Clock
) -> list[dict[str, Any]]:
    async with database.reading() as session:
        listed = await keys.list_keys(session)
    return [
        {
            "id": key.key_id,
            "app": key.app_id,
            "name": key.app_name,
            "kind": key.kind.value,
            "shown": key.shown,
            "created_at": key.created_at.isoformat(timespec="seconds"),
            "revoked_at": key.revoked_at and key.revoked_at.isoformat(timespec="seconds"),
        }
        for key in listed
    ]


async def _revoke(
    asked: argparse.Namespace, settings: StoreSettings, database: Database, clock: Clock
) -> list[dict[str, Any]]:
    async with database.writing() as tx:
        digest = await keys.revoke_key(tx, asked.key, clock=clock)
    state = shared_state_at(settings.shared_state(), clock)
    await KeyBook(database, clock, state).forget(digest)
    await state.close()
    return [{"id": asked.key, "revoked": True}]

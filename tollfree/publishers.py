"""``tollfree publishers …``: services that show ads, from the command line.

create --name NAME [--share BP] [--floor MICROS]     a publisher of an organisation of its own
list | show ID                                       settings, placements and keys
key ID [--test] | revoke KEY_ID                      a key is printed once
block ID [--category C]… [--domain D]… [--advertiser A]…   replaces the block list
place ID NAME [--format F]… [--floor M] [--min-relevance R] [--ads-per-session N]
remove ID NAME                                       a placement
complaints [--days N]                                what readers say is wrong with ads
"""

import argparse
import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

from adserver.catalog import publisher_commands as commands
from adserver.catalog.commands import create_publisher
from adserver.catalog.placement import blocks_in, placement
from adserver.events.complaints import most_complained
from adserver.http.publishers import settings_of
from kernel.clock import Clock, SystemClock
from kernel.database import Database
from kernel.errors import NotFound
from kernel.money import Micros
from tollfree.migrate import explained
from tollfree.settings import store_settings
from web.organisations import create_organisation

Rows = list[dict[str, Any]]
Act = Callable[[argparse.Namespace, Database, Clock], Awaitable[Rows]]


def run(asked: argparse.Namespace) -> int:
    """Do what was asked; returns the exit code."""
    rows = asyncio.run(_act(asked))
    if asked.json:
        sys.stdout.write(json.dumps(rows) + "\n")
        return 0
    for row in rows:
        sys.stdout.write("  ".join(_cell(value) for value in row.values()).rstrip() + "\n")
    if asked.action == "key":
        sys.stderr.write("Keep the key now: it is not shown again.\n")
    return 0


def _cell(value: Any) -> str:
    if isinstance(value, list | tuple | dict):
        return json.dumps(value)
    return "" if value is None else str(value)


async def _act(asked: argparse.Namespace) -> Rows:
    acts: dict[str, Act] = {
        "create": _create,
        "list": _list,
        "show": _show,
        "key": _key,
        "revoke": _revoke,
        "block": _block,
        "place": _place,
        "remove": _remove,
        "complaints": _complaints,
    }
    database = Database(store_settings(asked.data).database())
    try:
        with explained():
            return await acts[asked.action](asked, database, SystemClock())
    finally:
        await database.close()


async def _create(asked: argparse.Namespace, database: Database, clock: Clock) -> Rows:
    async with database.writing() as tx:
        organisation = await create_organisation(tx, name=asked.name, clock=clock)
        made = await create_publisher(
            tx,
            name=asked.name,
            key_digest=None,
            share_bp=asked.share,
            floor=Micros(asked.floor),
            organisation_id=organisation.id,
            clock=clock,
        )
    return [{"id": made.publisher_id, "organisation": organisation.id, "name": made.name}]


async def _list(_asked: argparse.Namespace, database: Database, _clock: Clock) -> Rows:
    async with database.reading() as session:
        found = await commands.publishers(session)
    return [{"id": one.publisher_id, "name": one.name, "share_bp": one.share_bp} for one in found]


async def _show(asked: argparse.Namespace, database: Database, _clock: Clock) -> Rows:
    async with database.reading() as session:
        found = {one.publisher_id: one for one in await commands.publishers(session)}
        placements = await commands.placements_of(session, asked.publisher)
        keys = await commands.publisher_keys(session, asked.publisher)
    if asked.publisher not in found:
        raise NotFound(f"There is no publisher {asked.publisher}.")
    told = settings_of(found[asked.publisher], placements)
    told["keys"] = [
        {"id": key.key_id, "kind": key.kind, "shown": key.shown, "works": key.revoked_at is None}
        for key in keys
    ]
    return [told] if asked.json else [{"name": name, "value": told[name]} for name in told]


async def _key(asked: argparse.Namespace, database: Database, clock: Clock) -> Rows:
    kind = commands.PublisherKeyKind.TEST if asked.test else commands.PublisherKeyKind.LIVE
    async with database.writing() as tx:
        made = await commands.create_publisher_key(tx, asked.publisher, kind=kind, clock=clock)
    return [{"id": made.key_id, "kind": kind.value, "key": made.secret}]


async def _revoke(asked: argparse.Namespace, database: Database, clock: Clock) -> Rows:
    async with database.writing() as tx:
        await commands.revoke_publisher_key(tx, asked.key, clock=clock)
    return [{"id": asked.key, "revoked": True}]


async def _block(asked: argparse.Namespace, database: Database, _clock: Clock) -> Rows:
    told = {"categories": asked.category, "domains": asked.domain, "advertisers": asked.advertiser}
    async with database.writing() as tx:
        await commands.set_blocks(tx, asked.publisher, blocks_in(told))
    return [{"id": asked.publisher, **told}]


async def _place(asked: argparse.Namespace, database: Database, clock: Clock) -> Rows:
    told = {
        "floor_micros": asked.floor,
        "min_relevance": asked.min_relevance,
        "ads_per_session": asked.ads_per_session,
    }
    if asked.format:
        told["formats"] = asked.format
    async with database.writing() as tx:
        await commands.put_placement(
            tx, asked.publisher, placement(asked.placement, told), clock=clock
        )
    return [{"id": asked.publisher, "placement": asked.placement}]


async def _remove(asked: argparse.Namespace, database: Database, _clock: Clock) -> Rows:
    async with database.writing() as tx:
        await commands.remove_placement(tx, asked.publisher, asked.placement)
    return [{"id": asked.publisher, "placement": asked.placement, "removed": True}]


async def _complaints(asked: argparse.Namespace, database: Database, clock: Clock) -> Rows:
    async with database.reading() as session:
        since = clock.now() - timedelta(days=asked.days)
        found = await most_complained(session, since=since)
    return [
        {
            "creative": one.creative_id,
            "advertiser": one.advertiser_id,
            "complaints": one.complaints,
            "latest": one.latest.isoformat(timespec="seconds"),
        }
        for one in found
    ]

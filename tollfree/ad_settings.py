"""``tollfree ad-settings show | set``: what an app or a key says about ads, from the command line.

    tollfree ad-settings set app_… allowed_formats=unit,mention may_turn_off=true
    tollfree ad-settings set key_… formats=mention,unit min_relevance=0.5 delivery=null

An app's settings hold for all its keys, and its policy binds keys and requests; a key's are defaults
within it. A change holds in every server within seconds.
"""

import argparse
import asyncio
import json
import sys
from typing import Any, Final

from api.access import ad_choices
from api.access.ad_choices import Chosen
from api.access.ad_settings import told_of
from api.access.key_book import KeyBook
from kernel.clock import SystemClock
from kernel.database import Database
from kernel.errors import BadRequest
from tollfree.foundations import shared_state_at
from tollfree.migrate import explained
from tollfree.settings import StoreSettings, store_settings

_LISTS: Final = frozenset(
    {"formats", "allowed_formats", "blocked_categories", "blocked_domains", "blocked_advertisers"}
)


def run(asked: argparse.Namespace) -> int:
    """Do what was asked; returns the exit code."""
    settings = store_settings(asked.data)
    chosen = asyncio.run(_act(asked, settings))
    told = {"app": chosen.app_id, "settings": told_of(chosen.settings), "own": chosen.own}
    if asked.json:
        sys.stdout.write(json.dumps(told) + "\n")
        return 0
    for name, value in told_of(chosen.settings).items():
        shown = ", ".join(value) if isinstance(value, list) else json.dumps(value).strip('"')
        mark = "  (this key's own)" if asked.id.startswith("key_") and name in chosen.own else ""
        sys.stdout.write(f"{name:20} {shown or '-'}{mark}\n")
    return 0


async def _act(asked: argparse.Namespace, settings: StoreSettings) -> Chosen:
    database = Database(settings.database())
    is_key = asked.id.startswith("key_")
    try:
        with explained():
            if asked.action == "show":
                look = ad_choices.of_key if is_key else ad_choices.of_app
                async with database.reading() as session:
                    return await look(session, asked.id)
            given = dict(map(_pair, asked.values))
            change = ad_choices.change_key if is_key else ad_choices.change_app
            async with database.writing() as tx:
                chosen = await change(tx, asked.id, given)
            await _forget(settings, database, chosen)
            return chosen
    finally:
        await database.close()


async def _forget(settings: StoreSettings, database: Database, chosen: Chosen) -> None:
    clock = SystemClock()
    state = shared_state_at(settings.shared_state(), clock)
    book = KeyBook(database, clock, state)
    for digest in chosen.digests:
        await book.forget(digest)
    await state.close()


def _pair(told: str) -> tuple[str, Any]:
    """``min_relevance=0.5`` as a name and a value; lists are parted by commas."""
    name, sign, text = told.partition("=")
    if not sign:
        raise BadRequest(f"{told} is no setting. Write name=value, as in may_turn_off=true.")
    if text == "null":
        return name, None
    if name in _LISTS:
        return name, [part.strip() for part in text.split(",") if part.strip()]
    try:
        return name, json.loads(text)
    except ValueError:
        return name, text

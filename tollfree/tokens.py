"""``tollfree tokens …``: the tokens with which an advertiser's programs act, from the command line.

create ADVERTISER [--role conversions] [--name NAME] [--days N]     printed once
list ADVERTISER | revoke ADVERTISER TOKEN

With the role ``conversions`` a shop's server reports conversions and can do nothing else. A token
belongs to the advertiser's organisation and is made in the name of its first owner.
"""

import argparse
import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from typing import Any

from adserver.catalog.queries import organisation_of
from kernel.clock import Clock, SystemClock
from kernel.database import Database, ReadSession
from kernel.errors import BadRequest, NotFound
from tollfree.migrate import explained
from tollfree.settings import store_settings
from web import audit
from web.access_tokens import create_token, revoke_token, tokens_of
from web.members import members_of
from web.roles import Role, TokenRole

Rows = list[dict[str, Any]]
Act = Callable[[argparse.Namespace, Database, Clock], Awaitable[Rows]]


def run(asked: argparse.Namespace) -> int:
    """Do what was asked; returns the exit code."""
    rows = asyncio.run(_act(asked))
    if asked.json:
        sys.stdout.write(json.dumps(rows if asked.action == "list" else rows[0]) + "\n")
        return 0
    for row in rows:
        sys.stdout.write("  ".join(str(value or "") for value in row.values()).rstrip() + "\n")
    if asked.action == "create":
        sys.stderr.write("Keep the token now: it is not shown again.\n")
    elif not rows:
        sys.stderr.write(
            "There are no tokens yet. Make one with: tollfree tokens create ADVERTISER\n"
        )
    return 0


async def _act(asked: argparse.Namespace) -> Rows:
    acts: dict[str, Act] = {"create": _create, "list": _list, "revoke": _revoke}
    database = Database(store_settings(asked.data).database())
    try:
        with explained():
            return await acts[asked.action](asked, database, SystemClock())
    finally:
        await database.close()


async def _create(asked: argparse.Namespace, database: Database, clock: Clock) -> Rows:
    async with database.reading() as session:
        organisation = await _organisation(session, asked.advertiser)
        members = await members_of(session, organisation)
    owner = next((one.person_id for one in members if one.role is Role.OWNER), None)
    if owner is None:
        raise BadRequest("This advertiser has no owner yet. Let somebody sign up for it first.")
    async with database.writing() as tx:
        made = await create_token(
            tx,
            organisation_id=organisation,
            name=asked.name,
            role=TokenRole(asked.role),
            created_by=owner,
            days=asked.days,
            clock=clock,
        )
        after = {"name": made.token.name, "role": made.token.role.value, "by": "operator"}
        await audit.record(
            tx, action="token.created", subject=made.token.token_id, clock=clock, after=after
        )
    return [{"id": made.token.token_id, "role": made.token.role.value, "token": made.secret}]


async def _list(asked: argparse.Namespace, database: Database, _clock: Clock) -> Rows:
    async with database.reading() as session:
        found = await tokens_of(session, await _organisation(session, asked.advertiser))
    return [
        {
            "id": one.token_id,
            "name": one.name,
            "role": one.role.value,
            "shown": f"{one.shown}…",
            "expires_at": one.expires_at and one.expires_at.isoformat(timespec="seconds"),
        }
        for one in found
    ]


async def _revoke(asked: argparse.Namespace, database: Database, clock: Clock) -> Rows:
    async with database.reading() as session:
        organisation = await _organisation(session, asked.advertiser)
    async with database.writing() as tx:
        await revoke_token(tx, organisation, asked.token, clock=clock)
        after = {"by": "operator"}
        await audit.record(
            tx, action="token.revoked", subject=asked.token, clock=clock, after=after
        )
    return [{"id": asked.token, "revoked": True}]


async def _organisation(session: ReadSession, advertiser_id: str) -> str:
    found = await organisation_of(session, advertiser_id)
    if found is None:
        raise NotFound(f"There is no advertiser {advertiser_id}.")
    return found

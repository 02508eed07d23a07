"""A creation that is sent twice makes one thing.

With an Idempotency-Key the answer is kept for a day, in the transaction that made the thing; the same
key with the same body gets that answer again, with another body a refusal. Answers hold what the
organisation typed itself, never a secret.
"""

import hashlib
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any, Final

import orjson
import sqlalchemy as sa
from fastapi import Request
from fastapi.responses import Response

from advertiser_portal.api.door import Caller
from advertiser_portal.tables import ApiAnswerRow
from kernel.database import WriteSession, insert_into
from kernel.errors import BadRequest, Conflict
from web.front_desk import FrontDesk

KEPT_FOR: Final = timedelta(days=1)
_LONGEST: Final = 200

Make = Callable[[WriteSession], Awaitable[dict[str, Any]]]


class KeyReused(Conflict):
    """The same key came with another request."""

    code, status = "idempotency_key_reused", 422


async def created_once(front: FrontDesk, request: Request, caller: Caller, make: Make) -> Response:
    """What `make` makes, as a 201; the kept answer where the key is known already."""
    given = request.headers.get("idempotency-key")
    if given is None:
        async with front.database.writing() as tx:
            return _answer(201, await make(tx))
    if not 1 <= len(given) <= _LONGEST:
        raise BadRequest(f"An Idempotency-Key has 1 to {_LONGEST} characters.")
    key = hashlib.sha256(given.encode()).hexdigest()
    asked = await _digest(request)
    async with front.database.writing() as tx:
        await _forget_old(tx, front)
        # The row is written before the thing is made: of two requests at once, one waits here
        # and then finds the other's answer.
        if not await _reserved(tx, caller, key, asked, front):
            return await _kept(tx, caller, key, asked)
        body = await make(tx)
        row = await tx.get_one(ApiAnswerRow, (caller.organisation_id, key))
        row.status, row.body = 201, body
        return _answer(201, body)


async def _reserved(
    tx: WriteSession, caller: Caller, key: str, asked: str, front: FrontDesk
) -> bool:
    written = await tx.execute(
        insert_into(tx, ApiAnswerRow)
        .values(
            organisation_id=caller.organisation_id,
            key=key,
            request=asked,
            status=201,
            body={},
            created_at=front.clock.now(),
        )
        .on_conflict_do_nothing()
        .returning(ApiAnswerRow.key)
    )
    return written.first() is not None


async def _kept(tx: WriteSession, caller: Caller, key: str, asked: str) -> Response:
    row = await tx.get_one(ApiAnswerRow, (caller.organisation_id, key))
    if row.request != asked:
        raise KeyReused("This Idempotency-Key was used with another request. Use a new one.")
    return _answer(row.status, row.body, replayed=True)


async def _forget_old(tx: WriteSession, front: FrontDesk) -> None:
    await tx.execute(
        sa.delete(ApiAnswerRow).where(ApiAnswerRow.created_at < front.clock.now() - KEPT_FOR)
    )


async def _digest(request: Request) -> str:
    body = await request.body()
    return hashlib.sha256(f"{request.method} {request.url.path}\n".encode() + body).hexdigest()


def _answer(status: int, body: dict[str, Any], *, replayed: bool = False) -> Response:
    headers = {"idempotent-replayed": "true"} if replayed else {}
    return Response(orjson.dumps(body), status, headers, media_type="application/json")

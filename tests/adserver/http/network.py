"""The ad server's web side over a `World`, in process."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
from fastapi import FastAPI

from adserver.catalog.commands import create_publisher, open_publisher_zero
from adserver.catalog.publisher import Publisher
from adserver.catalog.publisher_commands import PREFIX
from adserver.events.clicks import ClickDesk
from adserver.http import clicks, decisions, publishers, why
from kernel.http import install_error_handlers
from kernel.secret_keys import new_key
from tests.adserver.decision.world import PUBLIC_URL, World


def application(world: World) -> FastAPI:
    app = FastAPI()
    install_error_handlers(app)
    app.include_router(decisions.routes(world.engine, world.database))
    app.include_router(clicks.routes(ClickDesk(world.database, world.tokens, world.clock)))
    app.include_router(publishers.routes(world.database, world.clock))
    app.include_router(why.routes(why.WhyDesk(world.database, world.clock, world.hidden)))
    return app


@asynccontextmanager
async def caller(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url=PUBLIC_URL) as client:
        yield client


async def a_publisher(world: World, name: str = "Paperplane Chat") -> tuple[Publisher, str]:
    """A publisher and its key."""
    secret, digest = new_key(PREFIX)
    async with world.database.writing() as tx:
        await open_publisher_zero(tx, clock=world.clock)
        made = await create_publisher(tx, name=name, key_digest=digest, clock=world.clock)
    return made, secret

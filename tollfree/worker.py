"""``tollfree worker``: what follows up on requests, in a process of its own.

Settles the ledger each second, delivers the outbox and acts on what Stripe told us. Needs PostgreSQL: on SQLite the one process
that serves does this itself, and a second one would only wait for its locks.
"""

import argparse
import asyncio
import contextlib
import signal
from pathlib import Path

from kernel.clock import SystemClock
from kernel.database import Database
from kernel.egress import Egress
from kernel.errors import SettingsInvalid
from kernel.telemetry import configure_logging, logger
from tollfree import migrations
from tollfree.billing_letters import letters_by
from tollfree.crew import Crew, every
from tollfree.follow_ups import start_follow_ups
from tollfree.migrate import explained
from tollfree.portal_side import portal_plan
from tollfree.settings import ServeSettings, serve_settings
from tollfree.till_side import start_work, working_till
from tollfree.upkeep import start_upkeep

_log = logger(__name__)


def run(asked: argparse.Namespace) -> int:
    """Work until a signal; returns the exit code."""
    settings = serve_settings(asked.data)
    if settings.database().startswith("sqlite"):
        raise SettingsInvalid(
            "On SQLite the serving process does the worker's part itself. Set DATABASE_URL to a "
            "PostgreSQL database to run workers, or just run tollfree serve.",
            param="DATABASE_URL",
        )
    configure_logging(level=settings.log_level)
    asyncio.run(_work(settings, asked.heartbeat))
    return 0


async def _work(settings: ServeSettings, heartbeat: str | None) -> None:
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    database, crew = Database(settings.database()), Crew()
    till = working_till(settings, database, SystemClock())
    try:
        with explained():
            await migrations.require_newest(database)
        post = portal_plan(settings).post
        letters = letters_by(post, settings.public_url or "") if post else {}
        start_follow_ups(database, SystemClock(), crew, letters)
        start_upkeep(database, SystemClock(), crew, Egress())
        if till is not None:
            start_work(crew, till, compare=True)
        if heartbeat is not None:
            crew.start("heartbeat", lambda: _beat(database, Path(heartbeat)))
        _log.info("worker_started")
        await stopped.wait()
    finally:
        await crew.stop()
        if till is not None:
            await till.gateway.close()
        await database.close()


async def _beat(database: Database, file: Path) -> None:
    """Touch the file as long as the database answers: a worker without one does no work."""

    async def beat() -> None:
        with contextlib.suppress(OSError):
            await database.ping()
            await asyncio.to_thread(file.touch)

    await every(1.0, beat)

"""The checks of `doctor` that look around the installation: disk, clock, keys, webhooks, the books.

Each opens what it needs and closes it again, changes nothing, and prints no secret. Where the
database is not ready its own check says so, and these have nothing to add.
"""

import shutil
import stat
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import urlsplit

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from advertiser_portal.billing.events import dead_events
from api.solvency.forecast import FloorForecast
from api.tables import Completion
from kernel.clock import SystemClock
from kernel.database import Database
from kernel.errors import SettingsInvalid
from kernel.outbox import OutboxJob
from ledger.tables import LedgerEntry
from ledger.verify import verify
from tollfree import migrations
from tollfree.examinations import has_file
from tollfree.finding import Finding, fine
from tollfree.migrate import explained
from tollfree.settings import ServeSettings, signing_keys_from

_GIGABYTE: Final = 1024**3
_LITTLE: Final = 2 * _GIGABYTE
_TOO_LITTLE: Final = _GIGABYTE // 4
_MOST_DRIFT: Final = timedelta(seconds=5)
_MOST_ENTRIES: Final = 200_000
_OVERDUE: Final = timedelta(minutes=5)
_NOTHING: Final = fine("not looked at: the database is not ready")


async def disk(settings: ServeSettings) -> Finding:
    """Room for the database and what is kept beside it."""
    folder = settings.data if settings.data.is_dir() else settings.data.resolve().parent
    while not folder.is_dir():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    says = f"{free / _GIGABYTE:.1f} GB free beside the data"
    if free < _TOO_LITTLE:
        return Finding("problem", f"{says}: charges will fail to be written", "free some space")
    if free < _LITTLE:
        return Finding("warning", says, "free some space")
    return fine(says)


async def clock(settings: ServeSettings) -> Finding:
    """Whether our clock agrees with the database's, and never ran ahead."""
    async with _session(settings) as session:
        if session is None:
            return _NOTHING
        now = SystemClock().now()
        if session.get_bind().dialect.name == "postgresql":
            theirs: datetime = (
                await session.execute(sa.select(sa.func.clock_timestamp()))
            ).scalar_one()
            drift = abs(theirs.astimezone(UTC) - now)
            if drift > _MOST_DRIFT:
                says = f"it is {drift.total_seconds():.0f} s away from the database's"
                return Finding("problem", says, "set this machine's clock by NTP")
        newest = await session.scalar(sa.select(sa.func.max(Completion.at)))
    if newest is not None and newest - now > timedelta(minutes=1):
        says = "there are calls from the future: the clock was set back, or ran ahead"
        return Finding("warning", says, "set this machine's clock by NTP")
    return fine(f"{now:%Y-%m-%d %H:%M} UTC, as the database has it")


async def signing_keys(settings: ServeSettings) -> Finding:
    """Whether links that were given out can be made and checked, and who may read the keys."""
    secrets = settings.data / "secrets.json"
    if settings.signing_keys is not None and settings.signing_keys.get_secret_value():
        try:
            ring = signing_keys_from(settings.signing_keys.get_secret_value())
        except SettingsInvalid as error:
            return Finding(
                "problem", error.message, "TOLLFREE_SIGNING_KEYS=1:$(openssl rand -hex 32)"
            )
        return fine(f"key {ring.current} signs, of {len(ring.keys)}")
    if not secrets.is_file():
        mend = "TOLLFREE_SIGNING_KEYS=1:$(openssl rand -hex 32)"
        return Finding("warning", "none is set: serve will not start, demo makes its own", mend)
    if stat.S_IMODE(secrets.stat().st_mode) & 0o077:
        return Finding("problem", "others can read secrets.json", f"chmod 600 {secrets}")
    return fine("the demo's own, readable by nobody else")


async def webhooks(settings: ServeSettings) -> Finding:
    """Whether Stripe can tell us something, and whether anything it told was given up."""
    try:
        keys = settings.stripe()
    except SettingsInvalid as error:
        return Finding("problem", error.message, "see docs/settings.md")
    async with _session(settings) as session:
        given_up = 0 if session is None else len(await dead_events(session))
    if given_up:
        says = f"{given_up} events of Stripe were given up"
        return Finding("problem", says, "tollfree billing events --again")
    if keys is None:
        return fine("no till is set")
    address = urlsplit(settings.public_url or "")
    if address.scheme != "https" or address.hostname in {"localhost", "127.0.0.1"}:
        says = "Stripe cannot reach TOLLFREE_PUBLIC_URL, which must be https"
        return Finding("problem", says, "set TOLLFREE_PUBLIC_URL")
    return fine(f"expected at {settings.public_url}/hooks/stripe, {len(keys[1])} secret(s)")


async def worker(settings: ServeSettings) -> Finding:
    """Whether what follows up on requests is being done."""
    async with _session(settings) as session:
        if session is None:
            return _NOTHING
        dead = await session.scalar(_jobs().where(OutboxJob.dead_at.is_not(None)))
        late = await session.scalar(
            _jobs().where(
                OutboxJob.dead_at.is_(None),
                OutboxJob.run_after < SystemClock().now() - _OVERDUE,
            )
        )
    if dead:
        return Finding("problem", f"{dead} jobs were given up", "look at outbox_job.last_error")
    if late:
        return Finding("warning", f"{late} jobs wait for more than five minutes", "tollfree worker")
    return fine("nothing waits")


async def books(settings: ServeSettings) -> Finding:
    """Whether the ledger agrees with itself; a long one is left to its own command."""
    async with _session(settings) as session:
        if session is None:
            return _NOTHING
        entries = await session.scalar(sa.select(sa.func.count()).select_from(LedgerEntry)) or 0
        if entries > _MOST_ENTRIES:
            return fine(f"{entries:,} entries; tollfree ledger verify checks them")
        violations = await verify(session)
    if violations:
        says = f"{len(violations)} rules of the ledger are broken"
        return Finding("problem", says, "tollfree ledger verify")
    return fine(f"{entries:,} entries, every rule holds")


async def reserve(settings: ServeSettings) -> Finding:
    """What an answer is taken to earn until money posts, beside what it may cost."""
    try:
        decisions, (per_day, answer_cost) = settings.decisions(), settings.spend()
    except SettingsInvalid as error:
        return Finding("problem", error.message, "see docs/settings.md")
    earned = FloorForecast(decisions.reserve).of_one_answer
    return fine(
        f"an answer is taken to earn {earned.text(decimals=4)} until money posts, and may cost "
        f"{answer_cost.text(decimals=4)}, all of a day {per_day.text()}"
    )


def _jobs() -> "sa.Select[Any]":
    return sa.select(sa.func.count()).where(OutboxJob.done_at.is_(None))


@asynccontextmanager
async def _session(settings: ServeSettings) -> AsyncIterator[AsyncSession | None]:
    """A reading session on a database of the newest schema; None where there is none."""
    if not has_file(settings):
        yield None
        return
    database = Database(settings.database())
    try:
        if await _is_ready(database):
            async with database.reading() as session:
                yield session
        else:
            yield None
    finally:
        await database.close()


async def _is_ready(database: Database) -> bool:
    try:
        with explained():
            return await migrations.current(database) == migrations.newest()
    except SettingsInvalid:
        return False

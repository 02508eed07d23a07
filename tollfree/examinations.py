"""The checks of `doctor`, one function each, in the order in which they are printed."""

import asyncio
import platform
import time
from collections.abc import Awaitable, Callable, Mapping
from importlib import metadata
from typing import Final

from kernel.clock import SystemClock
from kernel.database import Database
from kernel.errors import SettingsInvalid, TollfreeError, Unavailable
from kernel.settings import read_settings
from tollfree import migrations, ports
from tollfree.finding import Finding, fine
from tollfree.foundations import shared_state_at
from tollfree.migrate import explained
from tollfree.settings import ServeSettings, sqlite_in
from tollfree.upstreams import ProviderKeys, configured, found_in

_SLOW_MS: Final = 25.0
_SENTENCE: Final = (
    "Which running shoes are good for flat feet when I run on asphalt four times a week?"
)


async def versions(_settings: ServeSettings) -> Finding:
    """Python, and whether the locked packages are the installed ones."""
    python = platform.python_version()
    lock = migrations.ROOT / "constraints.txt"
    if not lock.is_file():
        return fine(f"Python {python}")
    differ = [name for name, wanted in _locked(lock.read_text("utf-8")) if _has_other(name, wanted)]
    if differ:
        shown = ", ".join(differ[:3])
        return Finding("warning", f"Python {python}; not as locked: {shown}", "make install")
    return fine(f"Python {python}, Tollfree {metadata.version('tollfree')}, packages as locked")


async def port(settings: ServeSettings) -> Finding:
    """Whether the port can be had."""
    try:
        ports.listen(settings.host, settings.port).close()
    except SettingsInvalid as error:
        return Finding("warning", error.message, "tollfree serve --port 8788")
    return fine(f"{settings.host}:{settings.port} is free")


async def database(settings: ServeSettings) -> Finding:
    """Whether the database answers and is at the newest schema."""
    url = settings.database()
    kind = "SQLite" if url.startswith("sqlite") else "PostgreSQL"
    if url == sqlite_in(settings.data) and not (settings.data / "tollfree.db").is_file():
        return Finding("warning", f"{kind}: there is no database yet", "tollfree migrate")
    opened = Database(url)
    try:
        with explained():
            revision = await migrations.current(opened)
    except SettingsInvalid as error:
        return Finding("problem", error.message, "check DATABASE_URL")
    finally:
        await opened.close()
    newest = migrations.newest()
    if revision != newest:
        says = f"{kind} at {revision or 'no schema'}, this version needs {newest}"
        return Finding("problem", says, "tollfree migrate")
    return fine(f"{kind}, schema {newest}")


async def shared_state(settings: ServeSettings) -> Finding:
    """Whether Redis or Valkey answers, where one is set."""
    url = settings.shared_state()
    if url is None:
        return fine("in this process (set REDIS_URL when there are several)")
    state = shared_state_at(url, SystemClock())
    try:
        await state.ping()
    except Unavailable:
        return Finding("problem", "REDIS_URL is set, but nothing answers there", "check REDIS_URL")
    finally:
        await state.close()
    return fine("Redis or Valkey answers")


async def embedder(settings: ServeSettings) -> Finding:
    """Whether the exported model is there, and how fast it is here."""
    from language.embedder import load_embedder
    from language.model_files import ModelUnusable

    mend = "tollfree models build"
    try:
        loaded = await asyncio.to_thread(load_embedder, settings.model_folder)
    except ModelUnusable as problem:
        return Finding("warning", f"{problem} Ads are matched by shared words meanwhile.", mend)
    loaded.embed(_SENTENCE)
    started = time.perf_counter()
    for _ in range(5):
        loaded.embed(_SENTENCE)
    took_ms = (time.perf_counter() - started) * 200
    says = f"{loaded.model_id}, {took_ms:.1f} ms for a sentence"
    if took_ms > _SLOW_MS:
        return Finding("warning", f"{says}; decisions may miss their 30 ms", "use a faster machine")
    return fine(says)


async def upstream(settings: ServeSettings) -> Finding:
    """Who would answer."""
    try:
        found = configured(settings) or await found_in(read_settings(ProviderKeys), SystemClock())
    except TollfreeError as error:
        return Finding("problem", error.message, "see docs/settings.md")
    await found.routing.close()
    if found.passed_over:
        return Finding("warning", f"{found.says}; {'; '.join(found.passed_over)}", "check its key")
    if found.kind == "demo":
        return Finding("warning", found.says, "set TOLLFREE_UPSTREAM_URL or a provider's key")
    return fine(found.says)


EXAMINATIONS: Final[Mapping[str, Callable[[ServeSettings], Awaitable[Finding]]]] = {
    "versions": versions,
    "port": port,
    "database": database,
    "shared state": shared_state,
    "embedder": embedder,
    "upstream": upstream,
}


def _locked(text: str) -> list[tuple[str, str]]:
    """The packages that serving needs, by the lock."""
    serving = text.partition("# group: serve")[2].partition("# group:")[0]
    pairs = [line.partition("==") for line in serving.splitlines() if "==" in line]
    return [(name, version) for name, _, version in pairs]


def _has_other(name: str, wanted: str) -> bool:
    try:
        return metadata.version(name).partition("+")[0] != wanted
    except metadata.PackageNotFoundError:
        return True

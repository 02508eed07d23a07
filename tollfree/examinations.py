"""The checks of `doctor` that look at what serving needs, one function each."""

import asyncio
import platform
import time
from importlib import metadata
from typing import Final

from api.upstream.relay import RelayUpstream
from api.upstream.routing import Routing
from kernel.clock import SystemClock
from kernel.database import Database
from kernel.errors import SettingsInvalid, TollfreeError, Unavailable, UpstreamFailed
from kernel.settings import read_settings
from tollfree import migrations, ports
from tollfree.finding import Finding, fine
from tollfree.foundations import shared_state_at
from tollfree.migrate import explained
from tollfree.settings import ServeSettings, sqlite_in
from tollfree.upstreams import ProviderKeys, configured, found_in

_SLOW_MS: Final = 25.0
_UPSTREAM_SECONDS: Final = 5.0
_REFUSED_US: Final = "upstream_refused_us"
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
    if not has_file(settings):
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


def has_file(settings: ServeSettings) -> bool:
    """Whether the database is there, as far as a file can say it."""
    own = settings.database() == sqlite_in(settings.data)
    return not own or (settings.data / "tollfree.db").is_file()


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
    says = f"{loaded.model_id}, files as exported, {took_ms:.1f} ms for a sentence"
    if took_ms > _SLOW_MS:
        return Finding("warning", f"{says}; decisions may miss their 30 ms", "use a faster machine")
    return fine(says)


async def upstream(settings: ServeSettings) -> Finding:
    """Who would answer, and whether they can be reached."""
    try:
        found = configured(settings) or await found_in(read_settings(ProviderKeys), SystemClock())
    except TollfreeError as error:
        return Finding("problem", error.message, "see docs/settings.md")
    silent = await _silent(found.routing)
    await found.routing.close()
    if silent:
        says = f"{found.says}; not reached: {', '.join(silent)}"
        return Finding("problem", says, "check its address, its key, and the way out of here")
    if found.passed_over:
        return Finding("warning", f"{found.says}; {'; '.join(found.passed_over)}", "check its key")
    if found.kind == "demo":
        return Finding("warning", found.says, "set TOLLFREE_UPSTREAM_URL or a provider's key")
    return fine(found.says)


async def _silent(routing: Routing) -> list[str]:
    """The names of upstreams that do not answer; one that only refuses to list models does."""
    asked = {
        leg.upstream.name: leg.upstream
        for alias in routing.aliases()
        for leg in alias.legs
        if isinstance(leg.upstream, RelayUpstream)
    }
    answers = await asyncio.gather(*map(_answers, asked.values()))
    return [name for name, answered in zip(asked, answers, strict=True) if not answered]


async def _answers(upstream: RelayUpstream) -> bool:
    try:
        async with asyncio.timeout(_UPSTREAM_SECONDS):
            await upstream.models()
    except TimeoutError:
        return False
    except UpstreamFailed as failed:
        return failed.code not in {"upstream_unreachable", "upstream_timeout", _REFUSED_US}
    return True


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

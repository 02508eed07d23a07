"""The operator's file of upstreams, followed while the server runs.

A changed file takes effect within seconds: answers under way end on the upstreams they began with,
and upstreams whose settings did not change keep their connections. A file that became wrong is
logged and the last good one stays in use.
"""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Final

from api.upstream.litellm_upstream import LitellmUpstream
from api.upstream.plan_file import AnySettings, AnyUpstream, aliases_of, read_plan
from api.upstream.relay import RelayUpstream
from api.upstream.routing import ModelAlias, Routing
from kernel.errors import SettingsInvalid
from kernel.telemetry import logger

_LOOK_SECONDS: Final = 2.0
_LET_GO_SECONDS: Final = 900.0

_log = logger(__name__)


class UpstreamFile:
    """``UpstreamFile(path, key_of)``: `routing` is made from the file, `follow` keeps it so."""

    def __init__(self, path: Path, key_of: Callable[[str], str | None]) -> None:
        self._path, self._key_of = path, key_of
        self._upstreams: dict[AnySettings, AnyUpstream] = {}
        self._leaving: set[asyncio.Task[None]] = set()
        self._seen = self._looks()
        self.routing = Routing(self._read())

    def reload(self) -> bool:
        """Take a changed file into use; whether it did. A wrong one changes nothing."""
        looks = self._looks()
        if looks == self._seen:
            return False
        self._seen = looks
        before = set(self._upstreams.values())
        try:
            self.routing.take(self._read())
        except SettingsInvalid as problem:
            _log.error("upstreams_unusable", reason=type(problem).__name__)
            return False
        for upstream in before - set(self._upstreams.values()):
            task = asyncio.get_running_loop().create_task(_let_go(upstream))
            self._leaving.add(task)
            task.add_done_callback(self._leaving.discard)
        _log.info("upstreams_reloaded", count=len(self.routing.models()))
        return True

    async def follow(self, *, every_seconds: float = _LOOK_SECONDS) -> None:
        """Look at the file again and again, until cancelled."""
        try:
            while True:
                await asyncio.sleep(every_seconds)
                self.reload()
        finally:
            for task in self._leaving:
                task.cancel()

    def _read(self) -> list[ModelAlias]:
        try:
            text = self._path.read_text("utf-8")
        except (OSError, UnicodeDecodeError):
            raise SettingsInvalid(
                "The file that TOLLFREE_UPSTREAMS names cannot be read.", param="TOLLFREE_UPSTREAMS"
            ) from None
        aliases = aliases_of(read_plan(text, self._key_of), self._upstreams)
        legs = [leg.upstream for alias in aliases for leg in alias.legs]
        self._upstreams = {
            leg.settings: leg for leg in legs if isinstance(leg, RelayUpstream | LitellmUpstream)
        }
        return aliases

    def _looks(self) -> tuple[int, int] | None:
        try:
            found = self._path.stat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_size


async def _let_go(upstream: AnyUpstream) -> None:
    """Close an upstream that is no longer named, when the last answer on it must be over."""
    try:
        await asyncio.sleep(_LET_GO_SECONDS)
    finally:
        await upstream.close()

"""Serve an application on the loopback, and watch a page for what it should not do."""

import asyncio
import shutil
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import uvicorn
from playwright.async_api import ConsoleMessage, Page, Request

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = (
    "--no-sandbox --disable-gpu --disable-background-networking --disable-component-update "
    "--disable-sync --no-first-run"
).split()
# Chromium writes a line of its own for every answer that is an error, also for a refused form.
_OWN_LINES = (
    "the server responded with a status of 422",
    "the server responded with a status of 404",
    "the server responded with a status of 403",
)


@dataclass
class Watched:
    """A page, and what it should not have done."""

    page: Page
    home: str
    complaints: list[str] = field(default_factory=list)

    def watch(self) -> None:
        self.page.on("console", self._heard)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", self._sent)

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not any(
            own in message.text for own in _OWN_LINES
        ):
            self.complaints.append(f"{self.page.url}: {message.text}")

    def _sent(self, request: Request) -> None:
        if not request.url.startswith((self.home, "data:")):
            self.complaints.append(f"asked another place: {request.url}")


@asynccontextmanager
async def served(build: Callable[[str], Any], *, host: str = "127.0.0.1") -> AsyncIterator[str]:
    """A server with the application that `build` makes for its address."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        address = f"http://{host}:{listening.getsockname()[1]}"
        config = uvicorn.Config(build(address), log_level="warning", lifespan="off", ws="none")
        server = uvicorn.Server(config)
        serving = asyncio.create_task(server.serve(sockets=[listening]))
        while not server.started:  # noqa: ASYNC110  uvicorn offers no event to wait for
            await asyncio.sleep(0.02)
        yield address
        server.should_exit = True
        await serving

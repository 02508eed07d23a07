"""Run the server from an open socket to a clean end.

    socket listens → doorway answers → the road is built beside it → doorway opens → … → signal
                   → 1 s for open streams → told to end → what is unwritten is written → exit

A signal ends the program within six seconds, however many streams are open. The signal is used up
here, so that stopping on purpose is no error.
"""

import asyncio
import contextlib
import gc
import signal
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Protocol, TypeVar

import uvicorn

from tollfree.doorway import App, Doorway
from tollfree.patience import PatientProtocol

_GRACE_SECONDS = 3
_PATIENCE_SECONDS = 1
# Requests leave little garbage in cycles; looking for it as often as by default costs a tenth.
_COLLECT_AFTER = (10_000, 20, 50)
_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Running(Protocol):
    """What `opened` gives: an application, and the means to end what it is still answering."""

    @property
    def app(self) -> App: ...

    def shut_down(self) -> None: ...


Built = TypeVar("Built", bound=Running)
Opened = Callable[[], AbstractAsyncContextManager[Built]]
WhenReady = Callable[[Built], Awaitable[None]]


def run(
    listener: socket.socket,
    opened: Opened[Built],
    *,
    when_ready: WhenReady[Built] | None = None,
) -> None:
    """Serve what `opened` builds on `listener`, until a signal. Errors of `opened` are raised."""
    with asyncio.Runner(loop_factory=_loop) as runner, _signals_used_up():
        runner.run(_serve(listener, opened, when_ready))


class _Server(uvicorn.Server):
    """uvicorn's, with a moment for open answers before they are told to end."""

    running: Running | None = None

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        if self.running is not None:
            asyncio.get_running_loop().call_later(_PATIENCE_SECONDS, self.running.shut_down)
        await super().shutdown(sockets)


async def _serve(
    listener: socket.socket, opened: Opened[Built], when_ready: WhenReady[Built] | None
) -> None:
    doorway = Doorway()
    server = _Server(_config(doorway))
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        async with _unless_over(opened(), serving) as running:
            if running is not None:
                server.running = running
                _leave_alone_what_stays()
                doorway.open(running.app)
                announcing = asyncio.create_task(_announce(when_ready, running))
                await serving
                announcing.cancel()
                await asyncio.gather(announcing, return_exceptions=True)
    finally:
        server.should_exit = True
        await serving


def _leave_alone_what_stays() -> None:
    """Spare the collector what lives as long as the process: modules, schemas, snapshots."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_COLLECT_AFTER)


def _config(doorway: Doorway) -> uvicorn.Config:
    return uvicorn.Config(
        doorway,
        log_config=None,
        log_level="critical",
        access_log=False,
        lifespan="off",
        server_header=False,
        date_header=False,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=_GRACE_SECONDS,
        ws="none",
        http=PatientProtocol,
    )


@asynccontextmanager
async def _unless_over(
    opening: AbstractAsyncContextManager[Built], serving: "asyncio.Task[None]"
) -> AsyncIterator[Built | None]:
    """Enter `opening`, or give None when the server was told to stop before it was open."""
    entering = asyncio.create_task(opening.__aenter__())
    await asyncio.wait({entering, serving}, return_when=asyncio.FIRST_COMPLETED)
    if not entering.done():
        entering.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await entering
        yield None
        return
    try:
        yield entering.result()
    finally:
        await opening.__aexit__(None, None, None)


async def _announce(when_ready: WhenReady[Built] | None, running: Built) -> None:
    if when_ready is not None:
        await when_ready(running)


@contextlib.contextmanager
def _signals_used_up() -> Iterator[None]:
    # uvicorn raises the signals that it caught once more when it is done; they end here.
    before = {number: signal.signal(number, lambda *_: None) for number in _SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _loop() -> asyncio.AbstractEventLoop:
    try:
        import uvloop
    except ImportError:
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()

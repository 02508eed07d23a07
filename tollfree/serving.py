"""Run the server from an open socket to a clean end.

    socket listens → doorway answers → the road is built beside it → doorway opens → … → signal
                   → 3 s for open streams → their end → what is unwritten is written → exit

A signal ends the program within six seconds, however many streams are open. The signal is used up
here, so that stopping on purpose is no error.
"""

import asyncio
import contextlib
import signal
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import TypeVar

import uvicorn

from tollfree.doorway import App, Doorway

_GRACE_SECONDS = 3
_SIGNALS = (signal.SIGINT, signal.SIGTERM)

Built = TypeVar("Built")


def run(
    listener: socket.socket,
    opened: Callable[[], AbstractAsyncContextManager[tuple[App, Built]]],
    *,
    when_ready: Callable[[Built], Awaitable[None]] | None = None,
) -> None:
    """Serve what `opened` builds on `listener`, until a signal. Errors of `opened` are raised."""
    with asyncio.Runner(loop_factory=_loop) as runner, _signals_used_up():
        runner.run(_serve(listener, opened, when_ready))


async def _serve(
    listener: socket.socket,
    opened: Callable[[], AbstractAsyncContextManager[tuple[App, Built]]],
    when_ready: Callable[[Built], Awaitable[None]] | None,
) -> None:
    doorway = Doorway()
    server = uvicorn.Server(
        uvicorn.Config(
            doorway,
            log_config=None,
            access_log=False,
            lifespan="off",
            server_header=False,
            date_header=False,
            timeout_keep_alive=30,
            timeout_graceful_shutdown=_GRACE_SECONDS,
            ws="none",
            h11_max_incomplete_event_size=64 * 1024,
        )
    )
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        async with _unless_over(opened(), serving) as built:
            if built is not None:
                app, road = built
                doorway.open(app)
                announcing = asyncio.create_task(_announce(when_ready, road))
                await serving
                announcing.cancel()
                await asyncio.gather(announcing, return_exceptions=True)
    finally:
        server.should_exit = True
        await serving


@asynccontextmanager
async def _unless_over(
    opening: AbstractAsyncContextManager[tuple[App, Built]], serving: "asyncio.Task[None]"
) -> AsyncIterator[tuple[App, Built] | None]:
    """Enter `opening`, or give None when the server was told to stop before it was open."""
    entering = asyncio.create_task(opening.__aenter__())
    await asyncio.wait({entering, serving}, return_when=asyncio.FIRST_COMPLETED)
    if not entering.done():
        entering.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await entering
        yield None
        return
    built = entering.result()
    try:
        yield built
    finally:
        await opening.__aexit__(None, None, None)


async def _announce(when_ready: Callable[[Built], Awaitable[None]] | None, road: Built) -> None:
    if when_ready is not None:
        await when_ready(road)


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

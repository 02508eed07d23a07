"""A way to a server that can be cut, stopped or slowed, while the server itself stays as it is.

fine    bytes pass          killed   connections are reset, new ones too
paused  nothing passes      slow     bytes pass after a delay
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from urllib.parse import urlsplit, urlunsplit


class FaultProxy:
    """``proxy.url`` instead of the server's own; set `fault` at any time."""

    def __init__(self, target: str, *, delay_seconds: float = 0.2) -> None:
        parts = urlsplit(target)
        self._host, self._port = parts.hostname or "127.0.0.1", parts.port or 0
        self._parts, self._delay = parts, delay_seconds
        self._fine = asyncio.Event()
        self._fine.set()
        self._ways: set[asyncio.StreamWriter] = set()
        self._pipes: set[asyncio.Task[None]] = set()
        self.fault = "fine"
        self.url = ""

    def become(self, fault: str) -> None:
        """Change what happens to bytes from now on."""
        self.fault = fault
        (self._fine.clear if fault == "paused" else self._fine.set)()
        if fault == "killed":
            for way in list(self._ways):
                way.transport.abort()

    async def open(self) -> asyncio.Server:
        server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        user = self._parts.netloc.rpartition("@")[0]
        netloc = f"{user}@127.0.0.1:{port}" if user else f"127.0.0.1:{port}"
        self.url = urlunsplit(self._parts._replace(netloc=netloc))
        return server

    async def close(self) -> None:
        self.become("killed")
        for pipe in list(self._pipes):
            pipe.cancel()
        await asyncio.gather(*self._pipes, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.fault == "killed":
            writer.transport.abort()
            return
        there, back = await asyncio.open_connection(self._host, self._port)
        for source, target in ((reader, back), (there, writer)):
            self._ways.add(target)
            pipe = asyncio.create_task(self._pipe(source, target))
            self._pipes.add(pipe)
            pipe.add_done_callback(self._pipes.discard)

    async def _pipe(self, source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await source.read(65_536):
                await self._fine.wait()
                if self.fault == "slow":
                    await asyncio.sleep(self._delay)
                target.write(data)
                await target.drain()
        self._ways.discard(target)
        target.close()


@asynccontextmanager
async def fault_proxy(target: str) -> AsyncIterator[FaultProxy]:
    """A proxy before `target` until the block ends."""
    proxy = FaultProxy(target)
    server = await proxy.open()
    try:
        yield proxy
    finally:
        server.close()
        await proxy.close()

"""The connections to one provider: used again while they are fresh, never more than allowed.

The one that was used last is used first, so that the others grow old and are dropped. Who finds no
connection free waits for one as long as for a new one. Environment proxies are not read.
"""

import asyncio
import socket
import ssl
from collections import deque
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

import aiohappyeyeballs

from api.upstream.connection import Connection, Patience, Reply

# Most servers end a silent connection after a minute or more, some after twenty seconds.
_FRESH_SECONDS: Final = 15.0
_NEXT_ADDRESS_AFTER: Final = 0.25
_PORTS: Final = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Address:
    """Where a provider is: ``Address.of("https://api.example/v1")``."""

    host: str
    port: int
    is_tls: bool
    path: str
    query: str = ""

    @classmethod
    def of(cls, url: str) -> "Address":
        """Read a base address. Raises ValueError for one that cannot be called."""
        parts = urlsplit(url)
        if parts.scheme not in _PORTS or not parts.hostname:
            # The address itself is not repeated: some carry keys.
            raise ValueError("That is not the address of an API; write it like https://host/v1.")
        if parts.username or parts.fragment or any(sign <= " " for sign in url):
            raise ValueError("An upstream's address has a host and a path; its key stands apart.")
        host = parts.hostname
        if not host.isascii():
            host = host.encode("idna").decode()
        port = parts.port or _PORTS[parts.scheme]
        return cls(host, port, parts.scheme == "https", parts.path.rstrip("/"), parts.query)

    def target(self, path: str) -> str:
        """What a request line asks for: `path` under this address."""
        return f"{self.path}{path}?{self.query}" if self.query else f"{self.path}{path}"

    @property
    def authority(self) -> str:
        """As the header `host` says it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return (
            host
            if self.port == _PORTS["https" if self.is_tls else "http"]
            else f"{host}:{self.port}"
        )


class Connections:
    """Up to `most` connections; use it inside one event loop, and `close` it there."""

    def __init__(self, address: Address, *, most: int, connect_seconds: float) -> None:
        self._address, self._most, self._connect_seconds = address, most, connect_seconds
        self._open: set[Connection] = set()
        self._dialling = 0
        self._idle: list[Connection] = []
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._tls: ssl.SSLContext | None = None

    async def ask(self, request: bytes, patience: Patience) -> Reply:
        """Send a complete request. Raises TimeoutError or OSError where nobody is reached."""
        connection = self._fresh()
        if connection is None:
            async with asyncio.timeout(self._connect_seconds):
                connection = await self._next()
        return connection.ask(request, patience)

    def close(self) -> None:
        """End all connections, with the answers on them."""
        for connection in list(self._open):
            connection.abort()

    def _fresh(self) -> Connection | None:
        now = asyncio.get_running_loop().time()
        while self._idle:
            connection = self._idle.pop()
            if connection.is_open and now - connection.idle_since < _FRESH_SECONDS:
                return connection
            connection.abort()
        return None

    async def _next(self) -> Connection:
        while len(self._open) + self._dialling >= self._most:
            turn = asyncio.get_running_loop().create_future()
            self._waiting.append(turn)
            try:
                await turn
            except asyncio.CancelledError:
                if turn.done() and not turn.cancelled():
                    self._call_the_next()
                raise
            connection = self._fresh()
            if connection is not None:
                return connection
        self._dialling += 1
        try:
            connection = await self._dialled()
        except BaseException:
            self._dialling -= 1
            self._call_the_next()
            raise
        self._dialling -= 1
        self._open.add(connection)
        return connection

    async def _dialled(self) -> Connection:
        loop, address = asyncio.get_running_loop(), self._address
        found = await loop.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM)
        wire = await aiohappyeyeballs.start_connection(
            found, happy_eyeballs_delay=_NEXT_ADDRESS_AFTER, interleave=1
        )
        if address.is_tls and self._tls is None:
            self._tls = ssl.create_default_context()
        try:
            _, connection = await loop.create_connection(
                lambda: Connection(self._free, self._gone),
                sock=wire,
                ssl=self._tls,
                server_hostname=address.host if address.is_tls else None,
            )
        except BaseException:
            wire.close()
            raise
        return connection

    def _free(self, connection: Connection) -> None:
        connection.idle_since = asyncio.get_running_loop().time()
        self._idle.append(connection)
        self._call_the_next()

    def _gone(self, connection: Connection) -> None:
        self._open.discard(connection)
        if connection in self._idle:
            self._idle.remove(connection)
        self._call_the_next()

    def _call_the_next(self) -> None:
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                return

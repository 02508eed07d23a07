"""The one client for addresses that somebody else chose: landing pages, images.

A name is looked up once; every address of the answer must be of the open internet, and the
connection goes to one of those, so a name cannot change its mind in between. Redirects start over.
No cookies, no proxy, no credentials; the answer is cut off by time and by *decoded* bytes, so a
small body cannot grow in memory. A refusal never quotes the address or the answer.
"""

import asyncio
import ssl
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Final, Protocol

import h11

from kernel.public_address import EgressRefused, PublicUrl, public_address, public_url, redirected

__all__ = ["Egress", "EgressRefused", "Fetched", "Fetches"]

MOST_REDIRECTS: Final = 5
MOST_ADDRESSES: Final = 3
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_PIECE: Final = 16_384
_LOOK_UP_SECONDS: Final = 2.0
_AGENT: Final = "Mozilla/5.0 (compatible; Tollfree/0.1; fetches landing pages and images)"

Resolver = Callable[[str, int], Awaitable[Sequence[str]]]
Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Connector(Protocol):
    """Opens a connection to an address; `tls_name` is the name on the certificate, if any."""

    def __call__(
        self, address: str, port: int, *, tls_name: str | None
    ) -> Awaitable[Connection]: ...


@dataclass(frozen=True)
class Fetched:
    """An answer: where it came from in the end, and its decoded body."""

    url: str
    status: int
    content_type: str
    body: bytes


class Fetches(Protocol):
    """What callers need; a test hands them pages of its own."""

    async def fetch(
        self, url: str, *, max_bytes: int, timeout_s: float, accept: Sequence[str] = ()
    ) -> Fetched: ...


class Egress:
    """Fetches by GET; `resolver` and `connector` are the network."""

    def __init__(
        self, *, resolver: Resolver | None = None, connector: Connector | None = None
    ) -> None:
        self._resolve = resolver or _resolve
        self._connect = connector or _Dialler()

    async def fetch(
        self, url: str, *, max_bytes: int, timeout_s: float, accept: Sequence[str] = ()
    ) -> Fetched:
        """The page at `url`, of a type in `accept` (``image/*``). Raises EgressRefused."""
        try:
            async with asyncio.timeout(timeout_s):
                return await self._follow(public_url(url), max_bytes, tuple(accept))
        except TimeoutError:
            raise EgressRefused("timeout", "The page did not answer in time.") from None

    async def check(self, url: str) -> None:
        """Refuse a URL that leads into a private network, without going there.

        A name that is not known leads nowhere, and is somebody else's to refuse.
        """
        parsed = public_url(url)
        try:
            async with asyncio.timeout(_LOOK_UP_SECONDS):
                found = await self._resolve(parsed.host, parsed.port)
        except (OSError, UnicodeError, TimeoutError):
            return
        for address in found:
            public_address(address)

    async def _follow(self, url: PublicUrl, max_bytes: int, accept: tuple[str, ...]) -> Fetched:
        for _ in range(MOST_REDIRECTS + 1):
            addresses = await self._addresses(url)
            async with self._connection(url, addresses) as connection:
                answer = await _Exchange(connection, url, max_bytes, accept).run()
            if isinstance(answer, Fetched):
                return answer
            url = redirected(url, answer)
        raise EgressRefused("redirects", "The page sends us on too many times.")

    async def _addresses(self, url: PublicUrl) -> list[str]:
        try:
            found = await self._resolve(url.host, url.port)
        except (OSError, UnicodeError):
            found = ()
        if not found:
            raise EgressRefused("unreachable", "This host is not known.")
        # One bad address spoils the name: which of them is used must not be a matter of luck.
        return [public_address(address) for address in found][:MOST_ADDRESSES]

    @asynccontextmanager
    async def _connection(self, url: PublicUrl, addresses: list[str]) -> AsyncIterator[Connection]:
        reader, writer = await self._first(url, addresses)
        try:
            yield reader, writer
        finally:
            # Aborted rather than closed: a peer that never says goodbye must not hold us.
            writer.transport.abort()

    async def _first(self, url: PublicUrl, addresses: list[str]) -> Connection:
        tls_name = url.host if url.scheme == "https" else None
        for address in addresses:
            try:
                return await self._connect(address, url.port, tls_name=tls_name)
            except (OSError, ssl.SSLError):
                continue
        raise EgressRefused("unreachable", "The host does not take our connection.")


class _Exchange:
    """One request and its answer over one connection."""

    def __init__(
        self, connection: Connection, url: PublicUrl, max_bytes: int, accept: tuple[str, ...]
    ) -> None:
        self._reader, self._writer = connection
        self._url, self._max_bytes, self._accept = url, max_bytes, accept
        self._wire = h11.Connection(h11.CLIENT, max_incomplete_event_size=65_536)

    async def run(self) -> Fetched | str:
        """The answer, or the location that it sends us to."""
        try:
            return await self._run()
        except h11.ProtocolError:
            raise EgressRefused("malformed", "The host does not speak plain HTTP.") from None
        except OSError:
            raise EgressRefused("unreachable", "The connection broke.") from None

    async def _run(self) -> Fetched | str:
        headers = [
            ("Host", self._url.host_header),
            ("User-Agent", _AGENT),
            ("Accept", ", ".join(self._accept) or "*/*"),
            ("Accept-Encoding", "gzip"),
            ("Connection", "close"),
        ]
        request = h11.Request(method="GET", target=self._url.target, headers=headers)
        self._writer.write(self._wire.send(request) or b"")
        self._writer.write(self._wire.send(h11.EndOfMessage()) or b"")
        await self._writer.drain()
        response = await self._response()
        fields = {
            name.decode("latin-1"): value.decode("latin-1") for name, value in response.headers
        }
        if response.status_code in _REDIRECTS:
            if not fields.get("location"):
                raise EgressRefused("malformed", "The page sends us on to nowhere.")
            return fields["location"]
        content_type = fields.get("content-type", "").partition(";")[0].strip().lower()
        self._check(content_type, fields.get("content-length", ""))
        decoder = _Decoder(fields.get("content-encoding", ""), self._max_bytes)
        return Fetched(
            self._url.text,
            response.status_code,
            fields.get("content-type", ""),
            await self._body(decoder),
        )

    async def _response(self) -> h11.Response:
        for _ in range(10):
            event = await self._event()
            if isinstance(event, h11.Response):
                return event
        raise EgressRefused("malformed", "The host does not come to the point.")

    async def _body(self, decoder: "_Decoder") -> bytes:
        while not isinstance(event := await self._event(), h11.EndOfMessage):
            if not isinstance(event, h11.Data):
                raise EgressRefused("malformed", "The answer broke off.")
            decoder.feed(bytes(event.data))
        return decoder.end()

    async def _event(self) -> object:
        while True:
            event = self._wire.next_event()
            if event is not h11.NEED_DATA:
                return event
            self._wire.receive_data(await self._reader.read(_PIECE))

    def _check(self, content_type: str, length: str) -> None:
        if self._accept and not any(fnmatchcase(content_type, kind) for kind in self._accept):
            raise EgressRefused("content_type", "The page is not of the kind that we read.")
        if length.isdigit() and int(length) > self._max_bytes:
            raise _too_large()


class _Decoder:
    """Undoes gzip or deflate, never past the limit."""

    def __init__(self, encoding: str, max_bytes: int) -> None:
        self._max_bytes, self._taken, self._raw = max_bytes, bytearray(), 0
        match encoding.strip().lower():
            case "" | "identity":
                self._inflate = None
            case "gzip" | "x-gzip" | "deflate":
                self._inflate = zlib.decompressobj(zlib.MAX_WBITS | 32)
            case _:
                raise EgressRefused("encoding", "The page is packed in a way that we do not read.")

    def feed(self, data: bytes) -> None:
        """Take one piece. Raises EgressRefused past the limit."""
        self._raw += len(data)
        # What never decodes to anything must end too.
        if self._raw > self._max_bytes + 65_536:
            raise _too_large()
        if self._inflate is None:
            self._taken += data
        else:
            try:
                room = self._max_bytes - len(self._taken) + 1
                self._taken += self._inflate.decompress(data, room)
            except zlib.error:
                raise EgressRefused("encoding", "The page is packed wrongly.") from None
        if len(self._taken) > self._max_bytes:
            raise _too_large()

    def end(self) -> bytes:
        """All of it."""
        if self._inflate is not None and self._raw and not self._inflate.eof:
            raise EgressRefused("encoding", "The page is packed wrongly.")
        return bytes(self._taken)


class _Dialler:
    """Real connections; the certificate must be for the name, though we dial an address."""

    def __init__(self) -> None:
        self._context: ssl.SSLContext | None = None

    async def __call__(self, address: str, port: int, *, tls_name: str | None) -> Connection:
        if tls_name is None:
            return await asyncio.open_connection(address, port)
        if self._context is None:
            self._context = ssl.create_default_context()
        return await asyncio.open_connection(
            address, port, ssl=self._context, server_hostname=tls_name
        )


async def _resolve(host: str, port: int) -> Sequence[str]:
    import socket

    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def _too_large() -> EgressRefused:
    return EgressRefused("too_large", "The page is larger than we read.")

"""Any endpoint that speaks OpenAI's format: our bytes go out, its bytes come back.

Redirects are not followed, nothing of the caller's headers is passed on, and answers are asked for
uncompressed. Credentials appear in no message and no log.
"""

import asyncio
import zlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any, Final, Literal

import orjson

from api.upstream.connection import Patience, Reply
from api.upstream.connections import Address, Connections
from api.upstream.upstream import UpstreamAnswer, UpstreamRefused, UpstreamTimedOut
from kernel.errors import UpstreamFailed

_MAX_ERROR_BYTES: Final = 64 * 1024
_MAX_MESSAGE: Final = 600
_UNPACKED: Final = frozenset({"gzip", "x-gzip", "deflate"})
_MOST_AT_ONCE: Final = 1024 * 1024
#: Errors about the request itself: the caller can mend it, so its words are passed on.
_THE_CALLERS: Final = frozenset({400, 404, 409, 413, 415, 422})
#: Errors about us and the provider; none of the caller's business but that it failed.
_OURS: Final = frozenset({401, 402, 403, 405, 407})


@dataclass(frozen=True, slots=True)
class RelayTimeouts:
    """Seconds until connected, between two reads (the first one too), and for the whole call."""

    connect: float = 5.0
    silence: float = 90.0
    total: float = 900.0


@dataclass(frozen=True, slots=True)
class RelaySettings:
    """``RelaySettings("ollama", "http://127.0.0.1:11434/v1")``; no key where none is needed."""

    name: str
    base_url: str
    api_key: str | None = field(default=None, repr=False)
    reports_usage: bool = True
    timeouts: RelayTimeouts = RelayTimeouts()
    connections: int = 1_000
    on_disconnect: Literal["cancel", "drain"] = "cancel"


class RelayUpstream:
    """One endpoint. Build it anywhere, use it inside one event loop, `close` it there."""

    def __init__(self, settings: RelaySettings) -> None:
        """Raises ValueError for an address or a key that cannot stand in a request."""
        self.settings = settings
        limits, address = settings.timeouts, Address.of(settings.base_url)
        self._connections = Connections(
            address, most=settings.connections, connect_seconds=limits.connect
        )
        self._patience = Patience(limits.silence, limits.total)
        chat = address.target("/chat/completions")
        self._post_plain = _head("POST", chat, address, settings.api_key, "application/json")
        self._post_stream = _head("POST", chat, address, settings.api_key, "text/event-stream")
        self._get = _head("GET", address.target("/models"), address, settings.api_key)

    @property
    def name(self) -> str:
        return self.settings.name

    @property
    def reports_usage(self) -> bool:
        return self.settings.reports_usage

    @property
    def on_disconnect(self) -> str:
        return self.settings.on_disconnect

    async def open(self, body: bytes, *, stream: bool) -> UpstreamAnswer:
        """Send a chat request and wait for the upstream's status. Raises UpstreamFailed."""
        reply = await self._asked(self._post(stream=stream) + b"%d\r\n\r\n" % len(body) + body)
        if reply.status != 200:
            try:
                raise self._refusal(reply, await _error_in(reply))
            finally:
                reply.close()

        async def close() -> None:
            # After the end this does nothing, the connection is back among the others already.
            # Before it, breaking the connection is what tells the provider to stop.
            reply.close()

        content_type = reply.headers.get("content-type", "")
        return UpstreamAnswer(
            is_event_stream=content_type.startswith("text/event-stream"),
            chunks=_chunks(reply),
            close=close,
        )

    async def models(self) -> list[str]:
        """The models that the endpoint lists. Raises UpstreamFailed."""
        reply = await self._asked(self._get + b"\r\n")
        try:
            if reply.status != 200:
                raise self._refusal(reply, {})
            listed = orjson.loads(b"".join([chunk async for chunk in _chunks(reply)]))["data"]
            return [str(model["id"]) for model in listed]
        except (KeyError, TypeError, ValueError) as error:
            raise UpstreamFailed("The model's provider lists no models.") from error
        finally:
            reply.close()

    async def close(self) -> None:
        self._connections.close()

    def _post(self, *, stream: bool) -> bytes:
        return self._post_stream if stream else self._post_plain

    async def _asked(self, request: bytes) -> Reply:
        reply: Reply | None = None
        try:
            reply = await self._connections.ask(request, self._patience)
            await reply.head()
        except TimeoutError:
            raise UpstreamTimedOut(
                "The model's provider did not answer in time. Try again."
            ) from None
        except OSError:
            # `from None`: the original may name the address, and some carry keys in it.
            raise UpstreamFailed(
                "The model's provider cannot be reached. Try again in a moment.",
                code="upstream_unreachable",
            ) from None
        except asyncio.CancelledError:
            if reply is not None:
                reply.close()
            raise
        return reply

    def _refusal(self, reply: Reply, error: dict[str, Any]) -> UpstreamFailed:
        status = reply.status
        if status in _THE_CALLERS:
            return UpstreamRefused(
                self._shown(error.get("message")),
                status=status,
                type="invalid_request_error",
                code=_short(error.get("code")) or "upstream_refused",
                param=_short(error.get("param")),
            )
        if status == 429:
            return UpstreamRefused(
                "The model's provider is at its limit. Try again later.",
                status=429,
                type="rate_limit_error",
                code="upstream_rate_limited",
                retry_after=reply.headers.get("retry-after"),
            )
        if status in _OURS:
            return UpstreamFailed(
                "The model's provider refused this service.", code="upstream_refused_us"
            )
        return UpstreamRefused(
            f"The model's provider failed (status {status}). Try again.",
            # 529 is one provider's word for overloaded; clients know 503.
            status=503 if status in {503, 529} else 504 if status == 504 else 502,
            retry_after=reply.headers.get("retry-after"),
        )

    def _shown(self, message: object) -> str:
        text = message if isinstance(message, str) and message else "The request was refused."
        if self.settings.api_key:
            text = text.replace(self.settings.api_key, "[key]")
        return f"The model's provider says: {text[:_MAX_MESSAGE]}"


def _head(method: str, path: str, address: Address, key: str | None, accept: str = "*/*") -> bytes:
    """The head of a request up to what changes: for a POST, up to the number of its bytes."""
    lines = [
        f"{method} {path} HTTP/1.1",
        f"host: {address.authority}",
        f"accept: {accept}",
        "accept-encoding: identity",
        "user-agent: tollfree",
    ]
    if key:
        if not key.isascii() or not key.isprintable():
            raise ValueError("An upstream's key has characters that no header can carry.")
        lines.append(f"authorization: Bearer {key}")
    if method == "POST":
        lines += ["content-type: application/json", "content-length: "]
        return "\r\n".join(lines).encode()
    return "\r\n".join([*lines, ""]).encode()


async def _chunks(reply: Reply) -> AsyncIterator[bytes]:
    packed = reply.headers.get("content-encoding", "identity")
    try:
        if packed == "identity":
            while chunk := await reply.read():
                yield chunk
        elif packed in _UNPACKED:
            # Asked for or not, this is what came.
            unpacking = zlib.decompressobj(wbits=zlib.MAX_WBITS | 32)
            while chunk := await reply.read():
                while chunk:
                    yield unpacking.decompress(chunk, _MOST_AT_ONCE)
                    chunk = unpacking.unconsumed_tail
            yield unpacking.flush()
            if not unpacking.eof:
                raise UpstreamFailed("The model's provider broke off its answer.")
        else:
            raise UpstreamFailed("The model's provider packed its answer in a way that we cannot.")
    except TimeoutError:
        raise UpstreamTimedOut("The model's provider fell silent.") from None
    except (OSError, zlib.error):
        raise UpstreamFailed("The model's provider broke off its answer.") from None


async def _error_in(reply: Reply) -> dict[str, Any]:
    """The `error` object of a refusal, empty where there is none that we can read."""
    raw = bytearray()
    try:
        async for chunk in _chunks(reply):
            raw += chunk
            if len(raw) > _MAX_ERROR_BYTES:
                return {}
        body = orjson.loads(raw)
    except (ValueError, UpstreamFailed):
        return {}
    error = body.get("error", body) if isinstance(body, dict) else None
    if isinstance(error, str):
        return {"message": error}
    return error if isinstance(error, dict) else {}


def _short(value: object) -> str | None:
    return value[:80] if isinstance(value, str) else None

"""Any endpoint that speaks OpenAI's format: our bytes go out, its bytes come back.

One pooled aiohttp session per upstream, made on first use inside the running loop. Redirects are
not followed, the environment's proxies are not read, nothing of the caller's headers is passed on,
and answers are asked for uncompressed. Credentials appear in no message and no log.
"""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any, Final, Literal

import aiohttp
import orjson

from api.upstream.upstream import UpstreamAnswer, UpstreamRefused, UpstreamTimedOut
from kernel.errors import UpstreamFailed

_MAX_ERROR_BYTES: Final = 64 * 1024
_MAX_MESSAGE: Final = 600
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
        self.settings = settings
        self._session: aiohttp.ClientSession | None = None

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
        response = await self._send("POST", "/chat/completions", body, stream=stream)
        if response.status != 200:
            try:
                raise self._refusal(response, await _error_in(response))
            finally:
                response.close()

        async def close() -> None:
            # After the end this does nothing, the connection is back in the pool already. Before
            # it, breaking the connection is what tells the provider to stop.
            response.close()

        content_type = response.headers.get("content-type", "")
        return UpstreamAnswer(
            is_event_stream=content_type.startswith("text/event-stream"),
            chunks=_chunks(response),
            close=close,
        )

    async def models(self) -> list[str]:
        """The models that the endpoint lists. Raises UpstreamFailed."""
        response = await self._send("GET", "/models", None, stream=False)
        try:
            if response.status != 200:
                raise self._refusal(response, {})
            listed = orjson.loads(await response.read())["data"]
            return [str(model["id"]) for model in listed]
        except (KeyError, TypeError, ValueError, aiohttp.ClientError) as error:
            raise UpstreamFailed("The model's provider lists no models.") from error
        finally:
            response.close()

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()

    async def _send(
        self, method: str, path: str, body: bytes | None, *, stream: bool
    ) -> aiohttp.ClientResponse:
        try:
            return await self._opened().request(
                method,
                self.settings.base_url.rstrip("/") + path,
                data=body,
                headers={"accept": "text/event-stream" if stream else "application/json"},
                allow_redirects=False,
            )
        except TimeoutError:
            raise UpstreamTimedOut(
                "The model's provider did not answer in time. Try again."
            ) from None
        except (aiohttp.ClientError, OSError):
            # `from None`: the original names the URL, and some providers carry keys in it.
            raise UpstreamFailed(
                "The model's provider cannot be reached. Try again in a moment.",
                code="upstream_unreachable",
            ) from None

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:
            limits = self.settings.timeouts
            headers = {
                "accept-encoding": "identity",
                "content-type": "application/json",
                "user-agent": "tollfree",
            }
            if self.settings.api_key:
                headers["authorization"] = f"Bearer {self.settings.api_key}"
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(
                    limit=self.settings.connections, loop=asyncio.get_running_loop()
                ),
                cookie_jar=aiohttp.DummyCookieJar(),
                headers=headers,
                timeout=aiohttp.ClientTimeout(
                    total=limits.total, connect=limits.connect, sock_read=limits.silence
                ),
            )
        return self._session

    def _refusal(self, response: aiohttp.ClientResponse, error: dict[str, Any]) -> UpstreamFailed:
        status = response.status
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
                retry_after=response.headers.get("retry-after"),
            )
        if status in _OURS:
            return UpstreamFailed(
                "The model's provider refused this service.", code="upstream_refused_us"
            )
        return UpstreamRefused(
            f"The model's provider failed (status {status}). Try again.",
            # 529 is one provider's word for overloaded; clients know 503.
            status=503 if status in {503, 529} else 504 if status == 504 else 502,
            retry_after=response.headers.get("retry-after"),
        )

    def _shown(self, message: object) -> str:
        text = message if isinstance(message, str) and message else "The request was refused."
        if self.settings.api_key:
            text = text.replace(self.settings.api_key, "[key]")
        return f"The model's provider says: {text[:_MAX_MESSAGE]}"


async def _chunks(response: aiohttp.ClientResponse) -> AsyncIterator[bytes]:
    try:
        async for chunk in response.content.iter_any():
            yield chunk
    except TimeoutError:
        raise UpstreamTimedOut("The model's provider fell silent.") from None
    except (aiohttp.ClientError, OSError):
        raise UpstreamFailed("The model's provider broke off its answer.") from None


async def _error_in(response: aiohttp.ClientResponse) -> dict[str, Any]:
    """The `error` object of a refusal, empty where there is none that we can read."""
    raw = bytearray()
    try:
        async for chunk in response.content.iter_any():
            raw += chunk
            if len(raw) > _MAX_ERROR_BYTES:
                return {}
        body = orjson.loads(raw)
    except (ValueError, TimeoutError, aiohttp.ClientError, OSError):
        return {}
    error = body.get("error", body) if isinstance(body, dict) else None
    if isinstance(error, str):
        return {"message": error}
    return error if isinstance(error, dict) else {}


def _short(value: object) -> str | None:
    return value[:80] if isinstance(value, str) else None

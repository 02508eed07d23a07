"""What an upstream is: it takes the bytes of a chat request and gives the bytes of an answer.

`open` returns once the upstream's own status is known, so that nobody is told 200 about a call that
failed. Failures are `UpstreamFailed` with fixed words: an upstream's text may quote its credentials
or a conversation, so it is shown to the caller only where it explains the caller's own mistake.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

from kernel.errors import UpstreamFailed


class UpstreamRefused(UpstreamFailed):
    """The upstream answered, with an error. `status` is what our caller gets."""

    def __init__(
        self,
        message: str,
        *,
        status: int,
        type: str = "api_error",  # noqa: A002  the wire's own word
        code: str = "upstream_failed",
        param: str | None = None,
        retry_after: str | None = None,
    ) -> None:
        super().__init__(message, param=param, code=code)
        self.status, self.type, self.retry_after = status, type, retry_after


class UpstreamTimedOut(UpstreamFailed):
    """The upstream did not connect, or fell silent for longer than we wait."""

    code, status = "upstream_timeout", 504


@dataclass(frozen=True, slots=True)
class UpstreamAnswer:
    """A successful answer that has begun. `chunks` may raise UpstreamFailed; always `close` it."""

    is_event_stream: bool
    chunks: AsyncIterator[bytes]
    close: Callable[[], Awaitable[None]]


class Upstream(Protocol):
    """A provider of answers; `name` goes into rows and metrics.

    `reports_usage` says that a stream may be asked for its token counts
    (``stream_options.include_usage``); we then always ask, because calls are booked by them.
    """

    @property
    def name(self) -> str: ...

    @property
    def reports_usage(self) -> bool: ...

    async def open(self, body: bytes, *, stream: bool) -> UpstreamAnswer:
        """Send `body`, a complete chat request. Raises UpstreamFailed."""
        ...

    async def close(self) -> None: ...


def drains(upstream: Upstream) -> bool:
    """Whether it bills to the end when its caller leaves, so that it has to be read to the end.

    One that says nothing about it is cancelled.
    """
    return getattr(upstream, "on_disconnect", "cancel") == "drain"

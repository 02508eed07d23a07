"""Errors on the wire, for the routes that speak ASGI themselves.

The body always has `message`, `type`, `param` and `code`, so that OpenAI's clients raise the class
that belongs to the status. Errors that we did not expect become a 500 that says nothing about them.
"""

import orjson
from starlette.types import Send

from api.upstream.upstream import UpstreamRefused
from kernel.errors import TollfreeError, error_body, retry_after

UNEXPECTED = "Something went wrong on our side. Quote the x-request-id header if you report it."


class MethodNotAllowed(TollfreeError):
    """The address is right and the method is not."""

    code, status, type = "method_not_allowed", 405, "invalid_request_error"


class RequestTimeout(TollfreeError):
    """The caller took too long to send its request."""

    code, status, type = "request_timeout", 408, "invalid_request_error"


class UnsupportedEncoding(TollfreeError):
    """A compressed request; we take plain JSON only, because a small bomb unpacks to a large one."""

    code, status, type = "unsupported_content_encoding", 415, "invalid_request_error"


async def send_error(
    send: Send,
    error: TollfreeError,
    *,
    headers: tuple[tuple[bytes, bytes], ...] = (),
    body: bytes | None = None,
) -> None:
    """Answer with an error: status, headers and body at once; `body` for another wire's shape."""
    if body is None:
        body = orjson.dumps(error_body(error))
    await send(
        {
            "type": "http.response.start",
            "status": error.status,
            "headers": [
                (b"content-type", b"application/json"),
                (b"content-length", str(len(body)).encode()),
                *_headers_of(error),
                *headers,
            ],
        }
    )
    await send({"type": "http.response.body", "body": body, "more_body": False})


def _headers_of(error: TollfreeError) -> list[tuple[bytes, bytes]]:
    match error:
        case UpstreamRefused(retry_after=str(told)) if told.isascii() and told.isprintable():
            return [(b"retry-after", told.encode())]
        case MethodNotAllowed():
            return [(b"allow", b"POST")]
    wait = retry_after(error)
    return [] if wait is None else [(b"retry-after", wait.encode())]

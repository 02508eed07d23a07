"""Reading a request's body with a cap, a deadline and no surprise for the sender.

A body that is too large is read on and thrown away for a while before it is refused: a client that
is cut off while it sends never sees the reason. Compressed bodies are refused.
"""

import asyncio
from collections.abc import Mapping
from typing import Final

from starlette.types import Receive

from api.http.openai_errors import RequestTimeout, UnsupportedEncoding
from kernel.errors import PayloadTooLarge

_DISCARDED_BYTES: Final = 32 * 1024 * 1024
_DEADLINE_SECONDS: Final = 30.0


class CallerLeft(Exception):
    """The connection ended before the request was complete; there is nobody to answer."""


async def read_body(receive: Receive, headers: Mapping[str, str], *, limit: int) -> bytes:
    """The whole body. Raises PayloadTooLarge, RequestTimeout, UnsupportedEncoding, CallerLeft."""
    if headers.get("content-encoding", "identity") != "identity":
        await discard_body(receive)
        raise UnsupportedEncoding("Send the body as plain JSON, without Content-Encoding.")
    try:
        async with asyncio.timeout(_DEADLINE_SECONDS):
            return await _read(receive, limit)
    except TimeoutError:
        raise RequestTimeout("The request took too long to arrive. Try again.") from None


async def discard_body(receive: Receive) -> None:
    """Read the rest of a body that nobody wants, within bounds."""
    size = 0
    try:
        async with asyncio.timeout(_DEADLINE_SECONDS):
            while size < _DISCARDED_BYTES:
                message = await receive()
                size += len(message.get("body", b""))
                if not message.get("more_body", False):
                    return
    except TimeoutError:
        return


async def _read(receive: Receive, limit: int) -> bytes:
    pieces: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise CallerLeft
        piece = message.get("body", b"")
        size += len(piece)
        if size > limit:
            if message.get("more_body", False):
                await discard_body(receive)
            raise PayloadTooLarge(
                f"The body is larger than {limit:,} bytes. Shorten the conversation, or send "
                "images as links."
            )
        pieces.append(piece)
        if not message.get("more_body", False):
            return b"".join(pieces)

"""Read the JSON body of a publisher's call: bounded, and an object.

Refuses by what is wrong, never by quoting: a body holds a conversation.
"""

from typing import Any, Final

import orjson
from fastapi import Request

from kernel.errors import BadRequest, PayloadTooLarge

LARGEST_BODY: Final = 1_000_000


async def read_object(request: Request) -> dict[str, Any]:
    """The body as an object. Raises BadRequest or PayloadTooLarge."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST_BODY:
            raise PayloadTooLarge(f"A request has at most {LARGEST_BODY:,} bytes.")
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise BadRequest("The body is not valid JSON.") from None
    if not isinstance(value, dict):
        raise BadRequest("The body must be a JSON object.")
    return value

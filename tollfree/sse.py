"""A stream of chunks as a small client of our own API reads it.

Raises `ServerSaidNo` with the server's own sentence, before the stream or in it. A stream that ends
without its last word was cut off, and that is told as well.
"""

import json
from collections.abc import Iterator
from typing import Any

import httpx


class ServerSaidNo(Exception):
    """The server's sentence about why there is no answer, or no more of it."""


def data_of(response: httpx.Response) -> Iterator[dict[str, Any]]:
    """The chunks of a streamed answer. Raises ServerSaidNo."""
    if response.status_code != 200:
        response.read()
        raise refusal(response)
    for line in response.iter_lines():
        if not line.startswith("data:"):
            continue
        data = line.removeprefix("data:").strip()
        if data == "[DONE]":
            return
        chunk = json.loads(data)
        if "error" in chunk:
            raise ServerSaidNo(str(chunk["error"].get("message")))
        yield chunk
    raise ServerSaidNo("The answer was cut off.")


def refusal(response: httpx.Response) -> ServerSaidNo:
    """What the server said instead of an answer."""
    try:
        return ServerSaidNo(str(response.json()["error"]["message"]))
    except (ValueError, KeyError, TypeError):
        return ServerSaidNo(f"The server answered with status {response.status_code}.")

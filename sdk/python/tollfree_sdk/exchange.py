"""One call to the ad network from a thread, within a total time.

httpx counts each read by itself; a network that trickles would never be late. So the body is read
piece by piece against one deadline, and never beyond a size that no answer of ours has.
"""

import json
from typing import Any, Final

import httpx

from tollfree_sdk.errors import (
    AdNetworkGarbled,
    AdNetworkRefused,
    AdNetworkTimeout,
    AdNetworkUnreachable,
    error_code,
)
from tollfree_sdk.surroundings import now

_MOST_BYTES: Final = 256 * 1024
_CONNECT_SECONDS: Final = 0.1


def exchange(
    http: httpx.Client, url: str, key: str, body: dict[str, Any], *, until: float
) -> dict[str, Any]:
    """POST `body`, and what was answered. Raises AdNetworkError; `until` is monotonic time."""
    left = until - now()
    if left <= 0:
        raise AdNetworkTimeout("The ad network could not be asked in time.")
    patience = httpx.Timeout(left, connect=min(left, _CONNECT_SECONDS))
    headers = {"authorization": f"Bearer {key}"}
    try:
        with http.stream("POST", url, json=body, headers=headers, timeout=patience) as response:
            content = _read(response, until)
    except httpx.TimeoutException as error:
        raise AdNetworkTimeout("The ad network did not answer in time.") from error
    except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, RuntimeError) as error:
        # A client that was closed meanwhile says RuntimeError.
        raise AdNetworkUnreachable("The ad network cannot be reached.") from error
    if not response.is_success:
        raise AdNetworkRefused(response.status_code, error_code(content))
    return opened(content)


def opened(content: bytes) -> dict[str, Any]:
    """The object in an answer; an empty answer is an empty object. Raises AdNetworkGarbled."""
    if not content:
        return {}
    try:
        value = json.loads(content)
    except (ValueError, RecursionError):
        raise AdNetworkGarbled("The ad network's answer is not JSON.") from None
    if not isinstance(value, dict):
        raise AdNetworkGarbled("The ad network answered with something else than an object.")
    return value


def _read(response: httpx.Response, until: float) -> bytes:
    content = bytearray()
    for piece in response.iter_bytes():
        content += piece
        if now() > until:
            raise AdNetworkTimeout("The ad network did not answer in time.")
        if len(content) > _MOST_BYTES:
            raise AdNetworkGarbled("The ad network's answer is too long.")
    return bytes(content)

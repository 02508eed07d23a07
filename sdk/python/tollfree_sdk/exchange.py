"""One call to the ad network, as far as it is the same with and without an event loop.

Owns what an answer must be like: in time, not beyond a size that no answer of ours has, JSON, in the
contract's words. Everything else is an AdNetworkError. httpx counts each read by itself, and a
network that trickles would never be late; so the body is read piece by piece against one deadline.
"""

import json
from typing import Any, Final

import httpx

from tollfree_sdk.contract import AdDecision
from tollfree_sdk.errors import (
    AdNetworkError,
    AdNetworkGarbled,
    AdNetworkRefused,
    AdNetworkTimeout,
    AdNetworkUnreachable,
    error_code,
)
from tollfree_sdk.surroundings import now
from tollfree_sdk.wire import ContractError, decision_from_json

DECISIONS: Final = "/ads/v1/decisions"
REPORT_SECONDS: Final = 5.0
#: What httpx raises; a client that was closed meanwhile says RuntimeError.
FAILURES: Final = (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, RuntimeError)
_MOST_BYTES: Final = 256 * 1024
_CONNECT_SECONDS: Final = 0.1


def exchange(
    http: httpx.Client, url: str, key: str, body: dict[str, Any], *, until: float
) -> dict[str, Any]:
    """POST `body`, and what was answered. Raises AdNetworkError; `until` is monotonic time."""
    left = until - now()
    if left <= 0:
        raise late()
    patience = httpx.Timeout(left, connect=min(left, _CONNECT_SECONDS))
    read = Reading(until)
    try:
        with http.stream(
            "POST", url, json=body, headers=authorised(key), timeout=patience
        ) as response:
            for piece in response.iter_bytes():
                read.take(piece)
    except FAILURES as error:
        raise problem_of(error) from error
    return read.opened(response)


def authorised(key: str) -> dict[str, str]:
    """The headers of a call."""
    return {"authorization": f"Bearer {key}"}


def problem_of(error: Exception) -> AdNetworkError:
    """What went wrong, in our words; anything unforeseen is an answer that nobody can read."""
    if isinstance(error, AdNetworkError):
        return error
    problem: AdNetworkError = AdNetworkGarbled("The ad network could not be asked.")
    if isinstance(error, TimeoutError | httpx.TimeoutException):
        problem = late()
    elif isinstance(error, FAILURES):
        problem = AdNetworkUnreachable("The ad network cannot be reached.")
    problem.__cause__ = error
    return problem


def late() -> AdNetworkTimeout:
    """The time of the turn is over."""
    return AdNetworkTimeout("The ad network did not answer in time.")


class Reading:
    """The body of one answer, piece by piece."""

    def __init__(self, until: float) -> None:
        self._until, self._content = until, bytearray()

    def take(self, piece: bytes) -> None:
        """One more piece. Raises AdNetworkError when it is too late, or too much."""
        self._content += piece
        if now() > self._until:
            raise late()
        if len(self._content) > _MOST_BYTES:
            raise AdNetworkGarbled("The ad network's answer is too long.")

    def opened(self, response: httpx.Response) -> dict[str, Any]:
        """The object in it; an empty answer is an empty object. Raises AdNetworkError."""
        content = bytes(self._content)
        if not response.is_success:
            raise AdNetworkRefused(response.status_code, error_code(content))
        if not content:
            return {}
        try:
            value = json.loads(content)
        except (ValueError, RecursionError):
            raise AdNetworkGarbled("The ad network's answer is not JSON.") from None
        if not isinstance(value, dict):
            raise AdNetworkGarbled("The ad network answered with something else than an object.")
        return value


def decision_in(told: dict[str, Any]) -> AdDecision:
    """The decision that was answered. Raises AdNetworkGarbled."""
    try:
        return decision_from_json(told)
    except ContractError as error:
        raise AdNetworkGarbled("The ad network's answer does not speak the contract.") from error

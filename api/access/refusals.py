"""What a caller hears whose request goes over a quota: which one, how much it is, and when to come back."""

import math
from typing import Final

from kernel.errors import QuotaExceeded
from kernel.telemetry import counter

EVERYONE: Final = "everyone"
_WHOSE: Final = {"key": "this API key", "app": "this app", "address": "your network address"}

_refused: Final = counter("quota_refused", "Requests over a quota.", "scope", "reason")


class AtCapacity(QuotaExceeded):
    """All callers together are at the limit of the service; no caller's own fault."""

    code, status, type = "service_at_capacity", 503, "api_error"


def refusal(scope: str, what: str, limit: int, seconds: float) -> QuotaExceeded:
    """``refusal("key", "requests per minute", 60, 41.2)``; it is counted."""
    _refused.labels(scope, what.replace(" ", "_")).inc()
    wait = math.ceil(seconds)
    if scope == EVERYONE:
        return AtCapacity(
            "This service is serving as many requests as it can. Nothing is wrong with your key or "
            f"your request; try again in {wait} s.",
            retry_after_seconds=wait,
        )
    return QuotaExceeded(
        f"Rate limit reached for {_WHOSE[scope]}: {limit} {what}. Try again in {wait} s. "
        "GET /v1/quota shows every limit.",
        retry_after_seconds=wait,
    )

"""One key, one outcome: what Stripe documents for `Idempotency-Key`.

The first answer whose execution began is kept for 24 hours, server errors included, and replayed
with ``idempotent-replayed: true``. The same key with other parameters is refused. Refusals before
execution (authentication, rate limits) are not kept.
"""

import hashlib
from dataclasses import dataclass

from fakestripe.clock import Clock
from fakestripe.errors import Refusal

KEPT_SECONDS = 24 * 3600
_LONGEST_KEY = 255


@dataclass(frozen=True)
class Kept:
    fingerprint: str
    status: int
    body: bytes
    until: int


class IdempotentAnswers:
    """The answers of the last day by key."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._kept: dict[str, Kept] = {}

    def find(self, key: str, fingerprint: str) -> Kept | None:
        """The kept answer; raises Refusal when the key was used for something else."""
        if len(key) > _LONGEST_KEY:
            raise Refusal(400, "idempotency_error", "Idempotency keys have at most 255 characters.")
        kept = self._kept.get(key)
        if kept is None or kept.until <= self._clock.now():
            return None
        if kept.fingerprint != fingerprint:
            raise Refusal(
                400,
                "idempotency_error",
                "Keys for idempotent requests can only be used with the same parameters they were "
                "first used with. Try using a different key.",
            )
        return kept

    def keep(self, key: str, fingerprint: str, status: int, body: bytes) -> None:
        self._kept[key] = Kept(fingerprint, status, body, self._clock.now() + KEPT_SECONDS)


def fingerprint(method: str, path: str, body: bytes) -> str:
    """What makes two requests the same."""
    return hashlib.sha256(b"\n".join((method.encode(), path.encode(), body))).hexdigest()

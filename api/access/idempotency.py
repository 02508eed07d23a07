"""What is remembered of an Idempotency-Key: that it was used, for which body, and a sealed copy.

    claim  48 h    fingerprint of the body            taken before the upstream is called
    lease  15 min  somebody is at work on it
    copy   24 h    the answer, sealed                 put when the answer is whole

The claim outlives the copy, so that a late repetition is told that the answer is gone and never
makes a second call. While the shared state is away, this process remembers alone.
"""

import hmac
from collections.abc import Awaitable, Callable
from enum import Enum
from typing import Final, TypeVar

from kernel.clock import Clock
from kernel.errors import TollfreeError, Unavailable
from kernel.shared_state import InProcessState, SharedState

_CLAIM_SECONDS: Final = 48 * 3600.0
_COPY_SECONDS: Final = 24 * 3600.0
_LEASE_SECONDS: Final = 15 * 60.0

Answer = TypeVar("Answer")


class KeyReused(TollfreeError):
    """The same Idempotency-Key with another body."""

    code, status, type = "idempotency_key_reused", 422, "invalid_request_error"


class Claim(Enum):
    """What claiming a key found."""

    NEW = "new"
    SAME = "same"
    OTHER = "other"


class Shelf:
    """Claims and copies, by name. `copies` may be smaller than `claims`."""

    def __init__(self, claims: SharedState, copies: SharedState, clock: Clock) -> None:
        self._claims, self._copies = claims, copies
        self._alone = InProcessState(clock, capacity=2_000)

    async def claim(self, name: str, fingerprint: bytes) -> Claim:
        """Take the key for a body, unless it was taken before."""

        async def taken(state: SharedState) -> Claim:
            key = f"once:{name}"
            if await state.put_if_absent(key, fingerprint, ttl_seconds=_CLAIM_SECONDS):
                await state.put(f"{key}:lease", b"1", ttl_seconds=_LEASE_SECONDS)
                return Claim.NEW
            found = await state.get(key) or b""
            return Claim.SAME if hmac.compare_digest(found, fingerprint) else Claim.OTHER

        return await self._on(self._claims, taken)

    async def is_at_work(self, name: str) -> bool:
        """Whether somebody is still answering."""
        return await self._on(self._claims, lambda s: s.get(f"once:{name}:lease")) is not None

    async def copy(self, name: str) -> bytes | None:
        """The sealed answer."""
        return await self._on(self._copies, lambda s: s.get(f"once:{name}:copy"))

    async def keep(self, name: str, sealed: bytes | None) -> None:
        """The answer is whole; None for one that is too long to keep."""
        if sealed is not None:
            key, value = f"once:{name}:copy", sealed
            await self._on(self._copies, lambda s: s.put(key, value, ttl_seconds=_COPY_SECONDS))
        await self._on(self._claims, lambda s: s.remove(f"once:{name}:lease"))

    async def release(self, name: str) -> None:
        """There was no answer: the key may be used again."""
        await self._on(self._claims, lambda s: s.remove(f"once:{name}"))
        await self._on(self._claims, lambda s: s.remove(f"once:{name}:lease"))

    async def _on(
        self, state: SharedState, call: Callable[[SharedState], Awaitable[Answer]]
    ) -> Answer:
        try:
            return await call(state)
        except Unavailable:
            return await call(self._alone)

"""How often somebody may try: counted in shared state, and in this process when that is away.

Keys are digests, so that shared state holds no addresses. Losing the shared counter must not open
the door, so the own one counts on.
"""

import hashlib
from typing import Final

from kernel.clock import Clock
from kernel.errors import QuotaExceeded, Unavailable
from kernel.shared_state import InProcessState, SharedState

WINDOW_SECONDS: Final = 3_600


class Attempts:
    """Counts attempts of one kind within an hour."""

    def __init__(self, shared_state: SharedState, clock: Clock) -> None:
        self._shared = shared_state
        self._own = InProcessState(clock, capacity=10_000)

    async def count(self, kind: str, who: str, *, most: int) -> None:
        """Count one. Raises QuotaExceeded when there were more than `most` within the hour."""
        key = f"{kind}:{hashlib.sha256(who.encode()).hexdigest()[:32]}"
        try:
            made = await self._shared.add(key, 1, ttl_seconds=WINDOW_SECONDS)
        except Unavailable:
            made = await self._own.add(key, 1, ttl_seconds=WINDOW_SECONDS)
        if made > most:
            raise QuotaExceeded(
                "Too many attempts. Wait an hour and try again.",
                retry_after_seconds=WINDOW_SECONDS,
                code="too_many_attempts",
            )

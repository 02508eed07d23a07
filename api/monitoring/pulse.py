"""The pulse of a process: how late its event loop turns, and how many answers are being written.

Work that waits for its turn is in no timer of a request, so a loop that is late would otherwise show
in the callers' clocks only.
"""

import asyncio
from collections.abc import Callable
from typing import Final

from kernel.telemetry import gauge, histogram

_EVERY_SECONDS: Final = 0.25

_lag: Final = histogram(
    "loop_lag_seconds", "How late the event loop turned.",
    buckets=(0.00025, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5),
)  # fmt: skip
_open: Final = gauge("open_answers", "Answers that are being written now.")


class Pulse:
    """Start `run`; `open_answers` tells how many there are."""

    def __init__(self, open_answers: Callable[[], int]) -> None:
        self._open_answers = open_answers

    async def run(self) -> None:
        """Feel it again and again, until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + _EVERY_SECONDS
            await asyncio.sleep(_EVERY_SECONDS)
            _lag.observe(max(0.0, loop.time() - due))
            _open.set(self._open_answers())

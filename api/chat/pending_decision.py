"""The decision about an ad, on its way while the upstream works.

Nothing here can hurt an answer. The source may raise, hang or return nonsense: the answer waits for
it at most until the deadline, counted from the arrival of the request, and goes on without an ad.
Each way of failing is counted. An ad whose link we would not recognise when it is sent back to us
is refused, because the model must never see one.
"""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Final

from kernel.clock import Clock
from kernel.errors import Unavailable
from kernel.telemetry import counter, logger
from tollfree_sdk.contract import Ad, AdDecision, Format, NoFill, no_ad

_log = logger(__name__)
_failures: Final = counter(
    "ad_decisions_failed", "Decisions that an answer went on without.", "reason"
)


class PendingDecision:
    """Starts deciding when it is made. Ask `outcome` once, or `abandon` it."""

    def __init__(
        self,
        deciding: Coroutine[Any, Any, AdDecision],
        *,
        deadline: float,
        clock: Clock,
        is_ours: Callable[[str], bool],
    ) -> None:
        self._task = asyncio.create_task(deciding)
        self._deadline, self._clock, self._is_ours = deadline, clock, is_ours
        self._task.add_done_callback(_hear_the_error)

    @property
    def is_ready(self) -> bool:
        """Whether `outcome` would not wait."""
        return self._task.done()

    async def outcome(self) -> AdDecision:
        """The decision; never raises, never waits past the deadline."""
        if not self._task.done():
            # At least one turn of the loop: a decision that is ready but not yet delivered by a
            # busy loop still counts.
            left = max(0.0, self._deadline - self._clock.monotonic())
            await asyncio.wait((self._task,), timeout=left)
        if not self._task.done():
            self.abandon()
            return _failed(NoFill.TIMEOUT)
        if self._task.cancelled():
            return _failed(NoFill.ERROR)
        error = self._task.exception()
        if error is not None:
            return _failed(NoFill.UNAVAILABLE if isinstance(error, Unavailable) else NoFill.ERROR)
        return self._checked(self._task.result())

    def abandon(self) -> None:
        """Stop deciding; nobody will ask."""
        self._task.cancel()

    def _checked(self, decision: Any) -> AdDecision:
        if not isinstance(decision, AdDecision):
            return _failed(NoFill.ERROR)
        if decision.ad is not None and not self._can_be_taken_out(decision.ad):
            return _failed(NoFill.ERROR)
        return decision

    def _can_be_taken_out(self, ad: Any) -> bool:
        url: Any = getattr(ad, "click_url", None)
        if isinstance(ad, Ad) and ad.format is Format.LINK:
            # No link of ours: what it lets us rewrite, the book of accounts can put back.
            return True
        return isinstance(ad, Ad) and isinstance(url, str) and self._is_ours(url)


class Settled:
    """A decision that needed no asking: ads are off."""

    def __init__(self, reason: NoFill) -> None:
        self._reason = reason

    @property
    def is_ready(self) -> bool:
        return True

    async def outcome(self) -> AdDecision:
        return no_ad(self._reason)

    def abandon(self) -> None:
        return


def _failed(reason: NoFill) -> AdDecision:
    _failures.labels(reason).inc()
    return no_ad(reason)


def _hear_the_error(task: "asyncio.Task[AdDecision]") -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        _log.warning("ad_decision_failed", exc_info=error)

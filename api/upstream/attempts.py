"""One answer from whichever upstream gives it, within one budget of time and tries.

    legs in order of tier, drawn by weight ─► attempt ─► answer
                 ▲                              │ failed before the first content
                 └──────── the next leg ────────┘ (or the same once more, after a moment)

The caller's own mistakes are never tried again. An upstream at its limit is left alone for as long
as it says. Failures of the last try are the ones the caller hears of.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Final, Generic, Protocol, TypeVar

from api.upstream.health import Health
from api.upstream.routing import Leg
from api.upstream.upstream import UpstreamRefused, UpstreamTimedOut
from kernel.clock import Clock
from kernel.errors import UpstreamFailed
from kernel.telemetry import counter

Answer = TypeVar("Answer")

_THE_CALLERS: Final = frozenset({400, 404, 409, 413, 415, 422})
_SPENDING_LIMIT_PAUSE: Final = 30.0
_REFUSED_US_PAUSE: Final = 60.0
_failed: Final = counter(
    "upstream_attempts_failed", "Calls that another try made up for.", "upstream"
)


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """`tries` in all, none begun after `seconds`; pauses grow from `pause` with jitter."""

    tries: int = 3
    seconds: float = 15.0
    pause: float = 0.15
    #: Retries of one upstream by itself, as a share of calls; falling back is not counted.
    share: float = 0.1


@dataclass(frozen=True, slots=True)
class Answered(Generic[Answer]):
    """An answer, the leg it came by, and how many were tried in vain."""

    leg: Leg
    answer: Answer
    fallbacks: int


class Room(Protocol):
    """What is left of the limits of a leg's upstream."""

    def wait(self, leg: Leg, tokens: int) -> float: ...

    def enter(self, leg: Leg, tokens: int) -> None: ...

    def correct(self, leg: Leg, guessed: int, used: int) -> None: ...


class Attempts:
    """Makes the attempts of one process; remembers which upstreams are well."""

    def __init__(
        self,
        clock: Clock,
        room: Room,
        *,
        seed: int,
        policy: RetryPolicy | None = None,
    ) -> None:
        self._clock, self._room, self._policy = clock, room, policy or RetryPolicy()
        self._health, self._draw = Health(clock), Random(seed)  # noqa: S311  spreads load only
        self._retries_left = 10.0

    async def first(
        self, legs: Sequence[Leg], attempt: Callable[[Leg], Awaitable[Answer]], *, tokens: int = 0
    ) -> Answered[Answer]:
        """What `attempt` gives for the first leg that answers. Raises UpstreamFailed.

        `tokens` is a guess at what the call will use.
        """
        started, tried = self._clock.monotonic(), 0
        self._retries_left = min(10.0, self._retries_left + self._policy.share)
        waiting = self._in_order(legs, tokens)
        while True:
            leg = waiting.pop(0)
            self._room.enter(leg, tokens)
            try:
                answer = await attempt(leg)
            except UpstreamFailed as error:
                tried += 1
                self._room.correct(leg, tokens, 0)
                if error.status in _THE_CALLERS:
                    raise
                self._note(leg, error)
                spent = self._clock.monotonic() - started
                if tried >= self._policy.tries or spent > self._policy.seconds:
                    raise
                if not waiting and not self._may_try_again(leg, error):
                    raise
                _failed.labels(leg.upstream.name).inc()
                if not waiting:
                    waiting.append(leg)
                    await asyncio.sleep(self._policy.pause * tried * (0.5 + self._draw.random()))
            else:
                self._health.succeeded(leg.upstream.name)
                return Answered(leg, answer, tried)

    def _in_order(self, legs: Sequence[Leg], tokens: int) -> list[Leg]:
        """The legs worth a call, best first. Raises UpstreamRefused if none is."""
        well = [leg for leg in legs if not self._pause(leg, tokens)]
        if not well:
            raise self._none_is_well(legs, tokens)
        if len(well) == 1:
            return well
        # Drawn by weight without putting back: the k-th root of a uniform draw, largest first.
        drawn = {id(leg): self._draw.random() ** (1 / leg.weight) for leg in well}
        return sorted(well, key=lambda leg: (leg.tier, -drawn[id(leg)]))

    def _pause(self, leg: Leg, tokens: int) -> float:
        """Seconds until the leg may be called: it is well, and its limits have room."""
        return max(self._health.pause(leg.upstream.name), self._room.wait(leg, tokens))

    def _none_is_well(self, legs: Sequence[Leg], tokens: int) -> UpstreamRefused:
        soonest = min(legs, key=lambda leg: self._pause(leg, tokens))
        seconds = str(max(1, round(self._pause(soonest, tokens) + 0.5)))
        if self._room.wait(soonest, tokens) or self._health.is_limited(soonest.upstream.name):
            return UpstreamRefused(
                "The model's provider is at its limit. Try again later.",
                status=429,
                type="rate_limit_error",
                code="upstream_rate_limited",
                retry_after=seconds,
            )
        return UpstreamRefused(
            "The model's provider keeps failing and is left alone for a moment. Try again later.",
            status=503,
            code="upstream_unavailable",
            retry_after=seconds,
        )

    def _note(self, leg: Leg, error: UpstreamFailed) -> None:
        name = leg.upstream.name
        if error.status == 429:
            told = _seconds(getattr(error, "retry_after", None))
            self._health.leave_alone(name, _SPENDING_LIMIT_PAUSE if told is None else told)
        elif error.code == "upstream_refused_us":
            self._health.leave_alone(name, _REFUSED_US_PAUSE)
        else:
            self._health.failed(name)
            told = _seconds(getattr(error, "retry_after", None))
            if told is not None:
                self._health.leave_alone(name, told)

    def _may_try_again(self, leg: Leg, error: UpstreamFailed) -> bool:
        """Whether the only leg left gets another call: not after a long wait, and not too often."""
        if isinstance(error, UpstreamTimedOut) or self._health.pause(leg.upstream.name):
            return False
        if self._retries_left < 1:
            return False
        self._retries_left -= 1
        return True


def _seconds(retry_after: str | None) -> float | None:
    """A `retry-after` in seconds; dates are rare enough to be taken for a missing one."""
    try:
        return None if retry_after is None else float(retry_after)
    except ValueError:
        return None

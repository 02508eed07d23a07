"""Who has used how much: counters in this process, told to the others through the shared state.

A request is admitted from memory alone. What was counted is added to the shared counters a moment
later, in `run`, and what the others counted comes back with it; while the shared state is away each
process goes on by its own counts. So several processes may together admit what they count within
one round more than the limit, and a single process never does.

    used = what the shared counter said + what we counted since
"""

import asyncio
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

from api.access.limits import DAY, MINUTE, Limits
from api.access.refusals import refusal
from kernel.clock import Clock
from kernel.errors import QuotaExceeded, Unavailable
from kernel.shared_state import SharedState
from kernel.telemetry import counter

_ROUND_SECONDS: Final = 0.25
_SLOT_SECONDS: Final = 5
_REQUESTS, _TOKENS = "requests", "tokens"
# Where a subject's windows of each unit stand.
_PLACES: Final = ((_REQUESTS, (0, 1)), (_TOKENS, (2, 3)))

_alone: Final = counter("quota_rounds_lost", "Rounds in which the shared state did not answer.")


class _Window:
    """One counter that starts anew each `seconds`."""

    __slots__ = ("ends", "index", "known", "limit", "seconds", "starts", "unit", "unsent")

    def __init__(self, unit: str, seconds: int, limit: int) -> None:
        self.unit, self.seconds, self.limit = unit, seconds, limit
        self.index = self.known = self.unsent = self.starts = self.ends = 0

    def used(self, now: float) -> int:
        # Asked two dozen times for each request: compared, not divided.
        if not self.starts <= now < self.ends:
            self._begin(now)
        return self.known + self.unsent

    def add(self, amount: int, now: float) -> None:
        if not self.starts <= now < self.ends:
            self._begin(now)
        self.unsent += amount

    def _begin(self, now: float) -> None:
        self.index, self.known, self.unsent = int(now // self.seconds), 0, 0
        self.starts = self.index * self.seconds
        self.ends = self.starts + self.seconds

    def resets_in(self, now: float) -> float:
        return self.seconds - now % self.seconds


class Subject:
    """The counters of one key, app, address prefix or upstream, or of all callers together."""

    __slots__ = ("elsewhere", "limits", "name", "open", "scope", "slot", "told", "windows")

    def __init__(self, scope: str, name: str, limits: Limits) -> None:
        self.scope, self.name, self.limits = scope, name, limits
        self.open = self.elsewhere = 0
        self.slot = self.told = 0
        self.windows = (
            _Window(_REQUESTS, MINUTE, limits.rpm),
            _Window(_REQUESTS, DAY, limits.rpd),
            _Window(_TOKENS, MINUTE, limits.tpm),
            _Window(_TOKENS, DAY, limits.tpd),
        )

    def fit(self, limits: Limits) -> None:
        """Take on new limits, when the tier has changed; what was counted stays."""
        self.limits = limits
        each = (limits.rpm, limits.rpd, limits.tpm, limits.tpd)
        for window, limit in zip(self.windows, each, strict=True):
            window.limit = limit


#: Seconds, whose, what, and how much of it there is.
_Wait = tuple[float, Subject, str, int]


@dataclass(frozen=True, slots=True)
class Standing:
    """One limit and how much of it is used."""

    scope: str
    unit: str
    window_seconds: int
    limit: int
    used: int
    resets_in: float

    @property
    def remaining(self) -> int:
        return max(0, self.limit - self.used)


class QuotaBook:
    """The counters of this process. Bounded; start `run` where several processes serve."""

    def __init__(
        self, clock: Clock, shared_state: SharedState | None = None, *, capacity: int = 100_000
    ) -> None:
        self._clock, self._shared_state, self._capacity = clock, shared_state, capacity
        self._subjects: OrderedDict[tuple[str, str], Subject] = OrderedDict()
        self._touched: set[Subject] = set()

    def now(self) -> float:
        """Seconds since 1970; windows begin at whole minutes and UTC days."""
        return self._clock.now().timestamp()

    def subject(self, scope: str, name: str, limits: Limits) -> Subject:
        """The counters of a key, an app or a prefix."""
        found = self._subjects.get((scope, name))
        if found is None:
            found = self._subjects[scope, name] = Subject(scope, name, limits)
            if len(self._subjects) > self._capacity:
                self._make_room()
        elif found.limits is not limits and found.limits != limits:
            found.fit(limits)
        return found

    def enter(self, subjects: Sequence[Subject], tokens: int) -> None:
        """Count one request that may use `tokens`, or nothing at all. Raises QuotaExceeded."""
        now = self.now()
        if any(_is_full(subject, tokens, now) for subject in subjects):
            waits = [wait for subject in subjects for wait in _waits(subject, tokens, now)]
            raise _refused(max(waits, key=lambda wait: wait[0]))
        for subject in subjects:
            subject.open += 1
            for window in subject.windows:
                window.add(1 if window.unit == _REQUESTS else min(tokens, window.limit), now)
        self._touched.update(subjects)

    def wait(self, subject: Subject, tokens: int) -> float:
        """Seconds until a request that may use `tokens` fits; 0 where it does now."""
        now = self.now()
        if not _is_full(subject, tokens, now):
            return 0.0
        return max(wait[0] for wait in _waits(subject, tokens, now))

    def count(self, subject: Subject, tokens: int) -> None:
        """Count one request that is not ours to refuse."""
        now = self.now()
        for window in subject.windows:
            window.add(1 if window.unit == _REQUESTS else min(tokens, window.limit), now)
        self._touched.add(subject)

    def set_aside(self, subjects: Sequence[Subject], before: int, tokens: int) -> None:
        """Count the tokens of a request that was entered with fewer. Raises QuotaExceeded."""
        now, waits = self.now(), list[_Wait]()
        for subject in subjects:
            for window in subject.windows[2:]:
                more = min(tokens, window.limit) - min(before, window.limit)
                if window.used(now) + more > window.limit:
                    waits.append((window.resets_in(now), subject, _named(window), window.limit))
        if waits:
            raise _refused(max(waits, key=lambda wait: wait[0]))
        self.correct(subjects, before, 0)
        for subject in subjects:
            for window in subject.windows[2:]:
                window.add(min(tokens, window.limit), now)

    def correct(self, subjects: Iterable[Subject], reserved: int, used: int) -> None:
        """Replace what `enter` reserved by what was really used."""
        now = self.now()
        for subject in subjects:
            for window in subject.windows[2:]:
                window.add(used - min(reserved, window.limit), now)
            self._touched.add(subject)

    def leave(self, subjects: Iterable[Subject]) -> None:
        """The answer has ended, in whatever way."""
        for subject in subjects:
            subject.open -= 1
            self._touched.add(subject)

    def standings(self, subjects: Iterable[Subject]) -> list[Standing]:
        """Every limit that holds for a caller."""
        now = self.now()
        return [
            Standing(
                subject.scope,
                window.unit,
                window.seconds,
                window.limit,
                max(0, window.used(now)),
                window.resets_in(now),
            )
            for subject in subjects
            for window in subject.windows
        ]

    def nearest(self, subjects: Sequence[Subject]) -> list[tuple[str, int, int, float]]:
        """For requests and for tokens: the limit with the least left, what is left, and until when."""
        if not subjects:
            return []
        now = self.now()
        found = []
        for unit, places in _PLACES:
            windows = [subject.windows[place] for subject in subjects for place in places]
            left = [window.limit - max(0, window.used(now)) for window in windows]
            least = min(left)
            window = windows[left.index(least)]
            found.append((unit, window.limit, max(0, least), window.resets_in(now)))
        return found

    async def run(self) -> None:
        """Tell the other processes and hear from them, until cancelled."""
        while self._shared_state is not None:
            await asyncio.sleep(_ROUND_SECONDS)
            await self.exchange()

    async def exchange(self) -> None:
        """One round: send what was counted since the last, take in what the others counted."""
        touched, self._touched = self._touched, set()
        state = self._shared_state
        if state is None:
            return
        try:
            for subject in touched:
                await self._tell(state, subject)
                if subject.open:
                    self._touched.add(subject)
        except Unavailable:
            _alone.inc()
            self._touched |= touched

    async def _tell(self, state: SharedState, subject: Subject) -> None:
        prefix, now = f"quota:{subject.scope}:{subject.name}", self.now()
        for window in subject.windows:
            window.used(now)
            index, sent = window.index, window.unsent
            if sent == 0:
                continue
            key = f"{prefix}:{window.unit}:{window.seconds}:{index}"
            total = await state.add(key, sent, ttl_seconds=window.seconds * 2)
            if window.index == index:
                window.known, window.unsent = total, window.unsent - sent
        # Open answers are told anew in each slot, so that those of a killed process fade by
        # themselves within two slots.
        slot = int(now // _SLOT_SECONDS)
        if slot != subject.slot:
            before = await state.get(f"{prefix}:open:{slot - 1}")
            ours = subject.told if subject.slot == slot - 1 else 0
            subject.elsewhere = max(0, int(before or 0) - ours)
            subject.slot, subject.told = slot, 0
        if subject.open > subject.told:
            more = subject.open - subject.told
            key = f"{prefix}:open:{slot}"
            await state.add(key, more, ttl_seconds=_SLOT_SECONDS * 3)
            subject.told = subject.open

    def _make_room(self) -> None:
        idle = (key for key, subject in self._subjects.items() if not subject.open)
        for key in list(islice(idle, self._capacity // 10)):
            self._touched.discard(self._subjects.pop(key))


def _is_full(subject: Subject, tokens: int, now: float) -> bool:
    if subject.open + subject.elsewhere >= subject.limits.concurrent:
        return True
    minute, day, tokens_minute, tokens_day = subject.windows
    return (
        minute.used(now) >= minute.limit
        or day.used(now) >= day.limit
        or tokens_minute.used(now) + min(tokens, tokens_minute.limit) > tokens_minute.limit
        or tokens_day.used(now) + min(tokens, tokens_day.limit) > tokens_day.limit
    )


def _waits(subject: Subject, tokens: int, now: float) -> Iterator[_Wait]:
    if subject.open + subject.elsewhere >= subject.limits.concurrent:
        yield 1.0, subject, "answers at once", subject.limits.concurrent
    for window in subject.windows:
        # A request that could never fit is let through when the window is fresh.
        amount = 1 if window.unit == _REQUESTS else min(tokens, window.limit)
        if window.used(now) + amount > window.limit:
            yield window.resets_in(now), subject, _named(window), window.limit


def _named(window: _Window) -> str:
    return f"{window.unit} per {'minute' if window.seconds == MINUTE else 'day'}"


def _refused(wait: _Wait) -> QuotaExceeded:
    seconds, subject, what, limit = wait
    return refusal(subject.scope, what, limit, seconds)

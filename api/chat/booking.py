"""What happens after the last byte: the delivered step and the row of the call.

None of it is awaited by an answer. Tasks that outlive their caller are held here, so that they are
neither collected nor forgotten at shutdown. An impression that cannot be recorded is not charged;
a row that cannot be written is counted.
"""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Final

from api.access.key_book import Caller
from api.access.visit import current_visit
from api.chat.answer_gate import Finished
from api.chat.draining import Drained
from api.chat.quality import Judge
from api.chat.usage import CompletionRow, Tokens, tokens_of
from api.solvency.purse import Hold
from api.upstream.prices import cost_of
from api.upstream.room import Room
from api.upstream.routing import Leg, ModelAlias
from kernel.clock import Clock
from kernel.errors import Unavailable
from kernel.group_commit import GroupCommit
from kernel.ids import new_id
from kernel.money import ZERO, Micros
from kernel.telemetry import counter, logger
from tollfree_sdk.contract import AdSource, NoFill, Step, TollfreeField

_RECORD_DEADLINE: Final = 5.0
_MOST_ALONE: Final = 256
_UNKNOWN_AD: Final = "none_placed"

_log = logger(__name__)
_calls: Final = counter("completions", "Calls that reached an upstream.", "status", "stream")
_ads: Final = counter("answers_by_ad", "Finished answers: an ad, or why not.", "outcome")
_lost: Final = counter("records_lost", "Rows and steps that could not be recorded.", "kind")


Worth = Callable[[str, str], Micros | None]


def _nothing_known(_app_id: str, _alias: str) -> None:
    return None


class BookingDesk:
    """Opens a `Booking` for each call; `settle` waits for what is still being recorded."""

    def __init__(
        self, ads: AdSource, completions: GroupCommit[CompletionRow], clock: Clock, room: Room
    ) -> None:
        self.clock, self.judge, self.room = clock, Judge(clock), room
        self.worth: Worth = _nothing_known
        self._ads, self._completions = ads, completions
        self._detached: set[asyncio.Task[None]] = set()
        self._alone: set[Drained] = set()

    def open(self, caller: Caller, alias: ModelAlias, *, stream: bool, arrived: float) -> "Booking":
        return Booking(self, caller, alias, stream=stream, arrived=arrived)

    def detach(self, work: Coroutine[Any, Any, None]) -> None:
        """Let `work` finish on its own; it must not raise."""
        task = asyncio.create_task(work)
        self._detached.add(task)
        task.add_done_callback(self._detached.discard)

    def write(self, row: CompletionRow) -> None:
        try:
            self._completions.put(row)
        except Unavailable:
            _lost.labels("completion").inc()

    def record_delivery(self, decision_id: str) -> None:
        self.detach(self._record(decision_id))

    async def settle(self, *, patiently: bool = False) -> None:
        """Wait for every detached task; call it before the database is closed.

        Calls that go on alone are cut off, and booked by estimate, unless it is done `patiently`.
        """
        for pump in () if patiently else tuple(self._alone):
            pump.cut()
        while self._detached:
            await asyncio.wait(set(self._detached))

    async def drained(self, pump: Drained) -> Any:
        """The usage of a call whose caller has left; None at once where too many go on alone."""
        if len(self._alone) >= _MOST_ALONE:
            pump.cut()
            return None
        self._alone.add(pump)
        try:
            return await pump.usage()
        finally:
            self._alone.discard(pump)

    async def _record(self, decision_id: str) -> None:
        try:
            async with asyncio.timeout(_RECORD_DEADLINE):
                await self._ads.record(decision_id, Step.DELIVERED)
        except Exception as error:  # noqa: BLE001  a process edge: no record, no charge, and counted
            _lost.labels("delivered").inc()
            _log.warning("delivery_not_recorded", decision_id=decision_id, exc_info=error)


class Booking:
    """The notes on one call until its row is written, once."""

    __slots__ = (
        "_alias", "_arrived", "_at", "_caller", "_closed", "_decision_id", "_desk", "_fallbacks",
        "_first_token_ms", "_guess", "_has_ad", "_hold", "_leg", "_outcome", "_pump", "_signals", "_stream",
    )  # fmt: skip

    def __init__(
        self, desk: BookingDesk, caller: Caller, alias: ModelAlias, *, stream: bool, arrived: float
    ) -> None:
        self._desk, self._caller, self._alias = desk, caller, alias
        self._stream, self._arrived, self._at = stream, arrived, desk.clock.now()
        self._leg: Leg = alias.legs[0]
        self._first_token_ms: float | None = None
        self._decision_id: str | None = None
        self._outcome: NoFill | str = _UNKNOWN_AD
        self._has_ad = self._closed = False
        self._fallbacks, self._guess = 0, -1
        self._signals: str | None = None
        self._pump: Drained | None = None
        self._hold: Hold | None = None

    @property
    def upstream(self) -> str:
        return self._leg.upstream.name

    def answered_by(self, leg: Leg, *, fallbacks: int = 0, guess: int = 0) -> None:
        """Note which of the alias's legs the answer came by, and how many were tried in vain.

        `guess` is the number of tokens that the leg's upstream was counted for.
        """
        self._leg, self._fallbacks, self._guess = leg, fallbacks, guess
        if fallbacks and (visit := current_visit()) is not None:
            visit.notes.append((b"x-tollfree-fallbacks", b"%d" % fallbacks))

    def holds(self, hold: Hold | None) -> None:
        """Note what was set aside for the call; it is settled with its row."""
        self._hold = hold

    def goes_on(self, leg: Leg, pump: Drained) -> None:
        """Note that the call is read to its end even when the caller leaves."""
        self._leg, self._pump = leg, pump

    def first_token(self) -> None:
        """Note that the first of the answer is on its way; later calls change nothing."""
        if self._first_token_ms is None:
            self._first_token_ms = self._elapsed_ms()

    def placed(self, field: TollfreeField) -> None:
        """Note what became of the ad."""
        self._decision_id, self._has_ad = field.decision_id, bool(field.ads)
        self._outcome = "ad" if field.ads else field.no_fill_reason or _UNKNOWN_AD

    def judged(self, answer: Finished) -> None:
        """Note what can be seen of the answer's quality; after `placed`."""
        self._signals = self._desk.judge.signals(answer, self._outcome)

    def delivered(self) -> None:
        """The bytes with the ad were handed to the socket: an impression has this step now."""
        _ads.labels(self._outcome).inc()
        if self._has_ad and self._decision_id is not None:
            self._desk.record_delivery(self._decision_id)

    def afterwards(self, work: Coroutine[Any, Any, None]) -> None:
        """Let `work` finish after the answer; it must not raise."""
        self._desk.detach(work)

    def close(self, status: int, tokens: Tokens) -> None:
        """Write the row; the first status stands."""
        if self._closed:
            return
        self._closed = True
        pump = self._pump
        if pump is not None and tokens.estimated:
            self._desk.detach(self._close_drained(pump, status, tokens))
            return
        self._write(status, tokens)

    async def _close_drained(self, pump: Drained, status: int, estimate: Tokens) -> None:
        usage = await self._desk.drained(pump)
        known = tokens_of(usage, sent_bytes=0, answer="")
        self._write(status, estimate if known.estimated else known)

    def _write(self, status: int, tokens: Tokens) -> None:
        visit, hold = current_visit(), self._hold
        # An answer from the cache cost nothing.
        is_kept = visit is not None and visit.is_from_cache
        cost = ZERO if is_kept else cost_of(tokens.counts(), self._leg.price)
        if hold is not None:
            hold.settle(cost.amount)
        if self._guess >= 0:
            self._desk.room.correct(self._leg, self._guess, tokens.prompt + tokens.completion)
        _calls.labels(str(status), "yes" if self._stream else "no").inc()
        self._desk.write(
            CompletionRow(
                id=new_id("cpl"),
                app_id=self._caller.app_id,
                key_id=self._caller.key_id,
                at=self._at,
                model=self._alias.name,
                upstream=self.upstream,
                stream=self._stream,
                status=status,
                prompt_tokens=tokens.prompt,
                completion_tokens=tokens.completion,
                tokens_estimated=tokens.estimated,
                first_token_ms=self._first_token_ms,
                total_ms=self._elapsed_ms(),
                decision_id=self._decision_id,
                ad_outcome=str(self._outcome),
                cost_micros=cost,
                prompt_group=None if visit is None else visit.prompt_group,
                cache=visit.kept_as if visit is not None and is_kept else None,
                forecast_micros=self._desk.worth(self._caller.app_id, self._alias.name),
                slice_id=None if hold is None else hold.slice_id,
                cached_tokens=tokens.cached,
                reasoning_tokens=tokens.reasoning,
                fallbacks=self._fallbacks,
                signals=self._signals,
            )
        )

    def _elapsed_ms(self) -> float:
        return round((self._desk.clock.monotonic() - self._arrived) * 1000, 3)

"""Follow a click: send the reader on, and charge for it once or say why not.

The redirect never fails and never waits long: the address comes from our own row, or from memory
while the database is away. The money fails closed: one transaction holds the click and its charge,
and a click that cannot be shown to be billable is recorded as unbilled. Machines are noted apart,
so that a link preview does not use up the one click of a decision. Clicks that come together are read
and written together, and nobody is told of a charge before it is durable.
"""

import asyncio
from collections.abc import Awaitable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from adserver.catalog.landing import Landing, landings_of
from adserver.catalog.queries import LiveCreative
from adserver.catalog.stops import NOTHING_STOPPED, StopBoard, stops
from adserver.events.batches import Batches
from adserver.events.click_rows import Click, decided_of_each, note_visit, write_clicks
from adserver.events.click_rules import Decided, with_click_id
from adserver.events.known_landings import KnownLandings
from adserver.events.tokens import ClickToken, ClickTokens
from adserver.events.traffic_watch import Visit, Watch
from adserver.events.visitors import Machine, machine
from kernel.clock import Clock
from kernel.database import Database
from kernel.telemetry import counter, logger

_log = logger(__name__)
_clicks = counter("clicks", "Clicks that were followed, by what became of them.", "reason")

# A landing that was read so lately is not read again, where a board is looked at as often.
_BELIEVED_S: Final = 0.2
# Looks at the decision after these pauses: a quarter of a second in all.
_PAUSES_MS: Final = (10, 15, 25, 40, 60, 100)

Asked = TypeVar("Asked")
Found = TypeVar("Found")
_Found = tuple[Landing | None, Decided | None]


@dataclass(frozen=True, slots=True)
class ClickOutcome:
    """Where to send the reader and what became of the charge.

    `url` is None where only a neutral page may be shown. `reason` says why nothing was billed.
    """

    url: str | None
    billed: bool
    reason: str | None = None


class ClickDesk:
    """Follows click links. `programs_pay` lets plain HTTP clients be charged, for trying out."""

    def __init__(
        self,
        database: Database,
        tokens: ClickTokens,
        clock: Clock,
        *,
        programs_pay: bool = False,
        deadline_ms: int = 2_000,
        watch: Watch | None = None,
        board: StopBoard | None = None,
    ) -> None:
        self._database, self._tokens, self._clock = database, tokens, clock
        self._programs_pay, self._deadline_s = programs_pay, deadline_ms / 1000
        self._known, self._watch = KnownLandings(), watch
        self._board, self._stops = board, NOTHING_STOPPED
        self._reads = Batches(self._read_all, lanes=2, worth=32, patience_s=self._deadline_s)
        self._writes = Batches(self._write_all, lanes=2, worth=32, patience_s=self._deadline_s)
        self._tasks: set[asyncio.Future[Any]] = set()

    async def follow(
        self,
        token: str,
        *,
        user_agent: str | None,
        method: str = "GET",
        purpose: str | None = None,
        address: str | None = None,
        insider_of: frozenset[str] = frozenset(),
    ) -> ClickOutcome:
        """What to do about a visit of ``/c/<token>``; never raises for what a visitor can send.

        `address` is where it came from and `insider_of` the organisations of who is signed in.
        """
        visitor = machine(
            method=method,
            user_agent=user_agent,
            purpose=purpose,
            programs_pay=self._programs_pay,
        )
        outcome = await self._follow(token, visitor, Visit(address, insider_of))
        _clicks.labels(outcome.reason or "billed").inc()
        return outcome

    def know(self, creatives: Iterable[LiveCreative]) -> None:
        """Remember where live creatives lead, for moments without a database."""
        self._known.add_live(creatives)

    async def close(self) -> None:
        """Let charges that are under way come to their end."""
        while self._tasks:
            await asyncio.wait(self._tasks)
        await self._reads.close()
        await self._writes.close()

    async def _follow(self, token: str, visitor: Machine | None, visit: Visit) -> ClickOutcome:
        click = self._tokens.read(token)
        if click is None:
            return ClickOutcome(None, billed=False, reason="bad_token")
        found = await _heard(self._reads, click)
        # Without a database the reader still arrives where this ad last led.
        landing, decided = found or (self._known.get(click.creative_number), None)
        if landing is None:
            missing = "unavailable" if found is None else "unknown_creative"
            return ClickOutcome(None, billed=False, reason=missing)
        stopped_by = landing.stopped_by or self._stopped(landing, decided)
        if landing.approved_url is None or stopped_by is not None:
            await self._in_time(self._note(click, stopped_by or "creative_withdrawn"))
            return ClickOutcome(None, billed=False, reason=stopped_by)
        url = with_click_id(landing.approved_url, click.decision_id)
        if visitor is not None:
            await self._in_time(self._note(click, visitor))
            return ClickOutcome(url, billed=False, reason=visitor)
        if self._watch is None and decided is not None and decided.delivered_at is not None:
            unbilled = await _heard(self._writes, Click(click, landing, decided))
        else:
            unbilled = await self._in_time(self._charge(click, landing, decided, visit))
        if unbilled is None:
            # The charge failed or is late, and the reader does not wait for it.
            return ClickOutcome(url, billed=False, reason="unavailable")
        return ClickOutcome(url, billed=not unbilled, reason=unbilled or None)

    async def _read_all(self, clicks: Sequence[ClickToken]) -> list[_Found]:
        now_s = self._clock.monotonic()
        numbers = {click.creative_number for click in clicks}
        decisions = [click.decision_id for click in clicks]
        # A board is looked at four times a second anyway, and so are landings beside it; without
        # one each batch looks itself.
        landings = self._known.of(numbers, now_s - _BELIEVED_S) if self._board else None
        if self._board is not None and landings is not None:
            self._stops = self._board.now()
            async with self._database.glancing() as session:
                decided = await decided_of_each(session, decisions)
        else:
            async with self._database.reading() as session:
                landings = await landings_of(session, numbers)
                decided = await decided_of_each(session, decisions)
                self._stops = self._board.now() if self._board else await stops(session)
            for landing in landings.values():
                self._known.add(landing, now_s)
        return [
            (landings.get(click.creative_number), decided.get(click.decision_id))
            for click in clicks
        ]

    def _stopped(self, landing: Landing, decided: Decided | None) -> str | None:
        return self._stops.reason(
            advertiser_id=landing.advertiser_id,
            creative_id=landing.creative_id,
            app_id=None if decided is None else decided.app_id,
        )

    async def _charge(
        self, token: ClickToken, landing: Landing, decided: Decided | None, visit: Visit
    ) -> str:
        """The reason why the click was not billed; empty when it was."""
        decided = await self._wait_until_durable(token, decided)
        suspicion = None
        if self._watch is not None and decided is not None:
            suspicion = await self._watch.clicked(token.decision_id, decided, landing, visit)
        return await self._writes.ask(Click(token, landing, decided, suspicion))

    async def _write_all(self, clicks: Sequence[Click]) -> list[str]:
        async with self._database.writing() as tx:
            return await write_clicks(tx, clicks, clock=self._clock)

    async def _wait_until_durable(
        self, click: ClickToken, decided: Decided | None
    ) -> Decided | None:
        # Decisions are written in batches, and a quick reader may be here before the batch.
        for pause_ms in _PAUSES_MS:
            if decided is not None and decided.delivered_at is not None:
                return decided
            await asyncio.sleep(pause_ms / 1000)
            _, decided = await self._reads.ask(click)
        return decided

    async def _note(self, click: ClickToken, reason: str) -> bool:
        async with self._database.writing() as tx:
            await note_visit(tx, click.decision_id, reason, at=self._clock.now())
        return True

    async def _in_time(self, work: Awaitable[Found]) -> Found | None:
        """The result, or None when it failed or is late; late work goes on in the background.

        It is never cancelled: a commit cut short would leave us not knowing whether we charged.
        """
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._finished)
        done, _ = await asyncio.wait({task}, timeout=self._deadline_s)
        if not done or task.cancelled() or task.exception() is not None:
            return None
        return task.result()

    def _finished(self, task: "asyncio.Future[Any]") -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (problem := task.exception()) is not None:
            _log.error("click_not_recorded", error=type(problem).__name__)


async def _heard(batches: Batches[Asked, Found], question: Asked) -> Found | None:
    """The answer, or None when it failed or is late; what was asked for goes on either way."""
    try:
        return await batches.put(question)
    except Exception as problem:  # noqa: BLE001  a process edge: the reader goes on
        _log.error("click_not_recorded", error=type(problem).__name__)
        return None

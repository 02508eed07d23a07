"""Every write to Stripe: planned in the transaction of its cause, sent after it, known in the end.

A crash at any point leaves a row that says how far we came. What was unclear is looked up by its id
in the metadata first. While Stripe remembers the key (a day), the same request is then sent again
under the same key; after that, or when the key is known with other words, under a fresh one. Many
writes share the transactions before and after them, so a run over thousands commits hundreds.
"""

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

import sqlalchemy as sa

from advertiser_portal.billing.gateway import (
    Declined,
    Done,
    KeyKnown,
    Operation,
    PaymentGateway,
)
from advertiser_portal.billing.pause import Pause, no_pause
from advertiser_portal.billing.tables import StripeOperation
from kernel.clock import Clock
from kernel.database import Database, WriteSession
from kernel.errors import TollfreeError, Unavailable
from kernel.ids import new_id
from kernel.telemetry import counter, gauge, logger

_log = logger(__name__)
_unclear = counter("stripe_unclear", "Answers of the payment processor that were lost", "kind")
_late = gauge("stripe_late_operations", "Writes to the payment processor open for over an hour")

# Stripe forgets keys after 24 hours; an hour of margin, because its clock is not ours.
KEY_LIVES: Final = timedelta(hours=23)
_LATE: Final = timedelta(hours=1)
OPEN_STATES: Final = ("planned", "sent", "unknown")
_AT_ONCE: Final = 50

Outcome = Done | Declined
Ended = tuple[StripeOperation, Outcome]
# What to do in the ledger once operations are known: given per kind by whoever owns it.
Settle = Callable[[WriteSession, Sequence[Ended]], Awaitable[None]]
SettleOne = Callable[[WriteSession, StripeOperation, Outcome], Awaitable[None]]
# Which planned operations must not be sent any more; asked once, before the first try.
Guard = Callable[[WriteSession, Sequence[StripeOperation]], Awaitable[dict[str, Declined]]]


async def plan(
    tx: WriteSession,
    kind: str,
    owner_id: str,
    params: Mapping[str, Any],
    *,
    clock: Clock,
    operation_id: str | None = None,
) -> str:
    """Write down that `kind` shall be done; returns the operation's id."""
    row = planned(kind, owner_id, params, clock=clock, operation_id=operation_id)
    tx.add(row)
    await tx.flush()
    return row.id


def planned(
    kind: str,
    owner_id: str,
    params: Mapping[str, Any],
    *,
    clock: Clock,
    operation_id: str | None = None,
) -> StripeOperation:
    """The row of a plan, for those who add many at once."""
    operation_id = operation_id or new_id("op")
    return StripeOperation(
        id=operation_id,
        kind=kind,
        owner_id=owner_id,
        idempotency_key=f"tollfree:{operation_id}",
        params=dict(params),
        state="planned",
        created_at=clock.now(),
    )


def each(settle: SettleOne) -> Settle:
    """Settle one after the other, where there is nothing to gain from many at once."""

    async def settle_each(tx: WriteSession, ended: Sequence[Ended]) -> None:
        for row, outcome in ended:
            await settle(tx, row, outcome)

    return settle_each


@dataclass(frozen=True, slots=True)
class _Sending:
    operation: Operation
    tried_before: bool
    key_is_forgotten: bool


class Operations:
    """Sends what was planned and settles what came of it."""

    def __init__(
        self,
        database: Database,
        gateway: PaymentGateway,
        settle: Mapping[str, Settle],
        guards: Mapping[str, Guard] | None = None,
        *,
        clock: Clock,
    ) -> None:
        self._database, self._gateway, self._clock = database, gateway, clock
        self._settle, self._guards = settle, guards or {}

    async def perform(self, operation_id: str) -> Outcome | None:
        """Send one operation and settle it; None when it is not clear yet, or done already.

        Never raises for what the processor does: an unclear answer leaves the row to `resume`.
        """
        return (await self._perform([operation_id], no_pause)).get(operation_id)

    async def perform_all(
        self, operation_ids: Sequence[str], *, pause: Pause = no_pause
    ) -> dict[str, Outcome]:
        """Send many, with a `pause` after each; what became of those that ended."""
        ended: dict[str, Outcome] = {}
        for start in range(0, len(operation_ids), _AT_ONCE):
            ended |= await self._perform(operation_ids[start : start + _AT_ONCE], pause)
        return ended

    async def resume(self, *, older_than: timedelta = timedelta(seconds=30)) -> int:
        """Carry on with everything that a crash or a lost answer left open; returns how many ended."""
        now = self._clock.now()
        async with self._database.reading() as session:
            left = await session.execute(
                sa.select(StripeOperation.id, StripeOperation.created_at)
                .where(
                    StripeOperation.state.in_(OPEN_STATES),
                    StripeOperation.created_at <= now - older_than,
                )
                .order_by(StripeOperation.created_at)
                .limit(200)
            )
            planned_at = {row.id: row.created_at for row in left}
        late = sum(now - at > _LATE for at in planned_at.values())
        _late.set(late)
        if late:
            _log.error("stripe_operations_late", count=late)
        return len(await self.perform_all(list(planned_at)))

    async def _perform(self, operation_ids: Sequence[str], pause: Pause) -> dict[str, Outcome]:
        sendings, refused = await self._start(operation_ids)
        answers: dict[str, Outcome | None] = {}
        for sending in sendings:
            answers[sending.operation.id] = await self._answer(sending)
            await pause()
        await self._finish_all(answers)
        known = {one: outcome for one, outcome in answers.items() if outcome is not None}
        return known | refused

    async def _start(
        self, operation_ids: Sequence[str]
    ) -> tuple[list[_Sending], dict[str, Outcome]]:
        """Mark as sent what is still open, and refuse what its guard refuses."""
        if not operation_ids:
            return [], {}
        async with self._database.writing() as tx:
            rows = await self._open_rows(tx, operation_ids)
            refused = await self._refused(tx, [row for row in rows if not row.attempts])
            sendings = [self._mark_sent(row) for row in rows if row.id not in refused]
            await self._settled(tx, [(row, refused[row.id]) for row in rows if row.id in refused])
        return sendings, dict(refused)

    async def _refused(
        self, tx: WriteSession, rows: Sequence[StripeOperation]
    ) -> dict[str, Declined]:
        refused = dict[str, Declined]()
        for kind, guard in self._guards.items():
            if some := [row for row in rows if row.kind == kind]:
                refused |= await guard(tx, some)
        return refused

    def _mark_sent(self, row: StripeOperation) -> _Sending:
        now, tried = self._clock.now(), row.sent_at is not None
        forgotten = row.sent_at is not None and now - row.sent_at > KEY_LIVES
        row.attempts += 1
        row.state, row.sent_at = "sent", row.sent_at or now
        return _Sending(_as_operation(row), tried, forgotten)

    async def _open_rows(
        self, tx: WriteSession, operation_ids: Sequence[str]
    ) -> list[StripeOperation]:
        """Those that are open, in the order in which they were asked for."""
        found = await tx.scalars(
            sa.select(StripeOperation).where(
                StripeOperation.id.in_(operation_ids), StripeOperation.state.in_(OPEN_STATES)
            )
        )
        rows = {row.id: row for row in found}
        return [rows[one] for one in operation_ids if one in rows]

    async def _answer(self, sending: _Sending) -> Outcome | None:
        try:
            return await self._send(sending)
        except Unavailable:
            _unclear.labels(kind=sending.operation.kind).inc()
            return None

    async def _send(self, sending: _Sending) -> Outcome:
        operation = sending.operation
        if sending.tried_before:
            # A kept server error would be replayed for a day, and a forgotten key makes a double.
            made = await self._gateway.look_up(operation)
            if made is not None:
                return made
        if sending.key_is_forgotten:
            return await self._gateway.perform(await self._rekey(operation.id))
        try:
            return await self._gateway.perform(operation)
        except KeyKnown:
            made = await self._gateway.look_up(operation)
            return made or await self._gateway.perform(await self._rekey(operation.id))

    async def _rekey(self, operation_id: str) -> Operation:
        async with self._database.writing() as tx:
            row = await tx.get_one(StripeOperation, operation_id)
            row.idempotency_key = f"tollfree:{row.id}:{row.attempts}"
            row.sent_at = self._clock.now()
        return _as_operation(row)

    async def _finish_all(self, answers: Mapping[str, Outcome | None]) -> None:
        try:
            await self._finish(answers)
        except TollfreeError:
            if len(answers) < 2:
                raise
            await self._finish_apart(answers)

    async def _finish_apart(self, answers: Mapping[str, Outcome | None]) -> None:
        """One that cannot be settled must not hold back the others; it is raised after them."""
        problems = list[TollfreeError]()
        for one, outcome in answers.items():
            try:
                await self._finish({one: outcome})
            except TollfreeError as problem:
                problems.append(problem)
        if problems:
            raise problems[0]

    async def _finish(self, answers: Mapping[str, Outcome | None]) -> None:
        if not answers:
            return
        async with self._database.writing() as tx:
            ended = list[Ended]()
            for row in await self._open_rows(tx, list(answers)):
                outcome = answers[row.id]
                if outcome is None:
                    row.state = "unknown"
                    _log.warning("stripe_unclear", kind=row.kind, code=row.state)
                else:
                    ended.append((row, outcome))
            await self._settled(tx, ended)

    async def _settled(self, tx: WriteSession, ended: Sequence[Ended]) -> None:
        for row, outcome in ended:
            row.finished_at = self._clock.now()
            if isinstance(outcome, Done):
                row.state, row.stripe_id = "succeeded", outcome.stripe_id
            else:
                row.state, row.error_code = "failed", outcome.code
                row.stripe_id = outcome.intent_id
        for kind, some in _by_kind(ended):
            if kind in self._settle:
                await self._settle[kind](tx, some)


def _by_kind(ended: Sequence[Ended]) -> Iterator[tuple[str, list[Ended]]]:
    for kind in dict.fromkeys(row.kind for row, _outcome in ended):
        yield kind, [one for one in ended if one[0].kind == kind]


def _as_operation(row: StripeOperation) -> Operation:
    return Operation(row.id, row.kind, row.owner_id, row.idempotency_key, row.params)

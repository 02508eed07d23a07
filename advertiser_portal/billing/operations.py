"""Every write to Stripe: planned in the transaction of its cause, sent after it, known in the end.

A crash at any point leaves a row that says how far we came. What was unclear is looked up by its id
in the metadata first. While Stripe remembers the key (a day), the same request is then sent again
under the same key; after that, or when the key is known with other words, under a fresh one.
"""

from collections.abc import Awaitable, Callable, Mapping
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
from advertiser_portal.billing.tables import StripeOperation
from kernel.clock import Clock
from kernel.database import Database, WriteSession
from kernel.errors import Unavailable
from kernel.ids import new_id
from kernel.telemetry import counter, gauge, logger

_log = logger(__name__)
_unclear = counter("stripe_unclear", "Answers of the payment processor that were lost", "kind")
_late = gauge("stripe_late_operations", "Writes to the payment processor open for over an hour")

# Stripe forgets keys after 24 hours; an hour of margin, because its clock is not ours.
KEY_LIVES: Final = timedelta(hours=23)
_LATE: Final = timedelta(hours=1)
OPEN_STATES: Final = ("planned", "sent", "unknown")

# What to do in the ledger once an operation is known: given per kind by whoever owns it.
Outcome = Done | Declined
Settle = Callable[[WriteSession, StripeOperation, Outcome], Awaitable[None]]
# Why a planned operation must not be sent any more; asked once, before the first try.
Guard = Callable[[WriteSession, StripeOperation], Awaitable[Declined | None]]


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
    operation_id = operation_id or new_id("op")
    tx.add(
        StripeOperation(
            id=operation_id,
            kind=kind,
            owner_id=owner_id,
            idempotency_key=f"tollfree:{operation_id}",
            params=dict(params),
            state="planned",
            created_at=clock.now(),
        )
    )
    await tx.flush()
    return operation_id


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
        sending = await self._start(operation_id)
        if not isinstance(sending, _Sending):
            return sending
        try:
            outcome = await self._send(sending)
        except Unavailable:
            _unclear.labels(kind=sending.operation.kind).inc()
            await self._mark(operation_id, "unknown")
            return None
        await self._finish(operation_id, outcome)
        return outcome

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
        ended = 0
        for operation_id in planned_at:
            ended += await self.perform(operation_id) is not None
        return ended

    async def _start(self, operation_id: str) -> _Sending | Declined | None:
        async with self._database.writing() as tx:
            row = await tx.get_one(StripeOperation, operation_id)
            if row.state not in OPEN_STATES:
                return None
            guard = None if row.attempts else self._guards.get(row.kind)
            refused = await guard(tx, row) if guard else None
            if refused is not None:
                await self._settled(tx, row, refused)
                return refused
            now, tried = self._clock.now(), row.sent_at is not None
            forgotten = row.sent_at is not None and now - row.sent_at > KEY_LIVES
            row.attempts += 1
            row.state, row.sent_at = "sent", row.sent_at or now
        return _Sending(_as_operation(row), tried, forgotten)

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

    async def _finish(self, operation_id: str, outcome: Outcome) -> None:
        async with self._database.writing() as tx:
            row = await tx.get_one(StripeOperation, operation_id)
            if row.state not in OPEN_STATES:
                return
            await self._settled(tx, row, outcome)

    async def _settled(self, tx: WriteSession, row: StripeOperation, outcome: Outcome) -> None:
        row.finished_at = self._clock.now()
        if isinstance(outcome, Done):
            row.state, row.stripe_id = "succeeded", outcome.stripe_id
        else:
            row.state, row.error_code = "failed", outcome.code
            row.stripe_id = outcome.intent_id
        if row.kind in self._settle:
            await self._settle[row.kind](tx, row, outcome)

    async def _mark(self, operation_id: str, state: str) -> None:
        async with self._database.writing() as tx:
            row = await tx.get_one(StripeOperation, operation_id)
            if row.state in OPEN_STATES:
                row.state = state
                _log.warning("stripe_unclear", kind=row.kind, code=state)


def _as_operation(row: StripeOperation) -> Operation:
    return Operation(row.id, row.kind, row.owner_id, row.idempotency_key, row.params)

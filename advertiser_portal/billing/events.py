"""What Stripe tells us: stored once and answered at once, acted on by looking again.

An event's own snapshot may be old, doubled or early, so its object is fetched and our books are
brought to its present state; events that wait for us together need one look at their object. Every
order of the same events therefore ends in the same books. An event about something whose cause we
have not committed yet is tried again later.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from advertiser_portal.billing import (
    bank_payouts,
    customers,
    disputes,
    fraud_warnings,
    payouts,
    refunds,
    top_up,
)
from advertiser_portal.billing.gateway import Notice, PaymentGateway
from advertiser_portal.billing.haste import USUAL, Caution
from advertiser_portal.billing.tables import StripeEvent, TopUp
from kernel.clock import Clock
from kernel.database import Database, WriteSession
from kernel.telemetry import logger
from ledger.rows import insert_missing
from ledger.tables import rows_of

_log = logger(__name__)
_GIVE_UP_AFTER: Final = 15
_SHOWN: Final = 100
_LONGEST_WAIT: Final = timedelta(hours=1)
# States of a payment in which no money comes any more by itself.
_OVER: Final = frozenset({"requires_payment_method", "canceled"})

# Which object an event speaks of; everything else is none of our business.
_ABOUT: Mapping[str, str] = {
    "checkout.session.": "session",
    "payment_intent.": "payment",
    "charge.dispute.": "dispute",
    "charge.refund.": "refund",
    "refund.": "refund",
    "account.": "payee",
    "payout.": "bank_payout",
    "radar.early_fraud_warning.": "warning",
}


def about(event_type: str) -> str | None:
    """What kind of object an event speaks of; None for what is none of our business."""
    return next((kind for start, kind in _ABOUT.items() if event_type.startswith(start)), None)


async def receive(database: Database, *notices: Notice, clock: Clock) -> int:
    """Store events, which also queues them in this order; returns how many were new."""
    now, first = clock.now(), clock.now() - timedelta(microseconds=len(notices))
    rows = [
        {
            "event_id": notice.id,
            "type": notice.type,
            "object_id": notice.object_id,
            "received_at": now,
            "next_try_at": first + timedelta(microseconds=place),
            "attempts": 0,
        }
        for place, notice in enumerate(notices)
    ]
    async with database.writing() as tx:
        return len(await insert_missing(tx, rows_of(StripeEvent), rows, "event_id"))


async def dead_events(session: AsyncSession) -> list[StripeEvent]:
    """Events that were given up, oldest first."""
    query = sa.select(StripeEvent).where(StripeEvent.dead_at.is_not(None))
    return list(await session.scalars(query.order_by(StripeEvent.received_at).limit(_SHOWN)))


async def revive(tx: WriteSession, *, clock: Clock) -> int:
    """Queue every event that was given up once more; returns how many there were."""
    revived = await tx.execute(
        sa.update(StripeEvent)
        .where(StripeEvent.dead_at.is_not(None))
        .values(dead_at=None, attempts=0, next_try_at=clock.now())
        .returning(StripeEvent.event_id)
        .execution_options(synchronize_session=False)
    )
    return len(revived.all())


class EventDesk:
    """Acts on stored events."""

    def __init__(
        self,
        database: Database,
        gateway: PaymentGateway,
        *,
        stop_ads: disputes.StopAds,
        clock: Clock,
        caution: Caution = USUAL,
    ) -> None:
        self._database, self._gateway = database, gateway
        self._stop_ads, self._clock, self._caution = stop_ads, clock, caution

    async def drain(self, *, limit: int = 200) -> int:
        """Act on the events that are due, in the order in which they came; returns how many ended."""
        async with self._database.reading() as session:
            due = await session.execute(
                sa.select(StripeEvent.event_id, StripeEvent.type, StripeEvent.object_id)
                .where(
                    StripeEvent.handled_at.is_(None),
                    StripeEvent.dead_at.is_(None),
                    StripeEvent.next_try_at <= self._clock.now(),
                )
                .order_by(StripeEvent.next_try_at)
                .limit(limit)
            )
            notices = [Notice(*row) for row in due]
        return await self._act_on(notices)

    async def _act_on(self, notices: Sequence[Notice]) -> int:
        """One look at each object, however many events speak of it; returns how many events ended."""
        seen: set[tuple[str, str]] = set()
        problems: dict[str, Exception] = {}
        for notice in notices:
            thing = about(notice.type)
            if thing is None or (thing, notice.object_id) in seen:
                continue
            # What failed is tried again with its next event: its cause may have come in between.
            problem = await self._try(thing, notice.object_id)
            if problem is None:
                seen.add((thing, notice.object_id))
            else:
                problems[notice.id] = problem
        handled = [notice.id for notice in notices if notice.id not in problems]
        if notices:
            await self._note(handled, problems)
        return len(handled)

    async def _try(self, thing: str, object_id: str) -> Exception | None:
        try:
            await self.follow(thing, object_id)
        except Exception as problem:  # noqa: BLE001  a process edge: noted on the rows, tried again later
            return problem
        return None

    async def _note(self, handled: Sequence[str], problems: Mapping[str, Exception]) -> None:
        async with self._database.writing() as tx:
            await tx.execute(_handled(handled, self._clock))
            if problems:
                rows = await tx.scalars(
                    sa.select(StripeEvent).where(StripeEvent.event_id.in_(list(problems)))
                )
                for row in list(rows):
                    _postpone(row, problems[row.event_id], self._clock)

    async def follow(self, thing: str, object_id: str) -> None:
        """Bring our books to the present state of one object at the processor."""
        match thing:
            case "session":
                await self._follow_session(object_id)
            case "payment":
                await self._follow_payment(object_id, tax_cents=None)
            case "refund":
                seen = await self._gateway.refund(object_id)
                async with self._database.writing() as tx:
                    await refunds.follow(tx, seen, clock=self._clock)
            case "dispute":
                await self._follow_dispute(object_id)
            case "payee":
                ready = await self._gateway.can_receive(object_id)
                async with self._database.writing() as tx:
                    await payouts.note_payee(tx, object_id, can_receive=ready, clock=self._clock)
            case "warning":
                warned = await self._gateway.warning(object_id)
                async with self._database.writing() as tx:
                    await fraud_warnings.follow(
                        tx, warned, stop_ads=self._stop_ads, clock=self._clock
                    )
            case "bank_payout":
                await bank_payouts.follow(
                    self._database, self._gateway, object_id, clock=self._clock
                )
            case other:
                raise ValueError(f"Nobody follows a {other}.")

    async def _follow_session(self, session_id: str) -> None:
        seen = await self._gateway.session(session_id)
        if seen.mode == "setup" and seen.setup_id and seen.status == "complete":
            await self._keep_card(seen.metadata["owner_id"], setup_id=seen.setup_id)
        if seen.payment_id and seen.payment_status == "paid":
            await self._follow_payment(seen.payment_id, tax_cents=seen.tax_cents)
            if seen.invoice_id:
                await self._note_invoice(seen.payment_id, seen.invoice_id)
        elif seen.status == "expired":
            await self._note_end(seen.metadata["operation_id"], "expired")
        elif seen.payment_id and seen.status == "complete":
            # A delayed payment: on its way still, or failed.
            payment = await self._gateway.payment(seen.payment_id)
            if payment.status in _OVER:
                await self._note_end(seen.metadata["operation_id"], "failed")

    async def _note_end(self, operation_id: str, outcome: str) -> None:
        async with self._database.writing() as tx:
            await top_up.note_end(tx, operation_id, outcome, clock=self._clock)

    async def _follow_payment(self, payment_id: str, *, tax_cents: int | None) -> None:
        seen = await self._gateway.payment(payment_id)
        if "operation_id" not in seen.metadata:
            return
        if seen.status in _OVER and seen.metadata.get("kind") == "recharge":
            # On a hosted page the payer may try another card; here nobody will.
            await self._note_end(seen.metadata["operation_id"], "failed")
        if seen.status != "succeeded":
            return
        if tax_cents is None and seen.metadata.get("kind") == "checkout":
            # The tax stands on the session only; find it by what we planned.
            tax_cents = await self._tax_of(seen.metadata["operation_id"])
        async with self._database.writing() as tx:
            row = await top_up.credit(
                tx, seen, tax_cents=tax_cents or 0, clock=self._clock, caution=self._caution
            )
        if row is not None and not row.automatic and seen.card_id:
            await self._keep_card_of_payment(row.operation_id, row.advertiser_id, seen.card_id)

    async def _tax_of(self, operation_id: str) -> int:
        async with self._database.reading() as session:
            operation = await top_up.operation_of(session, operation_id)
        if operation.stripe_id is None:
            raise LookupError("The checkout of this payment is not in our books yet.")
        return (await self._gateway.session(operation.stripe_id)).tax_cents

    async def _follow_dispute(self, dispute_id: str) -> None:
        seen = await self._gateway.dispute(dispute_id)
        async with self._database.writing() as tx:
            await disputes.follow(tx, seen, stop_ads=self._stop_ads, clock=self._clock)

    async def _keep_card(self, advertiser_id: str, *, setup_id: str) -> None:
        card = await self._gateway.saved_card(setup_id)
        if card is not None:
            async with self._database.writing() as tx:
                await customers.keep_card(tx, advertiser_id, card)

    async def _keep_card_of_payment(
        self, operation_id: str, advertiser_id: str, card_id: str
    ) -> None:
        async with self._database.reading() as session:
            operation = await top_up.operation_of(session, operation_id)
        if operation.params.get("save_card"):
            card = await self._gateway.card(card_id)
            async with self._database.writing() as tx:
                await customers.keep_card(tx, advertiser_id, card)

    async def _note_invoice(self, payment_id: str, invoice_id: str) -> None:
        invoice = await self._gateway.invoice(invoice_id)
        async with self._database.writing() as tx:
            row = await tx.get(TopUp, payment_id)
            if row is not None:
                row.invoice_url, row.invoice_pdf = invoice.page, invoice.pdf


def _handled(event_ids: Sequence[str], clock: Clock) -> sa.Update:
    events = rows_of(StripeEvent)
    return (
        sa.update(events)
        .where(events.c.event_id.in_(event_ids))
        .values(attempts=events.c.attempts + 1, handled_at=clock.now(), last_error=None)
    )


def _postpone(row: StripeEvent, problem: Exception, clock: Clock) -> None:
    now = clock.now()
    row.attempts += 1
    row.last_error = type(problem).__name__
    row.next_try_at = now + min(timedelta(seconds=2**row.attempts), _LONGEST_WAIT)
    if row.attempts >= _GIVE_UP_AFTER:
        row.dead_at = now
        _log.error("stripe_event_dead", kind=row.type, attempts=row.attempts)

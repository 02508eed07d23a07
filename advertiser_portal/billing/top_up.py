"""Adding funds: a hosted page, then one credit by payment intent, whoever tells us first.

The redirect back proves nothing; the page polls our own state. Two webhooks, our own fetch and the
reconciliation may all arrive with the same payment, together: the row's primary key and the
ledger's key let one through.
"""

from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from advertiser_portal.billing import debts, haste, papers, recharge
from advertiser_portal.billing.gateway import Payment, cents, micros
from advertiser_portal.billing.haste import USUAL, Caution
from advertiser_portal.billing.operations import plan
from advertiser_portal.billing.tables import StripeOperation, TopUp
from kernel.clock import Clock
from kernel.database import WriteSession
from kernel.errors import BadRequest, Forbidden, NotFound
from kernel.ids import new_id
from kernel.money import Micros
from ledger import journal, till_postings
from ledger.rows import insert_missing
from ledger.tables import rows_of

SMALLEST: Final = Micros.from_units(10)
LARGEST: Final = Micros.from_units(25_000)
PRESETS: Final = tuple(Micros.from_units(units) for units in (25, 100, 500, 2_000))


@dataclass(frozen=True, slots=True)
class Returns:
    """Where the hosted page sends the browser back to; `{operation}` becomes the operation's id."""

    success_url: str
    cancel_url: str


async def plan_top_up(
    tx: WriteSession,
    advertiser_id: str,
    amount: Micros,
    *,
    customer: str,
    save_card: bool,
    tax: bool,
    returns: Returns,
    clock: Clock,
    caution: Caution = USUAL,
) -> str:
    """Plan a checkout over `amount` net of tax; returns the operation.

    Raises BadRequest for an amount outside the bounds, Forbidden when a new advertiser has paid in
    too much today.
    """
    if not SMALLEST <= amount <= LARGEST:
        raise BadRequest(
            f"Add between {SMALLEST.text()} and {LARGEST.text()} at a time.", param="amount"
        )
    if amount.amount % 10_000:
        raise BadRequest("Give whole cents.", param="amount")
    await _refuse_haste(tx, advertiser_id, amount, caution, clock)
    operation_id = new_id("op")
    params = {
        "customer": customer,
        "cents": cents(amount),
        "save_card": save_card,
        "tax": tax,
        "success_url": returns.success_url.replace("{operation}", operation_id),
        "cancel_url": returns.cancel_url,
    }
    return await plan(tx, "checkout", advertiser_id, params, clock=clock, operation_id=operation_id)


async def credit(
    tx: WriteSession,
    payment: Payment,
    *,
    tax_cents: int,
    clock: Clock,
    caution: Caution = USUAL,
) -> TopUp | None:
    """Credit a payment once; None for one that is not paid or not an advertiser's.

    Raises LookupError when the operation is not ours yet: an event can overtake our own commit.
    """
    operation_id = payment.metadata.get("operation_id")
    if payment.status != "succeeded" or operation_id is None:
        return None
    operation = await operation_of(tx, operation_id)
    net, tax = micros(payment.amount_cents - tax_cents), micros(tax_cents)
    paid = {
        "payment_intent_id": payment.id,
        "advertiser_id": operation.owner_id,
        "operation_id": operation_id,
        "charge_id": payment.charge_id,
        "net": net,
        "tax": tax,
        "automatic": operation.kind == "recharge",
        "created_at": clock.now(),
    }
    # Inserted unless there: of two that bring the same payment, the second finds it credited.
    new = await insert_missing(tx, rows_of(TopUp), [paid])
    row = await tx.get_one(TopUp, payment.id)
    if not new:
        return row
    booked = till_postings.paid_top_up(
        operation.owner_id, net=net, tax=tax, key=f"top_up:{payment.id}"
    )
    await journal.post(tx, booked, clock=clock)
    await haste.cap_if_first(tx, row.advertiser_id, before=payment.id, caution=caution, clock=clock)
    await debts.settle(tx, operation.owner_id, because=payment.id, clock=clock)
    await papers.issue_receipt(tx, row, clock=clock)
    if operation.kind == "recharge":
        await recharge.note_credit(tx, operation)
    operation.outcome = "paid"
    return row


async def note_end(tx: WriteSession, operation_id: str, outcome: str, *, clock: Clock) -> None:
    """A page was left unpaid, or a delayed payment failed; a payment that came is not undone."""
    operation = await operation_of(tx, operation_id)
    if operation.outcome is not None:
        return
    if operation.kind == "recharge" and operation.state == "succeeded":
        await recharge.note_refusal(tx, operation, "payment_failed", clock=clock)
    elif operation.kind != "recharge":
        operation.outcome = outcome


async def operation_of(session: AsyncSession, operation_id: str) -> StripeOperation:
    """The operation behind a payment. Raises LookupError when it is not in our books yet."""
    found = await session.get(StripeOperation, operation_id)
    if found is None:
        raise LookupError("This payment's operation is not in our books yet.")
    return found


async def asked_for(
    session: AsyncSession, operation_id: str, advertiser_id: str
) -> StripeOperation:
    """A payment that this advertiser asked for. Raises NotFound."""
    found = await session.get(StripeOperation, operation_id)
    if found is None or found.owner_id != advertiser_id or found.kind != "checkout":
        raise NotFound("There is no such payment of yours.")
    return found


async def top_ups_of(
    session: AsyncSession, advertiser_id: str, *, before: str = "", limit: int = 50
) -> list[TopUp]:
    """The latest payments of an advertiser, newest first; `before` one of them, when it is named."""
    place = (TopUp.created_at, TopUp.payment_intent_id)
    query = sa.select(TopUp).where(TopUp.advertiser_id == advertiser_id)
    if before:
        last = sa.select(*place).where(
            TopUp.payment_intent_id == before, TopUp.advertiser_id == advertiser_id
        )
        query = query.where(sa.tuple_(*place) < last.scalar_subquery())
    newest = query.order_by(*(one.desc() for one in place)).limit(limit)
    return list(await session.scalars(newest))


async def _refuse_haste(
    tx: WriteSession, advertiser_id: str, amount: Micros, caution: Caution, clock: Clock
) -> None:
    room = await haste.room_today(tx, advertiser_id, caution=caution, clock=clock)
    if room is not None and amount > room:
        raise Forbidden(
            f"In the first {haste.NEW_FOR_DAYS} days at most {caution.top_ups.text()} can be added within 24 hours. "
            "Write to us if you need more now.",
            code="top_up_limit",
        )

"""Refund of unspent cash: hold first, send, then book what became of it.

Only cash goes back, never promotional money, to the cards it came from, newest payment first. Each
payment refunded is one operation with its own hold; a refund that fails gives its hold back.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from advertiser_portal.billing import notices
from advertiser_portal.billing.gateway import CENT, Declined, Done, Refund, cents
from advertiser_portal.billing.operations import Outcome, SettleOne, plan
from advertiser_portal.billing.tables import DisputeRow, RefundRow, StripeOperation, TopUp
from kernel.clock import Clock
from kernel.database import WriteSession
from kernel.errors import BadRequest
from kernel.money import ZERO, Micros
from ledger import journal, till_postings
from ledger.account import cash
from ledger.balances import balance


@dataclass(frozen=True, slots=True)
class Part:
    """What one payment gives back: cash and the tax that came with it, both whole cents."""

    payment_intent_id: str
    cash: Micros
    tax: Micros


async def refundable(session: AsyncSession, advertiser_id: str) -> Micros:
    """How much could be refunded now: unspent, and still covered by payments."""
    return sum((part.cash for part in await _parts(session, advertiser_id, None)), ZERO)


async def refunds_of(
    session: AsyncSession,
    advertiser_id: str,
    *,
    before: str = "",
    only: Sequence[str] | None = None,
    limit: int = 200,
) -> list[RefundRow]:
    """Refunds of an advertiser, newest first: those `before` one, or `only` some."""
    query = sa.select(RefundRow).where(RefundRow.advertiser_id == advertiser_id)
    if before:
        query = query.where(RefundRow.operation_id < before)
    if only is not None:
        query = query.where(RefundRow.operation_id.in_(only))
    return list(await session.scalars(query.order_by(RefundRow.operation_id.desc()).limit(limit)))


async def plan_refund(
    tx: WriteSession, advertiser_id: str, amount: Micros | None, *, clock: Clock
) -> list[str]:
    """Hold and plan refunds over `amount` of cash, all of it when None; returns the operations.

    Raises BadRequest when there is nothing to refund, or less than asked.
    """
    parts = await _parts(tx, advertiser_id, amount)
    found = sum((part.cash for part in parts), ZERO)
    if not found:
        raise BadRequest("There is no unspent cash to refund.", param="amount")
    if amount is not None and found < amount:
        raise BadRequest(f"At most {found.text()} can be refunded now.", param="amount")
    return await _plan_parts(tx, advertiser_id, parts, clock)


async def plan_rest(tx: WriteSession, paid: TopUp, *, clock: Clock) -> list[str]:
    """Hold and plan a refund of what is unspent of one payment; nothing when all of it is spent."""
    parts = await _parts(tx, paid.advertiser_id, None, only=paid.payment_intent_id)
    return await _plan_parts(tx, paid.advertiser_id, parts, clock)


async def _plan_parts(
    tx: WriteSession, advertiser_id: str, parts: list[Part], clock: Clock
) -> list[str]:
    operation_ids = []
    for part in parts:
        params = {"payment": part.payment_intent_id, "cents": cents(part.cash + part.tax)}
        operation_id = await plan(tx, "refund", advertiser_id, params, clock=clock)
        tx.add(
            RefundRow(
                operation_id=operation_id,
                advertiser_id=advertiser_id,
                payment_intent_id=part.payment_intent_id,
                cash=part.cash,
                tax=part.tax,
                state="held",
                created_at=clock.now(),
            )
        )
        held = till_postings.refund_hold(
            advertiser_id, net=part.cash, tax=part.tax, key=f"refund:{operation_id}:held"
        )
        await journal.post(tx, held, clock=clock)
        operation_ids.append(operation_id)
    return operation_ids


def settle_refund(clock: Clock) -> SettleOne:
    """What to do when a refund was accepted or refused by the processor."""

    async def settle(tx: WriteSession, row: StripeOperation, outcome: Outcome) -> None:
        refund = await tx.get_one(RefundRow, row.id)
        match outcome:
            case Done(stripe_id=stripe_id):
                refund.stripe_refund_id = stripe_id
            case Declined():
                await _give_back(tx, refund, clock)

    return settle


async def follow(tx: WriteSession, seen: Refund, *, clock: Clock) -> None:
    """Bring our books to what the processor says of a refund; safe to repeat, in any order.

    Raises LookupError for a refund whose operation is not ours yet.
    """
    operation_id = seen.metadata.get("operation_id", "")
    refund = await tx.get(RefundRow, operation_id)
    if refund is None:
        raise LookupError("This refund is not in our books yet.")
    refund.stripe_refund_id = seen.id
    total = refund.cash + refund.tax
    if seen.status == "succeeded" or seen.came_back:
        paid = till_postings.refund_paid(
            refund.advertiser_id, total, key=f"refund:{operation_id}:paid"
        )
        await journal.post(tx, paid, clock=clock)
        if refund.state == "held":
            refund.state = "paid"
    if seen.status in {"failed", "canceled"} and refund.state != "failed":
        if seen.came_back:
            returned = till_postings.refund_returned(
                refund.advertiser_id, total, key=f"refund:{operation_id}:returned"
            )
            await journal.post(tx, returned, clock=clock)
        await _give_back(tx, refund, clock)


async def _give_back(tx: WriteSession, refund: RefundRow, clock: Clock) -> None:
    undone = till_postings.refund_released(
        refund.advertiser_id,
        net=refund.cash,
        tax=refund.tax,
        key=f"refund:{refund.operation_id}:released",
    )
    await journal.post(tx, undone, clock=clock)
    refund.state = "failed"
    amount = (refund.cash + refund.tax).text()
    await notices.tell(tx, "refund_failed", refund.advertiser_id, clock=clock, amount=amount)


async def _parts(
    session: AsyncSession, advertiser_id: str, amount: Micros | None, *, only: str | None = None
) -> list[Part]:
    available = (await balance(session, cash(advertiser_id))).available
    wanted = available if amount is None else min(amount, available)
    # Cards are refunded in whole cents; the rest of a cent stays in the wallet.
    left = Micros(wanted.amount // CENT * CENT)
    parts: list[Part] = []
    for paid, cash_left, tax_left in await _open_payments(session, advertiser_id):
        taken = min(left, cash_left)
        if taken <= ZERO or only not in {None, paid.payment_intent_id}:
            continue
        last = taken == cash_left
        tax = (
            tax_left
            if last
            else Micros(paid.tax.amount * taken.amount // paid.net.amount // CENT * CENT)
        )
        parts.append(Part(paid.payment_intent_id, taken, tax))
        left -= taken
    return parts


async def _open_payments(
    session: AsyncSession, advertiser_id: str
) -> list[tuple[TopUp, Micros, Micros]]:
    """Payments that can still give money back, newest first, with what is left of each."""
    payments = await session.scalars(
        sa.select(TopUp)
        .where(TopUp.advertiser_id == advertiser_id)
        .order_by(TopUp.created_at.desc(), TopUp.payment_intent_id)
    )
    refunds = list(
        await session.scalars(
            sa.select(RefundRow).where(
                RefundRow.advertiser_id == advertiser_id, RefundRow.state != "failed"
            )
        )
    )
    disputed = set(
        await session.scalars(
            sa.select(DisputeRow.charge_id).where(DisputeRow.advertiser_id == advertiser_id)
        )
    )
    found = []
    for paid in payments:
        if paid.charge_id in disputed:
            continue
        taken = [refund for refund in refunds if refund.payment_intent_id == paid.payment_intent_id]
        cash_left = paid.net - sum((refund.cash for refund in taken), ZERO)
        tax_left = paid.tax - sum((refund.tax for refund in taken), ZERO)
        found.append((paid, cash_left, tax_left))
    return found

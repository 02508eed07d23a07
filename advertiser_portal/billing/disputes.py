"""Chargebacks: booked when the money leaves, not months later when the bank decides.

What was withdrawn comes from the tax, then the wallet, then the advertiser's debt; a win puts back
exactly what was taken. While a debt stands, the advertiser's campaigns are paused and the card is
not charged by itself. Publishers are not asked to pay for an advertiser's chargeback.
"""

from collections.abc import Awaitable, Callable

import sqlalchemy as sa

from advertiser_portal.billing import debts, notices
from advertiser_portal.billing.gateway import CENT, Dispute, micros
from advertiser_portal.billing.tables import AutoRecharge, DisputeRow, RefundRow, TopUp
from kernel.clock import Clock
from kernel.database import WriteSession
from kernel.money import ZERO, Micros
from ledger import journal, till_postings
from ledger.account import cash
from ledger.balances import balance
from ledger.postings import reversal
from ledger.recorded import posting_of

# Stops an advertiser's campaigns; given by the composition root, so that this room needs no words
# of the catalog.
StopAds = Callable[[WriteSession, str], Awaitable[None]]


async def follow(tx: WriteSession, seen: Dispute, *, stop_ads: StopAds, clock: Clock) -> None:
    """Bring our books to what the processor says of a dispute; safe to repeat, in any order.

    Raises LookupError for a dispute about a payment that we have not credited yet.
    """
    paid = await payment_behind(tx, seen.charge_id, seen.payment_id)
    row = await tx.get(DisputeRow, seen.id)
    if row is None:
        row = DisputeRow(
            dispute_id=seen.id,
            advertiser_id=paid.advertiser_id,
            charge_id=seen.charge_id,
            amount=micros(seen.amount_cents),
            status=seen.status,
            withdrawn=False,
            reinstated=False,
            created_at=clock.now(),
        )
        tx.add(row)
    # A closed dispute does not open again: an older look must not undo a newer one.
    if row.status not in {"won", "lost"}:
        row.status = seen.status
    if seen.withdrawn_cents and not row.withdrawn:
        await _withdraw(tx, row, paid, micros(seen.withdrawn_cents), clock)
        await stop_ads(tx, row.advertiser_id)
    if seen.reinstated_cents and row.withdrawn and not row.reinstated:
        await _reinstate(tx, row, clock)


async def payment_behind(tx: WriteSession, charge_id: str, payment_id: str | None) -> TopUp:
    """The credited payment of a charge. Raises LookupError while it is not in our books."""
    paid = await tx.scalar(
        sa.select(TopUp).where(
            sa.or_(TopUp.charge_id == charge_id, TopUp.payment_intent_id == payment_id)
        )
    )
    if paid is None:
        raise LookupError("The payment behind this is not in our books yet.")
    return paid


async def _withdraw(
    tx: WriteSession, row: DisputeRow, paid: TopUp, amount: Micros, clock: Clock
) -> None:
    tax = await _tax_part(tx, paid, amount)
    net = amount - tax
    available = (await balance(tx, cash(row.advertiser_id))).available
    from_cash = min(net, available)
    posting = till_postings.dispute_withdrawn(
        row.advertiser_id,
        tax=tax,
        from_cash=from_cash,
        owed=net - from_cash,
        key=f"dispute:{row.dispute_id}:withdrawn",
    )
    await journal.post(tx, posting, clock=clock)
    row.withdrawn = True
    await stop_recharge(tx, row.advertiser_id, "dispute")
    told = amount.text()
    await notices.tell(tx, "dispute_opened", row.advertiser_id, clock=clock, amount=told)


async def stop_recharge(tx: WriteSession, advertiser_id: str, why: str) -> None:
    """The saved card is not charged any more until somebody turns it on again."""
    rule = await tx.get(AutoRecharge, advertiser_id)
    if rule is not None:
        rule.enabled, rule.last_error = False, why


async def _reinstate(tx: WriteSession, row: DisputeRow, clock: Clock) -> None:
    booked = await posting_of(tx, f"dispute:{row.dispute_id}:withdrawn")
    assert booked is not None, "A withdrawn dispute has its posting."
    undone = reversal(booked, f"dispute:{row.dispute_id}:reinstated")
    await journal.post(tx, undone, clock=clock)
    row.reinstated = True
    await debts.settle(tx, row.advertiser_id, because=row.dispute_id, clock=clock)


async def _tax_part(tx: WriteSession, paid: TopUp, amount: Micros) -> Micros:
    """The share of tax in what was withdrawn: all that refunds have left, if the rest is taken."""
    refunded = await tx.scalars(
        sa.select(RefundRow).where(
            RefundRow.payment_intent_id == paid.payment_intent_id, RefundRow.state != "failed"
        )
    )
    rows = list(refunded)
    tax_left = paid.tax - sum((refund.tax for refund in rows), ZERO)
    total_left = paid.net + paid.tax - sum((refund.cash + refund.tax for refund in rows), ZERO)
    if amount >= total_left or not total_left:
        return min(tax_left, amount)
    share = tax_left.amount * amount.amount // total_left.amount
    return Micros(share // CENT * CENT)

"""Early fraud warnings: give back what is unspent before the bank takes it, with a fee.

A card network warns days before a dispute. While a refund still prevents it, what is unspent of
that payment goes back, campaigns pause, and the card is not charged by itself any more. What was
spent stays spent: the publishers who showed the ads are paid.
"""

from advertiser_portal.billing import notices, refunds
from advertiser_portal.billing.disputes import StopAds, payment_behind, stop_recharge
from advertiser_portal.billing.gateway import Warned
from advertiser_portal.billing.tables import FraudWarning
from kernel.clock import Clock
from kernel.database import WriteSession
from ledger.rows import insert_missing
from ledger.tables import rows_of


async def follow(tx: WriteSession, seen: Warned, *, stop_ads: StopAds, clock: Clock) -> list[str]:
    """Act on a warning once; returns the refunds that were planned.

    Raises LookupError for a warning about a payment that we have not credited yet.
    """
    paid = await payment_behind(tx, seen.charge_id, seen.payment_id)
    if not seen.actionable:
        return []
    row = {
        "warning_id": seen.id,
        "advertiser_id": paid.advertiser_id,
        "payment_intent_id": paid.payment_intent_id,
        "created_at": clock.now(),
    }
    if not await insert_missing(tx, rows_of(FraudWarning), [row]):
        return []
    await stop_ads(tx, paid.advertiser_id)
    await stop_recharge(tx, paid.advertiser_id, "fraud_warning")
    amount = (paid.net + paid.tax).text()
    await notices.tell(tx, "fraud_warning", paid.advertiser_id, clock=clock, amount=amount)
    return await refunds.plan_rest(tx, paid, clock=clock)

"""What the billing page shows, read in one look: balances, payments, card, rules, movements."""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from advertiser_portal.billing import refunds, top_up
from advertiser_portal.billing.tables import AutoRecharge, BillingCustomer, TopUp
from kernel.clock import Clock
from kernel.money import ZERO, Micros
from ledger.account import cash
from ledger.balances import StatementLine, balances, statement

_SHOWN_FOR = timedelta(days=90)
_LINES = 100


@dataclass(frozen=True, slots=True)
class BillingOverview:
    """`available` may be spent, `owed` is a debt after a chargeback, `refundable` could go back.

    `days_left` is how long the balance lasts at the pace of the last seven days; None without spend.
    """

    available: Micros
    owed: Micros
    refundable: Micros
    days_left: int | None
    customer: BillingCustomer | None
    rule: AutoRecharge | None
    payments: tuple[TopUp, ...]
    movements: tuple[StatementLine, ...]


async def billing_overview(
    session: AsyncSession, advertiser_id: str, *, clock: Clock
) -> BillingOverview:
    """Everything about one advertiser's money."""
    wallet, debt = cash(advertiser_id), f"adv:{advertiser_id}:receivable"
    found = await balances(session, [wallet, debt])
    moved = await statement(session, wallet, since=clock.now() - _SHOWN_FOR)
    week = clock.now() - timedelta(days=7)
    spent = -sum(
        (line.change for line in moved.lines if line.kind == "charge" and line.at >= week), ZERO
    )
    available = found[wallet].available
    return BillingOverview(
        available=available,
        owed=found[debt].posted,
        refundable=await refunds.refundable(session, advertiser_id),
        days_left=available.amount * 7 // spent.amount if spent else None,
        customer=await session.get(BillingCustomer, advertiser_id),
        rule=await session.get(AutoRecharge, advertiser_id),
        payments=tuple(await top_up.top_ups_of(session, advertiser_id)),
        movements=tuple(reversed(moved.lines))[:_LINES],
    )

"""What the billing page shows, read in one look: balances, payments, card, rules, movements."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from advertiser_portal.billing import refunds, top_up
from advertiser_portal.billing.tables import AutoRecharge, BillingCustomer, RefundRow, TopUp
from kernel.clock import Clock
from kernel.money import ZERO, Micros
from ledger.account import cash, promo
from ledger.balances import StatementLine, balances, charged_since, latest_lines
from ledger.caps import DayCap, caps_on
from ledger.tables import LedgerGrant

_SHOWN_FOR = timedelta(days=90)
_LINES = 100


@dataclass(frozen=True, slots=True)
class GrantLeft:
    """What is left of promotional money, and until when it may be spent."""

    left: Micros
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class BillingOverview:
    """`available` may be spent, `grants` are spent before it, `on_hold` is on its way back to a card.

    `owed` is a debt after a chargeback, `refundable` could go back. `cap` is what a new advertiser
    may spend in a day.

    `days_left` is how long the balance lasts at the pace of the last seven days; None without spend.
    """

    available: Micros
    grants: tuple[GrantLeft, ...]
    on_hold: Micros
    owed: Micros
    cap: DayCap | None
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
    latest = await latest_lines(session, wallet, limit=_LINES)
    since = clock.now() - _SHOWN_FOR
    spent = await charged_since(session, wallet, clock.now() - timedelta(days=7))
    available = found[wallet].available
    return BillingOverview(
        available=available,
        grants=await _grants(session, advertiser_id, clock),
        on_hold=await _on_hold(session, advertiser_id),
        owed=found[debt].posted,
        cap=(await caps_on(session, [advertiser_id], clock.now())).get(advertiser_id),
        refundable=await refunds.refundable(session, advertiser_id),
        days_left=available.amount * 7 // spent.amount if spent else None,
        customer=await session.get(BillingCustomer, advertiser_id),
        rule=await session.get(AutoRecharge, advertiser_id),
        payments=tuple(await top_up.top_ups_of(session, advertiser_id)),
        movements=tuple(line for _, line in latest if line.at >= since),
    )


async def _grants(session: AsyncSession, advertiser_id: str, clock: Clock) -> tuple[GrantLeft, ...]:
    given = list(
        await session.scalars(
            sa.select(LedgerGrant)
            .where(LedgerGrant.advertiser_id == advertiser_id, LedgerGrant.expires_at > clock.now())
            .order_by(LedgerGrant.expires_at)
        )
    )
    held = await balances(session, [promo(advertiser_id, grant.id) for grant in given])
    left = [(held[promo(advertiser_id, one.id)].available, one.expires_at) for one in given]
    return tuple(GrantLeft(amount, until) for amount, until in left if amount)


async def _on_hold(session: AsyncSession, advertiser_id: str) -> Micros:
    held = await session.execute(
        sa.select(RefundRow.cash, RefundRow.tax).where(
            RefundRow.advertiser_id == advertiser_id, RefundRow.state == "held"
        )
    )
    return sum((row.cash + row.tax for row in held), ZERO)

"""Which accounts an advertiser pays from, and in which order.

Promotional money goes first, the grant that expires soonest before the others, and then cash. A
grant that has expired pays for nothing any more, whether or not its rest was taken back yet.
"""

from collections.abc import Collection
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.money import ZERO, Micros
from ledger.account import cash, promo
from ledger.balances import balances
from ledger.caps import caps_on
from ledger.rows import is_among
from ledger.tables import LedgerGrant


async def pockets_of(
    session: AsyncSession, payers: Collection[str], at: datetime
) -> dict[str, list[str]]:
    """The accounts of each payer in the order in which they are spent."""
    rows = await session.execute(
        sa.select(LedgerGrant.id, LedgerGrant.advertiser_id)
        .where(
            is_among(session, LedgerGrant.advertiser_id, sorted(payers)),
            LedgerGrant.expires_at > at,
        )
        .order_by(LedgerGrant.expires_at, LedgerGrant.id)
    )
    found: dict[str, list[str]] = {payer: [] for payer in payers}
    for grant_id, payer in rows:
        found[payer].append(promo(payer, grant_id))
    return {payer: [*grants, cash(payer)] for payer, grants in found.items()}


async def spendable(
    session: AsyncSession, payers: Collection[str], at: datetime
) -> dict[str, Micros]:
    """What each payer could spend at `at`: promotional money included, a daily cap obeyed."""
    pockets = await pockets_of(session, payers, at)
    held = await balances(session, [code for codes in pockets.values() for code in codes])
    caps = await caps_on(session, payers, at)
    sums = {
        payer: sum((held[code].available for code in codes), start=ZERO)
        for payer, codes in pockets.items()
    }
    return {
        payer: min(amount, caps[payer].left) if payer in caps else amount
        for payer, amount in sums.items()
    }

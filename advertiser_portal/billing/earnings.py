"""What a publisher sees of its money: earned and held, payable, on its way, paid.

The ledger makes earnings payable after its hold period; from the threshold on they are paid.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from advertiser_portal.billing.payout_tables import Payout, PublisherPayee
from kernel.clock import Clock
from kernel.money import ZERO, Micros
from ledger.balances import balances
from ledger.earnings import HOLD_PERIOD, matured

_SOON: Final = timedelta(days=7)
_SHOWN: Final = 24


@dataclass(frozen=True, slots=True)
class Earnings:
    """What a publisher sees of its money: `ripe_next` of `accruing` is released within a week."""

    accruing: Micros
    payable: Micros
    on_its_way: Micros
    ripe_next: Micros
    payouts: tuple[Payout, ...]
    payee: PublisherPayee | None


async def earnings_of(session: AsyncSession, publisher_id: str, *, clock: Clock) -> Earnings:
    """Balances, history and account of one publisher."""
    names = ("accruing", "payable", "payout_in_flight")
    codes = [f"pub:{publisher_id}:{name}" for name in names]
    found = await balances(session, codes)
    payouts = await session.scalars(
        sa.select(Payout)
        .where(Payout.publisher_id == publisher_id)
        .order_by(Payout.created_at.desc())
        .limit(_SHOWN)
    )
    soon = clock.now() - HOLD_PERIOD + _SOON
    return Earnings(
        accruing=found[codes[0]].posted,
        payable=found[codes[1]].posted,
        on_its_way=found[codes[2]].posted,
        ripe_next=max(await matured(session, publisher_id, soon), ZERO),
        payouts=tuple(payouts),
        payee=await session.get(PublisherPayee, publisher_id),
    )

"""What of the till needs a person: events given up, writes that stay open, money unexplained.

Reads only. The command line, the operators' page and the reconciliation say the same of it.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from advertiser_portal.billing.events import dead_events
from advertiser_portal.billing.gateway import micros
from advertiser_portal.billing.operations import OPEN_STATES
from advertiser_portal.billing.tables import BalanceTransaction, StripeEvent, StripeOperation
from kernel.clock import Clock
from kernel.money import Micros
from ledger.account import SUSPENSE
from ledger.balances import balance

_LATE: Final = timedelta(hours=1)
_SHOWN: Final = 100


@dataclass(frozen=True, slots=True)
class Suspect:
    """A movement at Stripe that nobody can explain: ``Suspect("txn_…", "stripe_fee", …)``."""

    id: str
    type: str
    amount: Micros
    source: str | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Attention:
    """Everything that waits for a person; `suspense` is the sum of what is unexplained."""

    dead: tuple[StripeEvent, ...]
    late: tuple[StripeOperation, ...]
    suspects: tuple[Suspect, ...]
    suspense: Micros

    @property
    def is_needed(self) -> bool:
        return bool(self.dead or self.late or self.suspects or self.suspense)


async def attention(session: AsyncSession, *, clock: Clock) -> Attention:
    """What needs a person now."""
    late = await session.scalars(
        sa.select(StripeOperation)
        .where(
            StripeOperation.state.in_(OPEN_STATES),
            StripeOperation.created_at <= clock.now() - _LATE,
        )
        .order_by(StripeOperation.created_at)
        .limit(_SHOWN)
    )
    return Attention(
        dead=tuple(await dead_events(session)),
        late=tuple(late),
        suspects=await suspects(session),
        suspense=(await balance(session, SUSPENSE)).posted,
    )


async def suspects(session: AsyncSession) -> tuple[Suspect, ...]:
    """Movements that are parked, oldest first."""
    parked = await session.scalars(
        sa.select(BalanceTransaction)
        .where(BalanceTransaction.explained_by.like("suspense:%"))
        .order_by(BalanceTransaction.created_at)
        .limit(_SHOWN)
    )
    return tuple(
        Suspect(row.id, row.type, micros(row.amount_cents), row.source, row.created_at)
        for row in parked
    )

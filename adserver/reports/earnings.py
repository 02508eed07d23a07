"""What a publisher earned, what was taken from it and why, and what is payable.

Read from the ledger, where each correction stands as the inverse of what it corrects; the reason is
that of the step. The numbers of one period add up: earned − deducted = what the period brought.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from adserver.events.tables import InvalidRow
from adserver.reports.rollup import slot_of
from adserver.reports.tables import FactRow
from kernel.money import ZERO, Micros
from ledger.account import PUBLISHER_ZERO, accruing
from ledger.balances import balances
from ledger.tables import LedgerAccount, LedgerEntry, LedgerGroup


@dataclass(frozen=True, slots=True)
class Earnings:
    """``Earnings(Micros(90), {"click_rate": Micros(20)}, Micros(50), Micros(20))``."""

    earned: Micros
    deducted: Mapping[str, Micros]
    accruing: Micros
    payable: Micros

    @property
    def net(self) -> Micros:
        """What the period brought."""
        return self.earned - sum(self.deducted.values(), start=ZERO)


async def earnings(
    session: AsyncSession, publisher_id: str, *, since: datetime, until: datetime
) -> Earnings:
    """The period from `since` to just before `until`, and the balances now."""
    amount = sa.type_coerce(LedgerEntry.amount, sa.BigInteger)
    reason = sa.func.coalesce(InvalidRow.reason, "refund").label("reason")
    rows = await session.execute(
        sa.select(LedgerGroup.kind, reason, sa.func.sum(amount).label("amount"))
        .join(LedgerEntry, LedgerEntry.group_id == LedgerGroup.id)
        .join(LedgerAccount, LedgerAccount.id == LedgerEntry.account_id)
        .outerjoin(
            InvalidRow,
            (LedgerGroup.kind == "reversal")
            & (
                LedgerGroup.idempotency_key
                == sa.literal("undo:") + InvalidRow.step + sa.literal(":") + InvalidRow.decision_id
            ),
        )
        .where(
            LedgerAccount.code == accruing(publisher_id),
            LedgerEntry.phase == "posted",
            LedgerGroup.kind.in_(("charge", "reversal")),
            LedgerGroup.created_at >= since,
            LedgerGroup.created_at < until,
        )
        .group_by(LedgerGroup.kind, reason)
    )
    earned, deducted = ZERO, dict[str, Micros]()
    for row in rows:
        if row.kind == "charge":
            earned += Micros(int(row.amount))
        else:
            deducted[row.reason] = Micros(int(row.amount))
    payable = f"pub:{publisher_id}:payable"
    held = await balances(session, [accruing(publisher_id), payable])
    return Earnings(earned, deducted, held[accruing(publisher_id)].posted, held[payable].available)


class Meanwhile(Protocol):
    """What is believed of revenue while there is none yet."""

    async def revenue(
        self, session: AsyncSession, *, since: datetime, answers: Mapping[str, int]
    ) -> Mapping[str, Micros]: ...


class PostedRevenue:
    """What apps of our own API really earned, by the facts; `meanwhile` answers until money posts."""

    def __init__(self, meanwhile: Meanwhile) -> None:
        self._meanwhile = meanwhile

    async def revenue(
        self, session: AsyncSession, *, since: datetime, answers: Mapping[str, int]
    ) -> Mapping[str, Micros]:
        """By app, the part of publisher zero since then; an app that is missing earned nothing."""
        total = sa.func.sum(sa.type_coerce(FactRow.earned_micros, sa.BigInteger))
        rows = await session.execute(
            sa.select(FactRow.app_id, total.label("earned"))
            .where(FactRow.publisher_id == PUBLISHER_ZERO, FactRow.slot >= slot_of(since))
            .group_by(FactRow.app_id)
        )
        earned = {row.app_id: Micros(max(0, int(row.earned))) for row in rows}
        if not any(earned.values()):
            return await self._meanwhile.revenue(session, since=since, answers=answers)
        return earned

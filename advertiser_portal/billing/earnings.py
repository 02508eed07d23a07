"""When a publisher's earnings may be paid: thirty days after they were earned.

    pub:{id}:accruing ── after the hold ──► pub:{id}:payable ── at the threshold ──► paid

Within the hold, clicks that turn out to be invalid are taken back without asking anybody for money.
What is released is what was earned before the hold began, less all that has left the account since:
a correction counts against the oldest earnings first. Publisher zero, our own API, is never paid.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from advertiser_portal.billing.payout_tables import Payout, PublisherPayee
from kernel.clock import Clock
from kernel.database import Database, WriteSession
from kernel.money import ZERO, Micros
from ledger import journal, till_postings
from ledger.account import PUBLISHER_ZERO
from ledger.balances import balances
from ledger.settlement import settle
from ledger.tables import LedgerAccount, LedgerEntry, LedgerGroup

HOLD: Final = timedelta(days=30)
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


async def release_due(database: Database, *, clock: Clock, hold: timedelta = HOLD) -> Micros:
    """Make payable what was earned before the hold; returns how much. Once a day is enough."""
    async with database.writing() as tx:
        await settle(tx, clock=clock)
    async with database.reading() as session:
        codes = await session.scalars(
            sa.select(LedgerAccount.code).where(LedgerAccount.code.like("pub:%:accruing"))
        )
        publishers = sorted(code.split(":")[1] for code in codes)
    released = ZERO
    for publisher_id in publishers:
        if publisher_id != PUBLISHER_ZERO:
            released += await _release(database, publisher_id, clock, hold)
    return released


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
    soon = clock.now() - HOLD + timedelta(days=7)
    return Earnings(
        accruing=found[codes[0]].posted,
        payable=found[codes[1]].posted,
        on_its_way=found[codes[2]].posted,
        ripe_next=await _ripe(session, publisher_id, soon),
        payouts=tuple(payouts),
        payee=await session.get(PublisherPayee, publisher_id),
    )


async def _release(database: Database, publisher_id: str, clock: Clock, hold: timedelta) -> Micros:
    before = clock.now() - hold
    async with database.writing() as tx:
        await _lock(tx, publisher_id)
        amount = await _ripe(tx, publisher_id, before)
        if amount > ZERO:
            key = f"release:{publisher_id}:{before.isoformat()}"
            posting = till_postings.released(publisher_id, amount, key=key)
            await journal.post(tx, posting, clock=clock)
    return max(amount, ZERO)


async def _lock(tx: WriteSession, publisher_id: str) -> None:
    # Taking the account's row is the lock: of two releases at once, the second sees the first.
    account = LedgerAccount.code == f"pub:{publisher_id}:accruing"
    await tx.execute(
        sa.update(LedgerAccount)
        .where(account)
        .values(version=LedgerAccount.version)
        .execution_options(synchronize_session=False)
    )


async def _ripe(session: AsyncSession, publisher_id: str, before: datetime) -> Micros:
    amount = sa.type_coerce(LedgerEntry.amount, sa.BigInteger)
    old_credit = sa.and_(LedgerEntry.side == "credit", LedgerGroup.created_at <= before)
    counted = sa.case((LedgerEntry.side == "debit", -amount), (old_credit, amount), else_=0)
    total = await session.scalar(
        sa.select(sa.func.coalesce(sa.func.sum(counted), 0))
        .select_from(LedgerEntry)
        .join(LedgerGroup, LedgerGroup.id == LedgerEntry.group_id)
        .join(LedgerAccount, LedgerAccount.id == LedgerEntry.account_id)
        .where(LedgerAccount.code == f"pub:{publisher_id}:accruing", LedgerEntry.phase == "posted")
    )
    return max(Micros(int(total or 0)), ZERO)

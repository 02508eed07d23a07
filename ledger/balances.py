"""What an account holds, and how it came to that.

Balances grow on the account's own side, so a wallet with money is positive. What settlement has
not yet added is included: a reader never sees a publisher's earnings late. A statement opens with
what stood before it and closes with what the next one opens with.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.money import ZERO, Micros
from ledger.account import Side, kind_of
from ledger.tables import LedgerAccount, LedgerEntry, LedgerGroup, LedgerUnsettled


@dataclass(frozen=True, slots=True)
class Balance:
    """`posted` is booked, `pending` is held for something, `available` may be spent."""

    posted: Micros = ZERO
    pending: Micros = ZERO

    @property
    def available(self) -> Micros:
        return self.posted - self.pending


@dataclass(frozen=True, slots=True)
class StatementLine:
    """One movement: `change` is positive when the account grows; `balance` stands after it."""

    at: datetime
    kind: str
    ref_type: str
    ref_id: str
    key: str
    change: Micros
    balance: Micros


@dataclass(frozen=True, slots=True)
class Statement:
    """All movements of one account in ``[since, until)``, oldest first."""

    account: str
    opening: Micros
    lines: tuple[StatementLine, ...]
    closing: Micros


async def balance(session: AsyncSession, account_code: str) -> Balance:
    """The balance now; nothing for an account that was never used."""
    account = (
        await session.execute(
            sa.select(
                LedgerAccount.debits_posted,
                LedgerAccount.credits_posted,
                LedgerAccount.debits_pending,
                LedgerAccount.credits_pending,
                _unsettled(LedgerUnsettled.debits).label("later_debits"),
                _unsettled(LedgerUnsettled.credits).label("later_credits"),
            ).where(LedgerAccount.code == account_code)
        )
    ).one_or_none()
    side = kind_of(account_code).side
    if account is None:
        return Balance()
    grown = account.credits_posted.amount + int(account.later_credits)
    shrunk = account.debits_posted.amount + int(account.later_debits)
    if side == "debit":
        return Balance(Micros(shrunk - grown), account.credits_pending)
    return Balance(Micros(grown - shrunk), account.debits_pending)


async def statement(
    session: AsyncSession,
    account_code: str,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
) -> Statement:
    """The movements from `since` to just before `until`, with what stood before and after."""
    side = kind_of(account_code).side
    opening = ZERO if since is None else await _stood_at(session, account_code, side, since)
    rows = await session.execute(_movements(account_code, since, until))
    lines, running = [], opening
    for row in rows:
        change = row.amount if row.side == side else -row.amount
        running += change
        lines.append(
            StatementLine(
                row.created_at,
                row.kind,
                row.ref_type,
                row.ref_id,
                row.idempotency_key,
                change,
                running,
            )
        )
    return Statement(account_code, opening, tuple(lines), running)


def _unsettled(column: Any) -> Any:
    waiting = sa.select(sa.func.coalesce(sa.func.sum(sa.type_coerce(column, sa.BigInteger)), 0))
    return waiting.where(LedgerUnsettled.account_id == LedgerAccount.id).scalar_subquery()


def _movements(
    account_code: str, since: datetime | None, until: datetime | None
) -> sa.Select[*tuple[Any, ...]]:
    query: sa.Select[*tuple[Any, ...]] = (
        sa.select(
            LedgerGroup.created_at,
            LedgerGroup.kind,
            LedgerGroup.ref_type,
            LedgerGroup.ref_id,
            LedgerGroup.idempotency_key,
            LedgerEntry.side,
            LedgerEntry.amount,
        )
        .join(LedgerEntry, LedgerEntry.group_id == LedgerGroup.id)
        .join(LedgerAccount, LedgerAccount.id == LedgerEntry.account_id)
        .where(LedgerAccount.code == account_code, LedgerEntry.phase == "posted")
        .order_by(LedgerGroup.created_at, LedgerGroup.id, LedgerEntry.seq)
    )
    if since is not None:
        query = query.where(LedgerGroup.created_at >= since)
    if until is not None:
        query = query.where(LedgerGroup.created_at < until)
    return query


async def _stood_at(session: AsyncSession, account_code: str, side: Side, at: datetime) -> Micros:
    before = _movements(account_code, None, at).order_by(None).subquery()
    amount = sa.type_coerce(before.c.amount, sa.BigInteger)
    signed = sa.case((before.c.side == side, amount), else_=-amount)
    total = await session.scalar(sa.select(sa.func.coalesce(sa.func.sum(signed), 0)))
    return Micros(int(total or 0))

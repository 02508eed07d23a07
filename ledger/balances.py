"""What an account holds, and how it came to that.

Balances grow on the account's own side, so a wallet with money is positive. What settlement has
not yet added is included: a reader never sees a publisher's earnings late. A statement opens with
what stood before it and closes with what the next one opens with.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.money import ZERO, Micros
from ledger.account import Side, kind_of
from ledger.tables import LedgerAccount, LedgerEntry, LedgerGroup, LedgerUnsettled

# Engines bound the variables of a statement; a reader may ask for every wallet there is.
_MOST_CODES: Final = 1_000


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
    return (await balances(session, [account_code]))[account_code]


async def balances(session: AsyncSession, account_codes: Collection[str]) -> dict[str, Balance]:
    """Many balances at once, by code. Raises ValueError for a code that is not in the chart."""
    for code in account_codes:
        kind_of(code)
    found = {code: Balance() for code in account_codes}
    ordered = sorted(found)
    for start in range(0, len(ordered), _MOST_CODES):
        some = ordered[start : start + _MOST_CODES]
        for account in await session.execute(_COLUMNS.where(LedgerAccount.code.in_(some))):
            found[account.code] = _balance_of(account)
    return found


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


async def charged_since(session: AsyncSession, account_code: str, since: datetime) -> Micros:
    """What charges took from an account of somebody who pays."""
    charges = _movements(account_code, since, None).where(LedgerGroup.kind == "charge")
    amounts = charges.order_by(None).subquery()
    total = await session.scalar(sa.select(sa.func.coalesce(_sum(amounts.c.amount), 0)))
    return Micros(int(total or 0))


Place = tuple[int, int]


async def latest_lines(
    session: AsyncSession, account_code: str, *, before: Place | None = None, limit: int
) -> list[tuple[Place, StatementLine]]:
    """The latest movements, newest first, each with its place; `before` one where the last page ended.

    For accounts whose entries keep the balance after them, such as wallets.
    """
    side, place = kind_of(account_code).side, (LedgerEntry.group_id, LedgerEntry.seq)
    query = _movements(account_code, None, None).add_columns(*place, LedgerEntry.balance_after)
    if before is not None:
        query = query.where(sa.tuple_(*place) < sa.tuple_(*before))
    newest = query.order_by(None).order_by(*(one.desc() for one in place)).limit(limit)
    rows: sa.Result[Any] = await session.execute(newest)
    return [
        (
            (row.group_id, row.seq),
            StatementLine(
                row.created_at,
                row.kind,
                row.ref_type,
                row.ref_id,
                row.idempotency_key,
                row.amount if row.side == side else -row.amount,
                row.balance_after,
            ),
        )
        for row in rows
    ]


def _sum(column: Any) -> Any:
    return sa.func.sum(sa.type_coerce(column, sa.BigInteger))


_WAITING: Final = (
    sa.select(
        LedgerUnsettled.account_id,
        _sum(LedgerUnsettled.debits).label("debits"),
        _sum(LedgerUnsettled.credits).label("credits"),
    )
    .group_by(LedgerUnsettled.account_id)
    .subquery()
)
_COLUMNS: Final = sa.select(
    LedgerAccount.code,
    LedgerAccount.side,
    LedgerAccount.debits_posted,
    LedgerAccount.credits_posted,
    LedgerAccount.debits_pending,
    LedgerAccount.credits_pending,
    sa.func.coalesce(_WAITING.c.debits, 0).label("later_debits"),
    sa.func.coalesce(_WAITING.c.credits, 0).label("later_credits"),
).outerjoin(_WAITING, _WAITING.c.account_id == LedgerAccount.id)


def _balance_of(account: sa.Row[*tuple[Any, ...]]) -> Balance:
    credited = account.credits_posted.amount + int(account.later_credits)
    debited = account.debits_posted.amount + int(account.later_debits)
    if account.side == "debit":
        return Balance(Micros(debited - credited), account.credits_pending)
    return Balance(Micros(credited - debited), account.debits_pending)


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

"""Rules about accounts and limits: what is kept at hand equals what the entries say."""

from collections import Counter, defaultdict

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.money import ZERO
from ledger.account import SUSPENSE
from ledger.balances import balance
from ledger.invariants.violation import CREDITS, DEBITS, Violation
from ledger.tables import (
    LedgerAccount,
    LedgerEntry,
    LedgerGroup,
    LedgerResolution,
    LedgerUnsettled,
    SpendLimit,
)


async def columns_equal_entries(session: AsyncSession) -> list[Violation]:
    counted = await _counted(session)
    waiting = await session.execute(
        sa.select(
            LedgerUnsettled.account_id,
            LedgerUnsettled.debits,
            LedgerUnsettled.credits,
        )
    )
    later: defaultdict[int, list[int]] = defaultdict(lambda: [0, 0])
    for row in waiting:
        later[row.account_id][0] += row.debits.amount
        later[row.account_id][1] += row.credits.amount
    found = []
    for account in await session.scalars(sa.select(LedgerAccount)):
        posted = [
            account.debits_posted.amount + later[account.id][0],
            account.credits_posted.amount + later[account.id][1],
        ]
        stands = (*posted, account.debits_pending.amount, account.credits_pending.amount)
        should = (*counted["posted"][account.id], *counted["pending"][account.id])
        if stands != should:
            found.append(
                Violation("columns_equal_entries", account.code, f"{stands}, entries {should}")
            )
    return found


async def _counted(session: AsyncSession) -> dict[str, defaultdict[int, tuple[int, int]]]:
    """Debits and credits of each account by phase; what was pending and is resolved is over."""
    resolved = sa.select(LedgerResolution.pending_group_id)
    rows = await session.execute(
        sa.select(LedgerEntry.phase, LedgerEntry.account_id, DEBITS, CREDITS)
        .where((LedgerEntry.phase == "posted") | LedgerEntry.group_id.not_in(resolved))
        .group_by(LedgerEntry.phase, LedgerEntry.account_id)
    )
    counted: dict[str, defaultdict[int, tuple[int, int]]] = {
        "posted": defaultdict(lambda: (0, 0)),
        "pending": defaultdict(lambda: (0, 0)),
    }
    for phase, account_id, debited, credited in rows:
        counted[phase][account_id] = (int(debited), int(credited))
    return counted


async def histories_are_unbroken(session: AsyncSession) -> list[Violation]:
    """Entry after entry, the version counts up by one and the balance by the amount."""
    rows = await session.stream(
        sa.select(
            LedgerAccount.code,
            LedgerEntry.account_version,
            LedgerEntry.balance_after,
            LedgerEntry.amount,
            (LedgerEntry.side == LedgerAccount.side).label("grows"),
        )
        .join(LedgerAccount, LedgerAccount.id == LedgerEntry.account_id)
        .where(LedgerEntry.account_version.is_not(None))
        .order_by(LedgerEntry.account_id, LedgerEntry.account_version)
    )
    found, code, version, stood = [], "", 0, 0
    async for row in rows:
        if row.code != code:
            code, version, stood = row.code, 0, 0
        version += 1
        stood += row.amount.amount if row.grows else -row.amount.amount
        says = (
            row.account_version,
            None if row.balance_after is None else row.balance_after.amount,
        )
        if says != (version, stood):
            found.append(
                Violation("history", code, f"version {says[0]} says {says[1]}, counted {stood}")
            )
            version = row.account_version
    return found


async def nothing_is_overdrawn(session: AsyncSession) -> list[Violation]:
    rows = await session.execute(
        sa.select(LedgerAccount.code, LedgerEntry.account_version, LedgerEntry.balance_after)
        .join(LedgerEntry, LedgerEntry.account_id == LedgerAccount.id)
        .where(LedgerAccount.no_negative, LedgerEntry.balance_after < ZERO)
    )
    return [
        Violation("overdrawn", code, f"version {version} leaves {left}")
        for code, version, left in rows
    ]


async def limits_hold_what_was_charged(session: AsyncSession) -> list[Violation]:
    charged = await _drawn(session, LedgerEntry.phase == "posted")
    resolved = sa.select(LedgerResolution.pending_group_id)
    open_holds = (LedgerEntry.phase == "pending") & LedgerEntry.group_id.not_in(resolved)
    leased = await _drawn(session, open_holds)
    found = []
    for limit in await session.scalars(sa.select(SpendLimit)):
        where = f"{limit.scope} {limit.scope_id} from {limit.window_start:%Y-%m-%d}"
        spent = limit.spent_micros.amount
        if spent != charged[limit.id]:
            found.append(Violation("limit_counts_charges", where, f"{spent}, {charged[limit.id]}"))
        if limit.leased_micros.amount != leased[limit.id]:
            said = f"{limit.leased_micros.amount}, {leased[limit.id]}"
            found.append(Violation("limit_counts_leases", where, said))
        if charged[limit.id] > limit.limit_micros.amount:
            found.append(Violation("overspent", where, f"charged {charged[limit.id]}"))
    return found


async def _drawn(session: AsyncSession, which: sa.ColumnElement[bool]) -> Counter[int]:
    """How much groups drew from each limit, by the limit's id."""
    rows = await session.execute(
        sa.select(LedgerGroup.drawn_from, DEBITS)
        .join(LedgerEntry, LedgerEntry.group_id == LedgerGroup.id)
        .where(LedgerGroup.drawn_from.is_not(None), which)
        .group_by(LedgerGroup.id)
    )
    drawn: Counter[int] = Counter()
    for drawn_from, debits in rows:
        for limit_id in drawn_from.split():
            drawn[int(limit_id)] += int(debits)
    return drawn


async def suspense_is_empty(session: AsyncSession) -> list[Violation]:
    left = (await balance(session, SUSPENSE)).posted
    return [Violation("suspense_empty", SUSPENSE, f"holds {left.amount}")] if left else []

"""Rules about events: each adds up, has its shape, and ends or is undone at most once."""

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from ledger.account import AD_REVENUE
from ledger.invariants.violation import CREDITS, DEBITS, Violation, sum_where
from ledger.tables import LedgerAccount, LedgerEntry, LedgerGroup, LedgerResolution


async def groups_add_up_to_zero(session: AsyncSession) -> list[Violation]:
    rows = await session.execute(
        sa.select(LedgerEntry.group_id, LedgerEntry.phase, DEBITS, CREDITS)
        .group_by(LedgerEntry.group_id, LedgerEntry.phase)
        .having(DEBITS != CREDITS)
    )
    return [
        Violation("sums_to_zero", f"group {group}", f"{phase} debits {debited}, credits {credited}")
        for group, phase, debited, credited in rows
    ]


async def refused_charges_move_nothing(session: AsyncSession) -> list[Violation]:
    rows = await session.execute(
        sa.select(LedgerGroup.id, sa.func.count())
        .join(LedgerEntry, LedgerEntry.group_id == LedgerGroup.id)
        .where(LedgerGroup.refused_by.is_not(None))
        .group_by(LedgerGroup.id)
    )
    return [
        Violation("refused_moves_nothing", f"group {group}", f"{entries} entries")
        for group, entries in rows
    ]


async def charges_go_from_advertisers_to_publishers_and_us(
    session: AsyncSession,
) -> list[Violation]:
    paid = (LedgerEntry.side == "debit") & LedgerAccount.code.like("adv:%")
    earned = (LedgerEntry.side == "credit") & (
        LedgerAccount.code.like("pub:%") | (LedgerAccount.code == AD_REVENUE)
    )
    rows = await session.execute(
        sa.select(LedgerGroup.id, LedgerAccount.code, LedgerEntry.side)
        .join(LedgerEntry, LedgerEntry.group_id == LedgerGroup.id)
        .join(LedgerAccount, LedgerAccount.id == LedgerEntry.account_id)
        .where(LedgerGroup.kind == "charge", sa.not_(paid | earned))
    )
    return [
        Violation("charge_shape", f"group {group}", f"{side} of {code}")
        for group, code, side in rows
    ]


async def resolutions_stay_within_what_was_pending(session: AsyncSession) -> list[Violation]:
    pending = (
        sa.select(LedgerEntry.group_id, DEBITS.label("amount"))
        .where(LedgerEntry.phase == "pending")
        .group_by(LedgerEntry.group_id)
        .subquery()
    )
    posted = sa.type_coerce(LedgerResolution.posted_amount, sa.BigInteger)
    rows = await session.execute(
        sa.select(LedgerResolution.pending_group_id, posted)
        .outerjoin(pending, pending.c.group_id == LedgerResolution.pending_group_id)
        .where(posted > sa.func.coalesce(pending.c.amount, -1))
    )
    return [
        Violation("resolved_within_pending", f"group {group}", f"posted {amount}")
        for group, amount in rows
    ]


async def reversals_stay_within_what_was_booked(session: AsyncSession) -> list[Violation]:
    """What reversals give back on an account, for one event, is at most what the event took."""
    undone, booked = LedgerGroup.kind == "reversal", LedgerGroup.kind != "reversal"
    debit, credit = LedgerEntry.side == "debit", LedgerEntry.side == "credit"
    rows = await session.execute(
        sa.select(LedgerGroup.ref_type, LedgerGroup.ref_id, LedgerAccount.code)
        .join(LedgerEntry, LedgerEntry.group_id == LedgerGroup.id)
        .join(LedgerAccount, LedgerAccount.id == LedgerEntry.account_id)
        .group_by(LedgerGroup.ref_type, LedgerGroup.ref_id, LedgerAccount.code)
        .having(
            (sum_where(undone & debit) > sum_where(booked & credit))
            | (sum_where(undone & credit) > sum_where(booked & debit))
        )
    )
    return [
        Violation("reversed_within_booked", f"{ref_type} {ref_id}", f"on {code}")
        for ref_type, ref_id, code in rows
    ]

"""Find invalid traffic afterwards, and give back what was charged for it.

Looks at a finished day of each app: who could not be told from a person click by click can be told
by all clicks together. A step is found out once; its charge is undone by the exact inverse of what
was booked, same accounts and same amounts, and reports follow because they are built from both.
"""

from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from adserver.catalog.tables import PublisherRow
from adserver.events.click_rules import INVALID, Unbilled
from adserver.events.tables import DecisionRow, InvalidRow, StepRow
from adserver.events.traffic_rules import is_outlier
from adserver.once import insert_once
from kernel.clock import Clock
from kernel.database import Database, WriteSession
from kernel.money import ZERO
from ledger import journal
from ledger.account import AD_REVENUE, accruing
from ledger.postings import Leg, Posting, reversal
from ledger.recorded import posting_of
from tollfree_sdk.contract import Step

# More clicks that were refused when they came than were billed: the rest came from the same hands.
_MOST_REFUSED_TIMES: Final = 2
_ENOUGH_REFUSED: Final = 12


async def find_out(database: Database, since: datetime, until: datetime, *, clock: Clock) -> int:
    """Look at the apps of a finished day; returns how many steps were found out."""
    async with database.reading() as session:
        found = [
            (decision_id, reason)
            for publisher_id, app_id, reason in await _suspects(session, since, until)
            for decision_id in await _billed(session, publisher_id, app_id, since, until)
        ]
    given_back = 0
    for decision_id, reason in found:
        async with database.writing() as tx:
            given_back += await credit(tx, decision_id, Step.CLICK, reason, clock=clock)
    return given_back


async def credit(
    tx: WriteSession, decision_id: str, step: Step, reason: Unbilled, *, clock: Clock
) -> bool:
    """Say that a step was invalid and give back its charge; says whether that was news."""
    taken = await tx.get(StepRow, (decision_id, step.value))
    if taken is None:
        return False
    price = taken.price_micros if taken.billable and taken.price_micros else ZERO
    row = {
        "decision_id": decision_id,
        "step": step.value,
        "reason": reason.value,
        "at": clock.now(),
        "credited_micros": price,
    }
    if not await insert_once(tx, InvalidRow, row):
        return False
    key = f"undo:{step.value}:{decision_id}"
    booked = await _booked(tx, taken, key)
    if booked is not None:
        await journal.post(tx, booked, clock=clock)
    return True


async def _booked(tx: WriteSession, taken: StepRow, key: str) -> Posting | None:
    """The inverse of what a step cost; None where it cost nothing."""
    if not taken.billable or not taken.price_micros:
        return None
    if taken.paid_by is None:
        charge = await posting_of(tx, f"{taken.step}:{taken.decision_id}")
        return None if charge is None else reversal(charge, key)
    lease = await posting_of(tx, f"lease:{taken.paid_by}:spent")
    share = await tx.execute(
        sa.select(PublisherRow.id, PublisherRow.share_bp)
        .join(DecisionRow, DecisionRow.publisher_id == PublisherRow.id)
        .where(DecisionRow.id == taken.decision_id)
    )
    publisher_id, share_bp = share.one()
    payer = next(leg.account for leg in lease.legs if leg.side == "debit") if lease else ""
    earned = taken.price_micros.share(share_bp)
    parts = (
        Leg(payer, "credit", taken.price_micros),
        *([Leg(accruing(publisher_id), "debit", earned)] if earned else []),
        Leg(AD_REVENUE, "debit", taken.price_micros - earned),
    )
    return Posting("reversal", key, "decision", taken.paid_by, parts)


async def _suspects(
    session: AsyncSession, since: datetime, until: datetime
) -> list[tuple[str, str | None, Unbilled]]:
    clicked = StepRow.step == Step.CLICK.value
    rows = await session.execute(
        sa.select(
            DecisionRow.publisher_id,
            DecisionRow.app_id,
            _count(StepRow.step == Step.DELIVERED.value).label("delivered"),
            _count(clicked).label("clicks"),
            _count(clicked & StepRow.billable).label("billed"),
            _count(clicked & StepRow.unbilled_reason.in_(sorted(INVALID))).label("refused"),
        )
        .join(StepRow, StepRow.decision_id == DecisionRow.id)
        .where(StepRow.at >= since, StepRow.at < until, DecisionRow.test.is_(sa.false()))
        .group_by(DecisionRow.publisher_id, DecisionRow.app_id)
    )
    return [
        (row.publisher_id, row.app_id, reason)
        for row in rows
        if row.billed and (reason := _verdict(row)) is not None
    ]


def _verdict(row: Any) -> Unbilled | None:
    if is_outlier(row.clicks, row.delivered):
        return Unbilled.CLICK_RATE
    if row.refused >= _ENOUGH_REFUSED and row.refused > row.billed * _MOST_REFUSED_TIMES:
        return Unbilled.SAME_ADDRESSES
    return None


async def _billed(
    session: AsyncSession,
    publisher_id: str,
    app_id: str | None,
    since: datetime,
    until: datetime,
) -> list[str]:
    found = await session.scalars(
        sa.select(StepRow.decision_id)
        .join(DecisionRow, DecisionRow.id == StepRow.decision_id)
        .where(
            DecisionRow.publisher_id == publisher_id,
            DecisionRow.app_id == app_id if app_id else DecisionRow.app_id.is_(None),
            StepRow.step == Step.CLICK.value,
            StepRow.billable,
            StepRow.at >= since,
            StepRow.at < until,
        )
        .order_by(StepRow.decision_id)
    )
    return list(found)


def _count(condition: sa.ColumnElement[bool]) -> sa.ColumnElement[int]:
    return sa.func.count(sa.case((condition, 1)))

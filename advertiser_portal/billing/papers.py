"""Receipts and statements: numbered without a gap, frozen when they are issued.

    R-000001   receipt for a payment of an advertiser, with its tax
    S-000001   statement to a publisher of what was paid (self-billing)

The number, the paper and the posting that it documents are one transaction. What is printed comes
from the paper alone, so that the same paper is the same bytes for ever.
"""

from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from advertiser_portal.billing.paper_tables import Paper, PaperSeries
from advertiser_portal.billing.payout_tables import Payout
from advertiser_portal.billing.tables import TopUp
from kernel.clock import Clock
from kernel.database import WriteSession
from kernel.errors import NotFound
from ledger.rows import insert_missing
from ledger.tables import rows_of

RECEIPTS: Final = "R"
STATEMENTS: Final = "S"


async def issue_receipt(tx: WriteSession, paid: TopUp, *, clock: Clock) -> Paper:
    """A receipt for a payment; the one that it has, when it has one."""
    lines = {
        "kind": "Automatic recharge" if paid.automatic else "Payment",
        "net": paid.net.text(),
        "tax": paid.tax.text(),
        "total": (paid.net + paid.tax).text(),
        "payment": paid.payment_intent_id,
    }
    about = paid.payment_intent_id
    return await _issue(tx, RECEIPTS, about, owner_id=paid.advertiser_id, lines=lines, clock=clock)


async def issue_statement(tx: WriteSession, paid: Payout, *, clock: Clock) -> Paper:
    """A statement of a payment to a publisher."""
    lines = {
        "kind": "Publisher earnings",
        "total": paid.amount.text(),
        "account": paid.stripe_account_id,
        "payment": paid.id,
    }
    return await _issue(
        tx, STATEMENTS, paid.id, owner_id=paid.publisher_id, lines=lines, clock=clock
    )


async def paper_about(session: AsyncSession, about: str, *, owner_id: str) -> Paper:
    """The paper of a payment. Raises NotFound for one that is not the owner's."""
    paper = await session.get(Paper, about)
    if paper is None or paper.owner_id != owner_id:
        raise NotFound("There is no such paper of yours.")
    return paper


def shown_number(paper: Paper) -> str:
    """``R-000042``."""
    return f"{paper.series}-{paper.number:06d}"


async def _issue(
    tx: WriteSession,
    series: str,
    about: str,
    *,
    owner_id: str,
    lines: dict[str, Any],
    clock: Clock,
) -> Paper:
    known = await tx.get(Paper, about)
    if known is not None:
        return known
    paper = Paper(
        about=about,
        series=series,
        number=await _next(tx, series),
        owner_id=owner_id,
        lines=lines,
        issued_at=clock.now(),
    )
    tx.add(paper)
    await tx.flush()
    return paper


async def _next(tx: WriteSession, series: str) -> int:
    # The row is the lock: numbers are given in turn, and a rollback gives its number back.
    await insert_missing(tx, rows_of(PaperSeries), [{"series": series, "last": 0}])
    counted = await tx.execute(
        sa.update(PaperSeries)
        .where(PaperSeries.series == series)
        .values(last=PaperSeries.last + 1)
        .returning(PaperSeries.last)
        .execution_options(synchronize_session=False)
    )
    return int(counted.scalar_one())

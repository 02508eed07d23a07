"""Receipts and statements: numbered without a gap, frozen when they are issued.

    R-000001   receipt for a payment of an advertiser, with its tax
    S-000001   statement to a publisher of what was paid (self-billing)

The number, the paper and the posting that it documents are one transaction. What is printed comes
from the paper alone, so that the same paper is the same bytes for ever.
"""

from collections.abc import Sequence
from dataclasses import dataclass
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


async def issue_receipt(tx: WriteSession, paid: TopUp, *, clock: Clock) -> None:
    """A receipt for a payment, unless it has one."""
    lines = {
        "kind": "Automatic recharge" if paid.automatic else "Payment",
        "net": paid.net.text(),
        "tax": paid.tax.text(),
        "total": (paid.net + paid.tax).text(),
        "payment": paid.payment_intent_id,
    }
    about = _About(paid.payment_intent_id, paid.advertiser_id, lines)
    await _issue(tx, RECEIPTS, [about], clock=clock)


async def issue_statements(tx: WriteSession, paid: Sequence[Payout], *, clock: Clock) -> None:
    """Statements of payments to publishers, in their order, for those that have none."""
    about = [
        _About(
            one.id,
            one.publisher_id,
            {
                "kind": "Publisher earnings",
                "total": one.amount.text(),
                "account": one.stripe_account_id,
                "payment": one.id,
            },
        )
        for one in paid
    ]
    await _issue(tx, STATEMENTS, about, clock=clock)


async def paper_about(session: AsyncSession, about: str, *, owner_id: str) -> Paper:
    """The paper of a payment. Raises NotFound for one that is not the owner's."""
    paper = await session.get(Paper, about)
    if paper is None or paper.owner_id != owner_id:
        raise NotFound("There is no such paper of yours.")
    return paper


def shown_number(paper: Paper) -> str:
    """``R-000042``."""
    return f"{paper.series}-{paper.number:06d}"


@dataclass(frozen=True, slots=True)
class _About:
    """What a paper is about, whose it is, and what it says."""

    id: str
    owner_id: str
    lines: dict[str, Any]


async def _issue(tx: WriteSession, series: str, wanted: Sequence[_About], *, clock: Clock) -> None:
    known = set(
        await tx.scalars(sa.select(Paper.about).where(Paper.about.in_([one.id for one in wanted])))
    )
    fresh = [one for one in wanted if one.id not in known]
    if not fresh:
        return
    last = await _count_on(tx, series, len(fresh))
    tx.add_all(
        Paper(
            about=one.id,
            series=series,
            number=last - len(fresh) + place,
            owner_id=one.owner_id,
            lines=one.lines,
            issued_at=clock.now(),
        )
        for place, one in enumerate(fresh, start=1)
    )
    await tx.flush()


async def _count_on(tx: WriteSession, series: str, many: int) -> int:
    """The last of `many` numbers that nobody has."""
    # The row is the lock: numbers are given in turn, and a rollback gives its numbers back.
    count = (
        sa.update(PaperSeries)
        .where(PaperSeries.series == series)
        .values(last=PaperSeries.last + many)
        .returning(PaperSeries.last)
        .execution_options(synchronize_session=False)
    )
    counted = await tx.scalar(count)
    if counted is None:
        await insert_missing(tx, rows_of(PaperSeries), [{"series": series, "last": 0}])
        counted = await tx.scalar(count)
    assert counted is not None, "A series of papers has its row."
    return int(counted)

"""Add up what charges left for the busy accounts.

A charge writes entries for the publisher and for ad revenue at once, and leaves their balance
columns alone: a row that every click updates is a queue. What is owed to the columns waits in
`ledger_unsettled`, and each settlement takes what is there and adds it, in one transaction. Two
settlers never add the same row, because only one of them gets to delete it.
"""

from collections import defaultdict
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa

from kernel.clock import Clock
from kernel.database import WriteSession
from ledger.tables import LedgerAccount, LedgerUnsettled, rows_of

_accounts: Final = rows_of(LedgerAccount)
_unsettled: Final = rows_of(LedgerUnsettled)

_MOST_ROWS: Final = 5_000


@dataclass(slots=True)
class _Owed:
    debits: int = 0
    credits: int = 0
    entries: int = 0


async def settle(tx: WriteSession, *, clock: Clock) -> int:  # noqa: ARG001  every money act takes one
    """Move what waits into the balance columns; returns how many accounts moved.

    Takes at most 5,000 waiting rows, oldest first, so that one run stays short; call it each
    second.
    """
    oldest = sa.select(_unsettled.c.id).order_by(_unsettled.c.id).limit(_MOST_ROWS)
    taken = await tx.execute(
        sa.delete(_unsettled)
        .where(_unsettled.c.id.in_(oldest))
        .returning(
            _unsettled.c.account_id,
            _unsettled.c.debits,
            _unsettled.c.credits,
            _unsettled.c.entries,
        )
    )
    owed: defaultdict[int, _Owed] = defaultdict(_Owed)
    for row in taken:
        sums = owed[row.account_id]
        sums.debits += row.debits.amount
        sums.credits += row.credits.amount
        sums.entries += row.entries
    # In id order, like every posting, so that nobody deadlocks with the settlement.
    for account_id in sorted(owed):
        sums = owed[account_id]
        await tx.execute(
            _ADD,
            {
                "account": account_id,
                "debits": sums.debits,
                "credits": sums.credits,
                "entries": sums.entries,
            },
        )
    return len(owed)


def _amount(name: str) -> sa.BindParameter[int]:
    return sa.bindparam(name, type_=sa.BigInteger)


_ADD: Final = (
    sa.update(_accounts)
    .where(_accounts.c.id == _amount("account"))
    .values(
        debits_posted=_accounts.c.debits_posted + _amount("debits"),
        credits_posted=_accounts.c.credits_posted + _amount("credits"),
        version=_accounts.c.version + _amount("entries"),
    )
)

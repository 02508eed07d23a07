"""Money held for something that is not certain yet.

    pending ──▶ posted (all or part of it)
            ──▶ voided
            ──▶ expired

A hold is a group whose entries are pending: the money is still its owner's and can no longer be
spent. It ends at most once. What is not posted is free again at that moment, and after its time has
run out a hold can no longer be posted: who comes late has lost the right to it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

import sqlalchemy as sa

from kernel.clock import Clock
from kernel.database import WriteSession
from kernel.errors import Conflict, NotFound
from kernel.money import ZERO, Micros
from ledger import book, limits
from ledger.postings import Leg, Posting
from ledger.rows import insert_missing
from ledger.tables import (
    LedgerAccount,
    LedgerEntry,
    LedgerGroup,
    LedgerHold,
    LedgerResolution,
    rows_of,
)

Outcome = Literal["posted", "voided", "expired"]


@dataclass(frozen=True, slots=True)
class Held:
    """Money that is held: which group, how much, until when, and under which limits."""

    key: str
    group_id: int
    legs: tuple[Leg, ...]
    limit_ids: tuple[int, ...] = ()

    @property
    def amount(self) -> Micros:
        return Micros(sum(leg.amount.amount for leg in self.legs if leg.side == "debit"))


@dataclass(frozen=True, slots=True)
class Resolved:
    """How a hold ended, now or before."""

    key: str
    outcome: Outcome
    posted: Micros
    repeated: bool = field(default=False, compare=False)


async def hold(
    tx: WriteSession,
    posting: Posting,
    *,
    expires_at: datetime,
    clock: Clock,
    limit_ids: Sequence[int] = (),
) -> Held:
    """Hold the money of `posting`; the caller has locked and drawn on the limits.

    Raises InsufficientFunds when it is not there, and Conflict when the key is known.
    """
    accounts = await book.hold(tx, {leg.account for leg in posting.legs})
    page = book.Page(
        posting, posting.digest(), drawn_from=tuple(sorted(limit_ids)), phase="pending"
    )
    written = await book.write(tx, [page], accounts, at=clock.now())
    if not written:
        raise Conflict(f"The key {posting.key!r} is known already.", param="key")
    group_id = written[posting.key]
    row = {"group_id": group_id, "expires_at": expires_at}
    await insert_missing(tx, rows_of(LedgerHold), [row])
    return Held(posting.key, group_id, posting.legs, page.drawn_from)


async def resolve(
    tx: WriteSession,
    key: str,
    outcome: Outcome,
    *,
    posting: Posting | None = None,
    clock: Clock,
) -> Resolved:
    """End the hold `key`; `posting` is what to book where the outcome is ``posted``.

    Ending it again in the same way is ending it once. Raises Conflict where it has ended otherwise,
    or is to be posted after its time, and ValueError for more than is held.
    """
    held = await held_of(tx, key)
    amount = ZERO if posting is None else posting.total("debit")
    if (posting is not None) != (outcome == "posted") or amount > held.amount:
        raise ValueError("Only what is held can be posted, and only a posting posts it.")
    expires_at = await _take(tx, held.group_id)
    if expires_at is None:
        return await _ended_before(tx, held, outcome, amount)
    if outcome == "posted" and clock.now() >= expires_at:
        raise Conflict("The time of this hold has run out, and its money is free again.")
    await limits.end_lease(tx, held.limit_ids, leased=held.amount, spent=amount)
    legs = () if posting is None else posting.legs
    accounts = await book.hold(tx, {leg.account for leg in (*held.legs, *legs)})
    for leg in held.legs:
        accounts[leg.account].release(leg)
    if posting is not None:
        page = book.Page(posting, posting.digest(), drawn_from=held.limit_ids)
        if not await book.write(tx, [page], accounts, at=clock.now()):
            raise Conflict(f"The key {posting.key!r} is known already.", param="key")
    else:
        await book.store(tx, accounts.values())
    row = {
        "pending_group_id": held.group_id,
        "outcome": outcome,
        "posted_amount": amount,
        "resolved_at": clock.now(),
    }
    await insert_missing(tx, rows_of(LedgerResolution), [row])
    return Resolved(key, outcome, amount)


async def expire(tx: WriteSession, *, clock: Clock) -> bool:
    """End the oldest hold beyond its time; says whether there was one.

    One in a transaction: the limits of a second one would be locked after the accounts of the
    first, and charges lock them the other way round.
    """
    key = await tx.scalar(
        sa.select(LedgerGroup.idempotency_key)
        .join(LedgerHold, LedgerHold.group_id == LedgerGroup.id)
        .where(LedgerHold.expires_at <= clock.now())
        .order_by(LedgerHold.group_id)
        .limit(1)
    )
    if key is not None:
        # Its owner may be faster: then this raises, and the next turn finds another.
        await resolve(tx, key, "expired", clock=clock)
    return key is not None


async def held_of(tx: WriteSession, key: str) -> Held:
    """The hold that was made under `key`, ended or not. Raises NotFound."""
    rows = await tx.execute(
        sa.select(
            LedgerGroup.id,
            LedgerGroup.drawn_from,
            LedgerAccount.code,
            LedgerEntry.side,
            LedgerEntry.amount,
        )
        .join(LedgerEntry, LedgerEntry.group_id == LedgerGroup.id)
        .join(LedgerAccount, LedgerAccount.id == LedgerEntry.account_id)
        .where(LedgerGroup.idempotency_key == key, LedgerEntry.phase == "pending")
        .order_by(LedgerEntry.seq)
    )
    found = rows.all()
    if not found:
        raise NotFound("Nothing is held under this key.", param="key")
    legs = tuple(Leg(row.code, row.side, row.amount) for row in found)
    limit_ids = tuple(int(one) for one in (found[0].drawn_from or "").split())
    return Held(key, found[0].id, legs, limit_ids)


async def _take(tx: WriteSession, group_id: int) -> datetime | None:
    """Claim the end of a hold: of all who try, one gets its row."""
    taken = await tx.execute(
        sa.delete(LedgerHold)
        .where(LedgerHold.group_id == group_id)
        .returning(LedgerHold.expires_at)
        .execution_options(synchronize_session=False)
    )
    return taken.scalar_one_or_none()


async def _ended_before(tx: WriteSession, held: Held, outcome: Outcome, amount: Micros) -> Resolved:
    first = await tx.get_one(LedgerResolution, held.group_id)
    if (first.outcome, first.posted_amount) != (outcome, amount):
        raise Conflict(f"This hold was {first.outcome} already.", param="key")
    return Resolved(held.key, outcome, amount, repeated=True)

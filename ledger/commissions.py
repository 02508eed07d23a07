"""Affiliate commissions, as a network reports them: owed to us first, earned when it locks them.

    pending ──► locked ──► paid
        └─────────┴──► reversed

Every state is booked once, by the network's own transaction id, and implies those before it, so that
a file may be read twice and may skip states. What locks is shared like a click: the publisher's part
accrues, the rest is ours. An amount that changed after it was booked is a Conflict for people.
"""

import hashlib
from dataclasses import dataclass
from enum import StrEnum

import sqlalchemy as sa

from kernel.clock import Clock
from kernel.database import WriteSession
from kernel.money import Micros
from ledger.account import AD_REVENUE, Side, accruing
from ledger.journal import post
from ledger.postings import Leg, Posting
from ledger.tables import LedgerGroup

_OWED, _DEFERRED, _BANK = "affiliate_receivable", "affiliate_deferred", "bank"


class CommissionState(StrEnum):
    """How far a commission came."""

    PENDING = "pending"
    LOCKED = "locked"
    PAID = "paid"
    REVERSED = "reversed"


@dataclass(frozen=True, slots=True)
class Commission:
    """``Commission("ebay", "T-1", CommissionState.LOCKED, Micros(1_250_000), "app_01k…")``."""

    network: str
    transaction_id: str
    state: CommissionState
    amount: Micros
    sub_id: str

    def key(self, step: str) -> str:
        """What one booking of it is known by."""
        name = hashlib.blake2b(self.transaction_id.encode(), digest_size=16).hexdigest()
        return f"commission:{self.network}:{name}:{step}"


async def book(
    tx: WriteSession, commission: Commission, *, publisher_id: str, share_bp: int, clock: Clock
) -> bool:
    """Book what is new about a commission; whether anything was. Raises Conflict."""
    earned = commission.amount.share(share_bp)
    parts = ((accruing(publisher_id), earned), (AD_REVENUE, commission.amount - earned))
    if commission.state is CommissionState.REVERSED:
        return await _reverse(tx, commission, parts, clock)
    owed = _posting(commission, "reported", (_OWED,), (_DEFERRED,))
    news = not (await post(tx, owed, clock=clock)).repeated
    if commission.state in {CommissionState.LOCKED, CommissionState.PAID}:
        locked = _shared(commission, "locked", _DEFERRED, "debit", parts)
        news |= not (await post(tx, locked, clock=clock)).repeated
    if commission.state is CommissionState.PAID:
        paid = _posting(commission, "paid", (_BANK,), (_OWED,))
        news |= not (await post(tx, paid, clock=clock)).repeated
    return news


async def _reverse(
    tx: WriteSession,
    commission: Commission,
    parts: tuple[tuple[str, Micros], ...],
    clock: Clock,
) -> bool:
    steps = {step: commission.key(step) for step in ("reported", "locked", "paid")}
    found = await tx.scalars(
        sa.select(LedgerGroup.idempotency_key).where(
            LedgerGroup.idempotency_key.in_(steps.values())
        )
    )
    known = set(found.all())
    if steps["reported"] not in known:
        return False
    # A network takes back what it has paid from its next payment.
    gone = _BANK if steps["paid"] in known else _OWED
    if steps["locked"] in known:
        posting = _shared(commission, "reversed", gone, "credit", parts)
    else:
        posting = _posting(commission, "reversed", (_DEFERRED,), (gone,))
    return not (await post(tx, posting, clock=clock)).repeated


def _posting(
    commission: Commission,
    step: str,
    debits: tuple[str],
    credits: tuple[str],  # noqa: A002  the ledger's word
) -> Posting:
    legs = (
        Leg(debits[0], "debit", commission.amount),
        Leg(credits[0], "credit", commission.amount),
    )
    return Posting("commission", commission.key(step), "sub_id", commission.sub_id, legs)


def _shared(
    commission: Commission,
    step: str,
    whole: str,
    side: Side,
    parts: tuple[tuple[str, Micros], ...],
) -> Posting:
    """The whole on one side, and who shares it on the other."""
    other: Side = "credit" if side == "debit" else "debit"
    legs = (
        Leg(whole, side, commission.amount),
        *(Leg(account, other, part) for account, part in parts if part),
    )
    return Posting("commission", commission.key(step), "sub_id", commission.sub_id, legs)

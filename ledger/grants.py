"""Promotional money: given, and taken back when it expires.

What we give is an expense of ours, so publishers are paid for it like for any other money. A grant
cannot be refunded or moved; what is left of it at its expiry goes back where it came from. That
includes money that a later correction returned to it.
"""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from kernel.clock import Clock
from kernel.database import WriteSession
from kernel.money import ZERO, Micros
from ledger import book, journal
from ledger.account import PROMO_EXPENSE, promo
from ledger.postings import Leg, Posting
from ledger.rows import insert_missing
from ledger.tables import LedgerAccount, LedgerGrant, rows_of


@dataclass(frozen=True, slots=True)
class Grant:
    """Promotional money of one advertiser: ``Grant("grt_1", "adv_1", Micros(50_000_000), …)``."""

    grant_id: str
    advertiser_id: str
    amount: Micros
    expires_at: datetime


async def give(tx: WriteSession, grant: Grant, *, clock: Clock) -> journal.Posted:
    """Give it once; a grant whose id is known is not given again."""
    row = {
        "id": grant.grant_id,
        "advertiser_id": grant.advertiser_id,
        "amount_micros": grant.amount,
        "expires_at": grant.expires_at,
        "created_at": clock.now(),
    }
    await insert_missing(tx, rows_of(LedgerGrant), [row])
    return await journal.post(tx, _given(grant), clock=clock)


async def expire(tx: WriteSession, *, clock: Clock) -> Micros:
    """Take back what is left of grants that have expired; returns how much it was."""
    due = await tx.execute(
        sa.select(LedgerGrant.id, LedgerGrant.advertiser_id)
        .join(
            LedgerAccount,
            LedgerAccount.code
            == sa.literal("adv:")
            + LedgerGrant.advertiser_id
            + sa.literal(":promo:")
            + LedgerGrant.id,
        )
        .where(
            LedgerGrant.expires_at <= clock.now(),
            LedgerAccount.credits_posted
            > LedgerAccount.debits_posted + LedgerAccount.debits_pending,
        )
        .order_by(LedgerAccount.id)
    )
    taken = ZERO
    for grant_id, advertiser_id in due.all():
        taken += await _take_back(tx, promo(advertiser_id, grant_id), grant_id, clock=clock)
    return taken


async def _take_back(tx: WriteSession, account: str, grant_id: str, *, clock: Clock) -> Micros:
    held = (await book.hold(tx, [account]))[account]
    if held.available <= ZERO:
        return ZERO
    legs = (
        Leg(account, "debit", held.available),
        Leg(PROMO_EXPENSE, "credit", held.available),
    )
    # The version makes it one event, however often the same rest is looked at.
    key = f"grant-expiry:{grant_id}:{held.version}"
    posting = Posting("promo", key, "grant", grant_id, legs)
    await journal.post(tx, posting, clock=clock)
    return held.available


def _given(grant: Grant) -> Posting:
    legs = (
        Leg(PROMO_EXPENSE, "debit", grant.amount),
        Leg(promo(grant.advertiser_id, grant.grant_id), "credit", grant.amount),
    )
    return Posting("promo", f"grant:{grant.grant_id}", "grant", grant.grant_id, legs)

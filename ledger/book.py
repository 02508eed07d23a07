"""The pages of the journal: accounts held, groups and entries written.

Rows only; what may be posted is decided before. Balance columns move here by guarded updates in
id order, and the part of deferred accounts is left to settlement. Nothing outside this package
calls it.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

import sqlalchemy as sa

from kernel.database import WriteSession
from kernel.money import ZERO, Micros
from ledger.account import AccountKind, kind_of
from ledger.held_account import HeldAccount
from ledger.postings import Leg, Posting
from ledger.rows import insert_missing, insert_rows, is_among, is_postgres, update_each
from ledger.tables import LedgerAccount, LedgerEntry, LedgerGroup, LedgerUnsettled, rows_of

_accounts: Final = rows_of(LedgerAccount)
_groups: Final = rows_of(LedgerGroup)
_entries: Final = rows_of(LedgerEntry)
_unsettled: Final = rows_of(LedgerUnsettled)

CURRENCY: Final = "USD"


@dataclass(frozen=True, slots=True)
class Page:
    """One group to be written: the posting, what it says in short, and how it came out."""

    posting: Posting
    digest: str
    refused_by: str | None = None
    drawn_from: tuple[int, ...] = ()
    phase: Literal["posted", "pending"] = "posted"


async def hold(tx: WriteSession, codes: Collection[str]) -> dict[str, HeldAccount]:
    """Open the accounts that are new and lock those whose columns a posting moves."""
    held = await _hold(tx, codes)
    missing = sorted(set(codes) - held.keys())
    if missing:
        await insert_missing(tx, _accounts, [_new_account(code) for code in missing])
        held |= await _hold(tx, missing)
    return held


async def write(
    tx: WriteSession,
    pages: Sequence[Page],
    accounts: Mapping[str, HeldAccount],
    *,
    at: datetime,
    effective_at: datetime | None = None,
) -> dict[str, int]:
    """Write the groups whose keys are new, with entries and balances; returns their ids by key."""
    rows = [_group_row(page, effective_at or at, at) for page in pages]
    made = await insert_missing(tx, _groups, sorted(rows, key=_key_of), "idempotency_key", "id")
    ids = {row.idempotency_key: row.id for row in made}
    entries = [
        _entry_row(ids[page.posting.key], seq, leg, accounts[leg.account], phase=page.phase)
        for page in pages
        if page.posting.key in ids and page.refused_by is None
        for seq, leg in enumerate(page.posting.legs)
    ]
    if entries:
        await insert_rows(tx, _entries, entries)
        await store(tx, accounts.values())
    return ids


async def _hold(tx: WriteSession, codes: Collection[str]) -> dict[str, HeldAccount]:
    guarded = [code for code in codes if _is_held(kind_of(code))]
    shared = [code for code in codes if not _is_held(kind_of(code))]
    # Locked in id order: two postings that meet here would otherwise deadlock. SQLite has no row
    # locks and needs none, since its writing transactions begin IMMEDIATE. Both kinds are read in
    # one statement, but what every charge touches is not locked.
    locked = (
        sa.select(_accounts)
        .where(is_among(tx, _accounts.c.code, guarded))
        .order_by(_accounts.c.id)
        .with_for_update(key_share=True)
    )
    if is_postgres(tx):
        held = locked.cte("held")
        others = sa.select(_accounts).where(is_among(tx, _accounts.c.code, shared))
        rows = (await tx.execute(sa.select(held).union_all(others))).all()
    else:
        every = sa.select(_accounts).where(is_among(tx, _accounts.c.code, codes))
        rows = (await tx.execute(every)).all()
    return {row.code: _held(row) for row in rows}


def _is_held(kind: AccountKind) -> bool:
    return kind.no_negative or not kind.deferred


def _held(row: sa.Row[Any]) -> HeldAccount:
    return HeldAccount.of_row(
        row.id,
        row.code,
        row.debits_posted.amount,
        row.credits_posted.amount,
        row.debits_pending.amount,
        row.credits_pending.amount,
        row.version,
    )


async def store(tx: WriteSession, accounts: Collection[HeldAccount]) -> None:
    """Write what was moved, reserved and released on accounts that are held."""
    ordered = sorted(accounts, key=lambda account: account.id)
    moved = [
        {
            "account": account.id,
            "debits": account.debits,
            "credits": account.credits,
            "pending_debits": account.pending_debits,
            "pending_credits": account.pending_credits,
            "moves": account.moves,
            "version_now": account.version - account.moves,
        }
        for account in ordered
        if account.moves or account.pending_debits or account.pending_credits
    ]
    assert await update_each(tx, _MOVE, moved), "A held account changed under its lock."
    later = [
        {
            "account_id": account.id,
            "debits": Micros(account.later_debits),
            "credits": Micros(account.later_credits),
            "entries": account.later_entries,
        }
        for account in ordered
        if account.later_entries
    ]
    await insert_rows(tx, _unsettled, later)


def _amount(name: str) -> sa.BindParameter[int]:
    return sa.bindparam(name, type_=sa.BigInteger)


# The version is the guard: it says that the balance is still the one that was decided on.
_MOVE: Final = (
    sa.update(_accounts)
    .where(_accounts.c.id == _amount("account"), _accounts.c.version == _amount("version_now"))
    .values(
        debits_posted=_accounts.c.debits_posted + _amount("debits"),
        credits_posted=_accounts.c.credits_posted + _amount("credits"),
        debits_pending=_accounts.c.debits_pending + _amount("pending_debits"),
        credits_pending=_accounts.c.credits_pending + _amount("pending_credits"),
        version=_accounts.c.version + _amount("moves"),
    )
)


def _new_account(code: str) -> dict[str, Any]:
    kind = kind_of(code)
    return {
        "code": code,
        "currency": CURRENCY,
        "side": kind.side,
        "no_negative": kind.no_negative,
        "debits_posted": ZERO,
        "credits_posted": ZERO,
        "debits_pending": ZERO,
        "credits_pending": ZERO,
        "version": 0,
    }


def named_limits(limit_ids: Sequence[int]) -> str | None:
    """How a group names the limits that it drew on: ``"17 18"``."""
    return " ".join(map(str, limit_ids)) or None


def _group_row(page: Page, effective_at: datetime, at: datetime) -> dict[str, Any]:
    return {
        "idempotency_key": page.posting.key,
        "request_hash": page.digest,
        "kind": page.posting.kind,
        "ref_type": page.posting.ref_type,
        "ref_id": page.posting.ref_id,
        "refused_by": page.refused_by,
        "drawn_from": named_limits(page.drawn_from),
        "effective_at": effective_at,
        "created_at": at,
    }


def _entry_row(
    group_id: int, seq: int, leg: Leg, account: HeldAccount, *, phase: str
) -> dict[str, Any]:
    version, balance = None, None
    if phase == "pending":
        account.reserve(leg)
    else:
        version, balance = account.move(leg.side, leg.amount.amount)
    return {
        "group_id": group_id,
        "seq": seq,
        "account_id": account.id,
        "side": leg.side,
        "amount": leg.amount,
        "phase": phase,
        "account_version": version,
        "balance_after": None if balance is None else Micros(balance),
    }


def _key_of(row: Mapping[str, Any]) -> str:
    return str(row["idempotency_key"])

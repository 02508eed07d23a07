"""Write a batch of charges to PostgreSQL in one statement: groups, entries, balances, limits.

Each trip to the server costs as much as the writing of many charges, and the rows of a busy campaign
stay locked for as long as the trips last. What is written is what `ledger.book` would write,
computed by the same `HeldAccount`; the guards are the same, and the counts that come back say whether
every one of them held. The caller holds the locks, so a key that is known by then is seen here.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa

from kernel.database import WriteSession
from ledger.account import AD_REVENUE, Side, accruing
from ledger.charging import Charge, Charged, Refused
from ledger.held_account import HeldAccount
from ledger.rows import joined, taken_apart

# A charge, what became of it, and the limits it drew on as its group names them.
Decided = tuple[Charge, Charged | Refused, str | None]

_GROUPS: Final = ("key", "hash", "ref", "refused", "drawn")
_ENTRIES: Final = ("entry_key", "seq", "account", "side", "amount", "version", "balance")
_MOVES: Final = ("moved", "debits", "credits", "moves", "version_now")
_LATER: Final = ("later", "later_debits", "later_credits", "later_entries")
_DRAWS: Final = ("lim", "drawn_amount")


async def write_charges(
    tx: WriteSession,
    decided: Sequence[Decided],
    accounts: Mapping[str, HeldAccount],
    drawn: Mapping[int, int],
    *,
    at: datetime,
) -> int | None:
    """Write them all; returns how many were new, or None where a key is known: nothing is written.

    Fewer than all are new where somebody who shares no lock with us booked a key meanwhile; then the
    transaction has to end.
    """
    entries = [row for one in decided for row in _entries(one, accounts)]
    ordered = sorted(accounts.values(), key=lambda account: account.id)
    moved = [
        (one.id, one.debits, one.credits, one.moves, one.version - one.moves)
        for one in ordered
        if one.moves
    ]
    later = [
        (one.id, one.later_debits, one.later_credits, one.later_entries)
        for one in ordered
        if one.later_entries
    ]
    draws = [(one, drawn[one]) for one in sorted(drawn)]
    groups = sorted(_group(one) for one in decided)
    given = (
        _columns(_GROUPS, groups)
        | _columns(_ENTRIES, entries)
        | _columns(_MOVES, moved)
        | _columns(_LATER, later)
        | _columns(_DRAWS, draws)
    )
    wrote = (await tx.execute(_WRITE, given | {"at": at.isoformat()})).one()
    if wrote.known:
        return None
    assert wrote.moved == len(moved), "A held account changed under its lock."
    assert wrote.drawn == len(draws), "A held spend limit changed under its lock."
    return int(wrote.made)


def _group(one: Decided) -> tuple[Any, ...]:
    asked, outcome, drawn_from = one
    refused_by = outcome.limit if isinstance(outcome, Refused) else None
    return asked.key, asked.digest(), asked.ref, refused_by, drawn_from


def _entries(one: Decided, accounts: Mapping[str, HeldAccount]) -> list[tuple[Any, ...]]:
    """The legs of `ledger.postings.click_charge`, as rows."""
    asked, outcome, _ = one
    if isinstance(outcome, Refused):
        return []
    legs: list[tuple[str, Side, int]] = [
        *((code, "debit", part.amount) for code, part in outcome.funding),
        (accruing(asked.split.publisher_id), "credit", outcome.earned.amount),
        (AD_REVENUE, "credit", outcome.kept.amount),
    ]
    rows: list[tuple[Any, ...]] = []
    for code, side, amount in legs:
        if amount:
            account = accounts[code]
            version, balance = account.move(side, amount)
            rows.append((asked.key, len(rows), account.id, side, amount, version, balance))
    return rows


def _columns(names: Sequence[str], rows: Collection[tuple[Any, ...]]) -> dict[str, str]:
    columns = zip(*rows, strict=True) if rows else [()] * len(names)
    return {name: joined(list(column)) for name, column in zip(names, columns, strict=True)}


def _rows(alias: str, **columns: str) -> str:
    parts = ", ".join(taken_apart(f":{name}", kind) for name, kind in columns.items())
    return f"unnest({parts}) AS {alias}({', '.join(columns)})"


_WRITE: Final = sa.text(
    f"""
    WITH known AS MATERIALIZED (
      SELECT count(*) AS keys FROM ledger_group
      WHERE idempotency_key = ANY({taken_apart(":key", "text")})
    ), made AS (
      INSERT INTO ledger_group (idempotency_key, request_hash, kind, ref_type, ref_id, refused_by,
                                drawn_from, effective_at, created_at)
      SELECT key, hash, 'charge', 'decision', ref, refused, drawn,
             CAST(:at AS timestamptz), CAST(:at AS timestamptz)
      FROM {_rows("g", key="text", hash="text", ref="text", refused="text", drawn="text")}
      WHERE (SELECT keys FROM known) = 0
      ON CONFLICT DO NOTHING RETURNING id, idempotency_key
    ), entries AS (
      INSERT INTO ledger_entry (group_id, seq, account_id, side, amount, phase, account_version,
                                balance_after)
      SELECT made.id, seq, account, side, amount, 'posted', version, balance
      FROM {
        _rows(
            "e",
            entry_key="text",
            seq="smallint",
            account="bigint",
            side="text",
            amount="bigint",
            version="bigint",
            balance="bigint",
        )
    } JOIN made ON made.idempotency_key = entry_key
    ), moved AS (
      UPDATE ledger_account SET debits_posted = debits_posted + debits,
             credits_posted = credits_posted + credits, version = version + moves
      FROM {
        _rows(
            "m",
            moved="bigint",
            debits="bigint",
            credits="bigint",
            moves="bigint",
            version_now="bigint",
        )
    } WHERE id = moved AND version = version_now AND (SELECT keys FROM known) = 0 RETURNING id
    ), owed AS (
      INSERT INTO ledger_unsettled (account_id, debits, credits, entries)
      SELECT * FROM {
        _rows(
            "l",
            later="bigint",
            later_debits="bigint",
            later_credits="bigint",
            later_entries="integer",
        )
    } WHERE (SELECT keys FROM known) = 0), drawn AS (
      UPDATE spend_limit SET spent_micros = spent_micros + drawn_amount
      FROM {_rows("d", lim="bigint", drawn_amount="bigint")}
      WHERE id = lim AND (SELECT keys FROM known) = 0
        AND spent_micros + leased_micros + drawn_amount <= limit_micros
      RETURNING id
    )
    SELECT (SELECT keys FROM known) AS known, (SELECT count(*) FROM made) AS made, (SELECT count(*) FROM moved) AS moved,
           (SELECT count(*) FROM drawn) AS drawn
    """  # noqa: S608  nothing in it comes from outside
)

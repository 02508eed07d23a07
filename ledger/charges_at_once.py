"""Write a batch of charges to PostgreSQL in one statement: groups, entries, balances, limits.

Each trip to the server costs as much as the writing of many charges, and the rows of a busy campaign
stay locked for as long as the trips last. What is written is what `ledger.book` would write,
computed by the same `HeldAccount`; the guards are the same, and the counts that come back say whether
every one of them held. The caller holds the locks.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa

from kernel.database import WriteSession
from kernel.money import Micros
from ledger.book import HeldAccount, Page
from ledger.rows import joined, taken_apart

_GROUPS: Final = ("key", "hash", "ref", "refused", "drawn")
_ENTRIES: Final = ("entry_key", "seq", "account", "side", "amount", "version", "balance")
_MOVES: Final = ("moved", "debits", "credits", "moves", "version_now")
_LATER: Final = ("later", "later_debits", "later_credits", "later_entries")
_DRAWS: Final = ("lim", "drawn_amount")


async def write_charges(
    tx: WriteSession,
    pages: Sequence[Page],
    accounts: Mapping[str, HeldAccount],
    drawn: Mapping[int, Micros],
    *,
    at: datetime,
) -> bool:
    """Write them all; False where a key was known by then and the transaction has to end."""
    entries = [row for page in pages if page.refused_by is None for row in _entries(page, accounts)]
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
    groups = [_group(page) for page in sorted(pages, key=lambda page: page.posting.key)]
    given = (
        _columns(_GROUPS, groups)
        | _columns(_ENTRIES, entries)
        | _columns(_MOVES, moved)
        | _columns(_LATER, later)
        | _columns(_DRAWS, draws)
    )
    wrote = (await tx.execute(_WRITE, given | {"at": at.isoformat()})).one()
    assert wrote.moved == len(moved), "A held account changed under its lock."
    assert wrote.drawn == len(draws), "A held spend limit changed under its lock."
    return bool(wrote.made == len(pages))


def _group(page: Page) -> tuple[Any, ...]:
    posting = page.posting
    drawn = " ".join(map(str, page.drawn_from)) or None
    return posting.key, page.digest, posting.ref_id, page.refused_by, drawn


def _entries(page: Page, accounts: Mapping[str, HeldAccount]) -> list[tuple[Any, ...]]:
    rows = []
    for seq, leg in enumerate(page.posting.legs):
        account = accounts[leg.account]
        version, balance = account.move(leg)
        rows.append((page.posting.key, seq, account.id, leg.side, leg.amount, version, balance))
    return rows


def _columns(names: Sequence[str], rows: Collection[tuple[Any, ...]]) -> dict[str, str]:
    columns = zip(*rows, strict=True) if rows else [()] * len(names)
    return {name: joined(list(column)) for name, column in zip(names, columns, strict=True)}


def _rows(alias: str, **columns: str) -> str:
    parts = ", ".join(taken_apart(f":{name}", kind) for name, kind in columns.items())
    return f"unnest({parts}) AS {alias}({', '.join(columns)})"


_WRITE: Final = sa.text(
    f"""
    WITH made AS (
      INSERT INTO ledger_group (idempotency_key, request_hash, kind, ref_type, ref_id, refused_by,
                                drawn_from, effective_at, created_at)
      SELECT key, hash, 'charge', 'decision', ref, refused, drawn,
             CAST(:at AS timestamptz), CAST(:at AS timestamptz)
      FROM {_rows("g", key="text", hash="text", ref="text", refused="text", drawn="text")}
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
    } WHERE id = moved AND version = version_now RETURNING id
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
    }), drawn AS (
      UPDATE spend_limit SET spent_micros = spent_micros + drawn_amount
      FROM {_rows("d", lim="bigint", drawn_amount="bigint")}
      WHERE id = lim AND spent_micros + leased_micros + drawn_amount <= limit_micros
      RETURNING id
    )
    SELECT (SELECT count(*) FROM made) AS made, (SELECT count(*) FROM moved) AS moved,
           (SELECT count(*) FROM drawn) AS drawn
    """  # noqa: S608  nothing in it comes from outside
)

"""What a batch of charges has to see before it is decided: limits, pockets and accounts, locked.

Everything is locked in one order: limits by id, then accounts by id. PostgreSQL sees it all in one
statement, because the rows of a busy campaign stay locked for as long as the trips to the server
last. Where that statement misses a limit or an account, it locks nothing behind the gap, and the
slower way opens what is due.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import sqlalchemy as sa

from kernel.database import WriteSession
from kernel.money import Micros
from ledger import book, limits
from ledger.account import cash, promo
from ledger.caps import SCOPE, cap_of
from ledger.charging import LimitKey
from ledger.held_account import HeldAccount
from ledger.limits import HeldLimit
from ledger.pockets import pockets_of
from ledger.rows import is_postgres, joined, taken_apart


@dataclass(frozen=True, slots=True)
class Sight:
    """What may be spent: the limits, each payer's pockets in order, and all accounts by code."""

    limits: Mapping[LimitKey, HeldLimit]
    pockets: Mapping[str, Sequence[str]]
    accounts: Mapping[str, HeldAccount]


async def look(
    tx: WriteSession,
    limit_keys: Collection[LimitKey],
    payers: Collection[str],
    deferred: Collection[str],
    at: datetime,
) -> Sight:
    """Lock what these charges draw on; `deferred` are the accounts they only add to."""
    if is_postgres(tx):
        seen = await _at_once(tx, limit_keys, payers, deferred, at)
        if seen is not None:
            return seen
    held = await limits.hold(tx, limit_keys, at, caps={cap_of(payer) for payer in payers})
    pockets = await pockets_of(tx, payers, at)
    codes = {*deferred, *(code for purse in pockets.values() for code in purse)}
    return Sight(held, pockets, await book.hold(tx, codes))


async def _at_once(
    tx: WriteSession,
    limit_keys: Collection[LimitKey],
    payers: Collection[str],
    deferred: Collection[str],
    at: datetime,
) -> Sight | None:
    """The sight, or None where something has to be opened first."""
    named = sorted(payers)
    keys = [*sorted(limit_keys), *map(cap_of, named)]
    given = {
        "scopes": joined([key.scope for key in keys]),
        "scope_ids": joined([key.scope_id for key in keys]),
        "wanted": len(limit_keys),
        "payers": joined(named),
        "wallets": joined([cash(payer) for payer in named]),
        "deferred": joined(sorted(deferred)),
        "at": at,
    }
    held: dict[LimitKey, HeldLimit] = {}
    grants: list[tuple[datetime, str, str]] = []
    accounts: dict[str, HeldAccount] = {}
    for row in await tx.execute(_LOOK, given):
        what, number, name, of, until, *amounts = row
        if what == "limit":
            held[LimitKey(of, name)] = HeldLimit(number, Micros(amounts[0]), until)
        elif what == "grant":
            grants.append((until, name, of))
        else:
            accounts[name] = HeldAccount.of_row(number, name, *amounts)
    pockets = {payer: [cash(payer)] for payer in named}
    for _, grant, payer in sorted(grants, reverse=True):
        pockets[payer].insert(0, promo(payer, grant))
    codes = {*deferred, *(code for purse in pockets.values() for code in purse)}
    return Sight(held, pockets, accounts) if codes <= accounts.keys() else None


def _named(name: str) -> str:
    return f"unnest({taken_apart(name, 'text')})"


_ACCOUNT: Final = (
    "id, code, debits_posted, credits_posted, debits_pending, credits_pending, version"
)
# The accounts are locked after the limits, and only when no limit is missing: the count is taken
# when all limits are held. A payer's cap is there or it is not; none is ever opened.
_LOOK: Final = sa.text(
    f"""
    WITH held_limit AS (
      SELECT id, scope, scope_id, window_end, limit_micros - spent_micros - leased_micros AS room
      FROM spend_limit
      WHERE (scope, scope_id) IN (
              SELECT * FROM unnest({taken_apart(":scopes", "text")},
                                   {taken_apart(":scope_ids", "text")}))
        AND window_start <= :at AND (window_end IS NULL OR window_end > :at)
      ORDER BY id FOR NO KEY UPDATE
    ), paying AS (
      SELECT id, advertiser_id, expires_at FROM ledger_grant
      WHERE advertiser_id IN (SELECT {_named(":payers")}) AND expires_at > :at
    ), held_account AS (
      SELECT {_ACCOUNT} FROM ledger_account
      WHERE code IN (SELECT {_named(":wallets")} UNION ALL
                     SELECT 'adv:' || advertiser_id || ':promo:' || id FROM paying)
        AND (SELECT count(*) FROM held_limit WHERE scope <> '{SCOPE}') = :wanted
      ORDER BY id FOR NO KEY UPDATE
    )
    SELECT 'limit', id, scope_id, scope, window_end, room, 0, 0, 0, 0 FROM held_limit
    UNION ALL
    SELECT 'grant', 0, id, advertiser_id, expires_at, 0, 0, 0, 0, 0 FROM paying
    UNION ALL
    SELECT 'account', id, code, '', NULL, debits_posted, credits_posted, debits_pending,
           credits_pending, version FROM held_account
    UNION ALL
    SELECT 'account', id, code, '', NULL, debits_posted, credits_posted, debits_pending,
           credits_pending, version
    FROM ledger_account WHERE code IN (SELECT {_named(":deferred")})
    """  # noqa: S608  nothing in it comes from outside
)

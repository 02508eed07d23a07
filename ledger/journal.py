"""Post each event once.

Owns the way into the ledger. A key names an event: posting it again is posting it once, and a key
that comes back with other content is a Conflict. `charge` is the only way by which spend leaves an
advertiser: every limit and its pockets cover it in full, or nothing moves and the refusal is
recorded under the key, so that a retry hears the same. Call it once per transaction; for several
charges there is `charge_many`, which takes every lock in one order.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import chain
from typing import Any

import sqlalchemy as sa

from kernel.clock import Clock
from kernel.database import WriteSession
from kernel.errors import Conflict
from kernel.money import ZERO, Micros
from ledger import book, limits
from ledger.account import AD_REVENUE, accruing
from ledger.caps import cap_of
from ledger.charges_at_once import write_charges
from ledger.charging import Charge, Charged, LimitKey, Refused, Split, decide
from ledger.limits import HeldLimit
from ledger.pockets import pockets_of
from ledger.postings import Posting
from ledger.rows import is_among, is_postgres
from ledger.tables import LedgerAccount, LedgerEntry, LedgerGroup

__all__ = [
    "Charge",
    "Charged",
    "LimitKey",
    "Posted",
    "Refused",
    "Split",
    "charge",
    "charge_many",
    "post",
    "post_all",
]

Outcome = Charged | Refused | Conflict


@dataclass(frozen=True, slots=True)
class Posted:
    """A posting that stands in the journal, now or since its first try."""

    key: str
    group_id: int
    repeated: bool = field(default=False, compare=False)


async def post(tx: WriteSession, posting: Posting, *, clock: Clock) -> Posted:
    """Book a posting.

    Raises InsufficientFunds when an account that must not go below zero would, and Conflict when
    the key is known with other content; either way the caller's transaction should end.
    """
    return (await post_all(tx, [posting], clock=clock))[0]


async def post_all(tx: WriteSession, postings: Sequence[Posting], *, clock: Clock) -> list[Posted]:
    """Book several postings with different keys, all of them or none. Raises as `post` does."""
    if not postings:
        return []
    accounts = await book.hold(tx, {leg.account for one in postings for leg in one.legs})
    known = await _known(tx, [one.key for one in postings])
    pages = [book.Page(one, one.digest()) for one in postings if one.key not in known]
    written = await book.write(tx, pages, accounts, at=clock.now())
    if len(written) < len(pages):
        # Another transaction booked some of these keys while we came; it has committed by now.
        known |= await _known(tx, [page.posting.key for page in pages])
    return [_posted(one, written, known) for one in postings]


def _posted(
    posting: Posting, written: Mapping[str, int], known: Mapping[str, sa.Row[Any]]
) -> Posted:
    if posting.key in written:
        return Posted(posting.key, written[posting.key])
    first = known[posting.key]
    if first.request_hash != posting.digest():
        raise _conflict(posting.key)
    return Posted(posting.key, first.id, repeated=True)


async def charge(
    tx: WriteSession,
    *,
    key: str,
    payer: str,
    limits: Sequence[LimitKey],
    price: Micros,
    split: Split,
    ref: str,
    clock: Clock,
) -> Charged | Refused:
    """Charge `payer` once for the event `key`; a known key returns its first outcome."""
    asked = Charge(key=key, payer=payer, limits=limits, price=price, split=split, ref=ref)
    outcome = (await charge_many(tx, [asked], clock=clock))[0]
    if isinstance(outcome, Conflict):
        raise outcome
    return outcome


async def charge_many(
    tx: WriteSession, charges: Sequence[Charge], *, clock: Clock
) -> list[Outcome]:
    """Charge a batch in one transaction, in order; one outcome for each, none spoils another.

    A key that is known with other content gets a Conflict as its outcome.
    """
    if not charges:
        return []
    now = clock.now()
    first = _first_of_each_key(charges)
    keys = {key for asked in charges for key in asked.limits}
    held = await limits.hold(tx, keys, now, caps={cap_of(asked.payer) for asked in charges})
    pockets = await pockets_of(tx, {asked.payer for asked in charges}, now)
    accounts = await book.hold(tx, _codes(charges, pockets))
    known = await _known(tx, list(first))
    fresh = [_capped(asked, held) for key, asked in first.items() if key not in known]
    purses = {
        payer: {code: accounts[code].available for code in codes}
        for payer, codes in pockets.items()
    }
    decided = decide(fresh, purses, {key: limit.left for key, limit in held.items()})
    await _write_charges(tx, fresh, decided, held=held, accounts=accounts, at=now)
    outcomes: dict[str, Outcome] = {outcome.key: outcome for outcome in decided}
    outcomes |= await _first_outcomes(tx, known, first)
    return [_told(asked, first[asked.key], outcomes[asked.key]) for asked in charges]


def _first_of_each_key(charges: Sequence[Charge]) -> dict[str, Charge]:
    first: dict[str, Charge] = {}
    for asked in charges:
        first.setdefault(asked.key, asked)
    return first


def _capped(asked: Charge, held: Mapping[LimitKey, HeldLimit]) -> Charge:
    """The charge with the daily cap of its payer among its limits, where there is one."""
    cap = cap_of(asked.payer)
    return replace(asked, limits=(*asked.limits, cap)) if cap in held else asked


def _codes(charges: Sequence[Charge], pockets: Mapping[str, Sequence[str]]) -> set[str]:
    earners = {accruing(asked.split.publisher_id) for asked in charges}
    return {AD_REVENUE, *earners, *chain.from_iterable(pockets.values())}


async def _write_charges(
    tx: WriteSession,
    asked: Sequence[Charge],
    decided: Sequence[Charged | Refused],
    *,
    held: Mapping[LimitKey, HeldLimit],
    accounts: Mapping[str, book.HeldAccount],
    at: datetime,
) -> None:
    pages, spent = [], dict[int, Micros]()
    for one, outcome in zip(asked, decided, strict=True):
        if isinstance(outcome, Refused):
            pages.append(book.Page(one.posting(), one.digest(), refused_by=outcome.limit))
            continue
        drawn = sorted({held[key].id for key in one.limits})
        for limit_id in drawn:
            spent[limit_id] = spent.get(limit_id, ZERO) + one.price
        posting = one.posting(outcome.funding)
        pages.append(book.Page(posting, one.digest(), drawn_from=tuple(drawn)))
    amounts = {limit_id: amount for limit_id, amount in spent.items() if amount}
    if not await _write(tx, pages, accounts, amounts, at=at):
        # Same key, other payer, at the same moment: the locks cannot have met. Nobody does this
        # honestly, and undoing the batch is safe.
        raise _conflict(pages[0].posting.key)


async def _write(
    tx: WriteSession,
    pages: Sequence[book.Page],
    accounts: Mapping[str, book.HeldAccount],
    drawn: Mapping[int, Micros],
    *,
    at: datetime,
) -> bool:
    """Write groups, entries, balances and limits; False where a key was known by then."""
    if not pages:
        return True
    if is_postgres(tx):
        return await write_charges(tx, pages, accounts, drawn, at=at)
    written = await book.write(tx, pages, accounts, at=at)
    await limits.draw(tx, drawn)
    return len(written) == len(pages)


async def _known(tx: WriteSession, keys: Sequence[str]) -> dict[str, sa.Row[Any]]:
    rows: sa.Result[Any] = await tx.execute(
        sa.select(
            LedgerGroup.id,
            LedgerGroup.idempotency_key,
            LedgerGroup.request_hash,
            LedgerGroup.refused_by,
        ).where(is_among(tx, LedgerGroup.idempotency_key, keys))
    )
    return {row.idempotency_key: row for row in rows}


async def _first_outcomes(
    tx: WriteSession, known: Mapping[str, sa.Row[Any]], asked: Mapping[str, Charge]
) -> dict[str, Outcome]:
    if not known:
        return {}
    rows = await tx.execute(
        sa.select(LedgerEntry.group_id, LedgerEntry.amount)
        .join(LedgerAccount, LedgerAccount.id == LedgerEntry.account_id)
        .where(
            is_among(tx, LedgerEntry.group_id, [first.id for first in known.values()]),
            LedgerAccount.code == AD_REVENUE,
        )
    )
    kept = {row.group_id: row.amount for row in rows}
    return {
        key: _first_outcome(asked[key], first, kept.get(first.id, ZERO))
        for key, first in known.items()
    }


def _first_outcome(asked: Charge, first: sa.Row[Any], kept: Micros) -> Outcome:
    if first.request_hash != asked.digest():
        return _conflict(asked.key)
    if first.refused_by is not None:
        return Refused(asked.key, first.refused_by, repeated=True)
    return Charged(asked.key, asked.price, asked.price - kept, kept, repeated=True)


def _told(asked: Charge, first: Charge, outcome: Outcome) -> Outcome:
    if asked is first or isinstance(outcome, Conflict):
        return outcome
    if asked.digest() != first.digest():
        return _conflict(asked.key)
    return replace(outcome, repeated=True)


def _conflict(key: str) -> Conflict:
    return Conflict(
        f"The key {key!r} stands in the ledger for something else. Use a new key for a new event.",
        param="key",
    )

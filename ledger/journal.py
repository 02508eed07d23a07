"""Post each event once.

Owns the way into the ledger. A key names an event: posting it again is posting it once, and a key
that comes back with other content is a Conflict. `charge` is the only way by which spend leaves an
advertiser: every limit and its pockets cover it in full, or nothing moves and the refusal is
recorded under the key, so that a retry hears the same. Call it once per transaction; for several
charges there is `charge_many`, which takes every lock in one order.
"""

from collections import defaultdict
from collections.abc import Collection, Container, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
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
from ledger.postings import Posting
from ledger.rows import is_among, is_postgres
from ledger.sight import Sight, look
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
    # A key is rarely known, and PostgreSQL says so with the write itself.
    known = {} if is_postgres(tx) else await _known(tx, list(first))
    decided = await _decide_and_write(tx, first, known, now)
    if decided is None:
        known = await _known(tx, list(first))
        decided = await _decide_and_write(tx, first, known, now)
    if decided is None:
        raise _conflict(charges[0].key)
    outcomes: dict[str, Outcome] = {outcome.key: outcome for outcome in decided}
    outcomes |= await _first_outcomes(tx, known, first)
    return [_told(asked, first[asked.key], outcomes[asked.key]) for asked in charges]


async def _decide_and_write(
    tx: WriteSession, first: Mapping[str, Charge], known: Collection[str], at: datetime
) -> list[Charged | Refused] | None:
    """What becomes of the keys that are not known, written; None where one of them was known."""
    asked = first.values()
    sight = await look(
        tx,
        {key for one in asked for key in one.limits},
        {one.payer for one in asked},
        {AD_REVENUE, *(accruing(one.split.publisher_id) for one in asked)},
        at,
    )
    fresh = [_capped(one, sight.limits) for one in asked if one.key not in known]
    purses = {
        payer: {code: sight.accounts[code].available for code in codes}
        for payer, codes in sight.pockets.items()
    }
    decided = decide(fresh, purses, {key: limit.left for key, limit in sight.limits.items()})
    is_written = await _write_charges(tx, fresh, decided, sight, at=at)
    return decided if is_written else None


def _first_of_each_key(charges: Sequence[Charge]) -> dict[str, Charge]:
    first: dict[str, Charge] = {}
    for asked in charges:
        first.setdefault(asked.key, asked)
    return first


def _capped(asked: Charge, held: Container[LimitKey]) -> Charge:
    """The charge with the daily cap of its payer among its limits, where there is one."""
    cap = cap_of(asked.payer)
    return replace(asked, limits=(*asked.limits, cap)) if cap in held else asked


async def _write_charges(
    tx: WriteSession,
    asked: Sequence[Charge],
    decided: Sequence[Charged | Refused],
    sight: Sight,
    *,
    at: datetime,
) -> bool:
    if not asked:
        return True
    drawn_by: dict[tuple[LimitKey, ...], tuple[int, ...]] = {}
    drawn: list[tuple[int, ...]] = []
    spent: defaultdict[int, int] = defaultdict(int)
    for one, outcome in zip(asked, decided, strict=True):
        keys = tuple(one.limits)
        if isinstance(outcome, Charged):
            if keys not in drawn_by:
                drawn_by[keys] = tuple(sorted({sight.limits[key].id for key in keys}))
            for limit_id in drawn_by[keys] if one.price else ():
                spent[limit_id] += one.price.amount
        drawn.append(drawn_by[keys] if isinstance(outcome, Charged) else ())
    if is_postgres(tx):
        rows = list(zip(asked, decided, map(book.named_limits, drawn), strict=True))
        made = await write_charges(tx, rows, sight.accounts, spent, at=at)
    else:
        pages = list(map(_page, asked, decided, drawn))
        made = len(await book.write(tx, pages, sight.accounts, at=at))
        await limits.draw(tx, spent)
    if made is not None and made < len(asked):
        # Same key, other payer, at the same moment: the locks cannot have met. Nobody does this
        # honestly, and undoing the batch is safe.
        raise _conflict(asked[0].key)
    return made is not None


def _page(one: Charge, outcome: Charged | Refused, drawn_from: tuple[int, ...]) -> book.Page:
    if isinstance(outcome, Refused):
        return book.Page(one.posting(), one.digest(), refused_by=outcome.limit)
    return book.Page(one.posting(outcome.funding), one.digest(), drawn_from=drawn_from)


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

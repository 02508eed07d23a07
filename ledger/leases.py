"""Leases: a slice of a campaign's budget that one process may spend by itself.

A lease is a hold on the payer's pockets that also counts under every limit of the campaign, so
whatever its holder does, money and budgets are covered. It ends at its time to live or where the
day of a limit ends, whichever is first; a report that comes later is refused, and the slice is free
for others. What is spent is reported once, and the next slice taken in the same transaction.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from kernel.clock import Clock
from kernel.database import WriteSession
from kernel.money import BASIS_POINTS, ZERO, Micros
from ledger import book, holds, limits
from ledger.caps import cap_of
from ledger.charging import WALLET, LimitKey, Refused
from ledger.pockets import pockets_of
from ledger.postings import Leg, Posting, lease_charge

_A_FEW: Final = 8


@dataclass(frozen=True, slots=True)
class Lease:
    """A slice: ``Lease("lse_1", "cmp_1", "adv_1", Micros(2_000_000), until)``."""

    lease_id: str
    campaign_id: str
    payer: str
    amount: Micros
    expires_at: datetime


class Allowance:
    """What is left of a lease, in its holder's memory: no database is asked per delivery."""

    def __init__(self, lease: Lease, clock: Clock) -> None:
        self.lease = lease
        self.spent = ZERO
        self._clock = clock

    def spend(self, price: Micros) -> bool:
        """Take `price` from the slice, unless it is used up or its time is over."""
        if self._clock.now() >= self.lease.expires_at or self.spent + price > self.lease.amount:
            return False
        self.spent += price
        return True


async def take(
    tx: WriteSession,
    lease_id: str,
    *,
    campaign_id: str,
    payer: str,
    limit_keys: Sequence[LimitKey],
    slice_: Micros,
    least: Micros,
    lives: timedelta,
    clock: Clock,
    part_bp: int = BASIS_POINTS,
) -> Lease | Refused:
    """Lease up to `slice_`, or what is left when that is at least `least`; `lease_id` is new.

    With `part_bp` no more than that part of what is left is taken, but a few times the least: others
    spend from the same budget, and what one holds they cannot have.
    """
    now = clock.now()
    wanted = list(dict.fromkeys(limit_keys))
    cap = cap_of(payer)
    found = await limits.hold(tx, wanted, now, caps=[cap])
    for key in [*wanted, cap] if cap in found else wanted:
        if key not in found or found[key].left < least:
            return Refused(lease_id, key.scope)
    codes = (await pockets_of(tx, [payer], now))[payer]
    accounts = await book.hold(tx, codes)
    purse = {code: accounts[code].available for code in codes}
    holds_in_all = Micros(sum(pocket.amount for pocket in purse.values()))
    left = min([holds_in_all, *(limit.left for limit in found.values())])
    amount = min(slice_, left, max(left.share(part_bp), least * _A_FEW))
    if amount < least or not amount:
        return Refused(lease_id, WALLET)
    ends = [one.window_end for one in found.values() if one.window_end is not None]
    expires_at = min(now + lives, *ends) if ends else now + lives
    limit_ids = [one.id for one in found.values()]
    await limits.begin_lease(tx, limit_ids, amount)
    posting = _held(lease_id, campaign_id, _funding(purse, amount))
    await holds.hold(tx, posting, expires_at=expires_at, clock=clock, limit_ids=limit_ids)
    return Lease(lease_id, campaign_id, payer, amount, expires_at)


async def report(
    tx: WriteSession, lease: Lease, spent: Mapping[str, tuple[Micros, Micros]], *, clock: Clock
) -> holds.Resolved:
    """Charge for what was spent from a lease and free the rest; the same report counts once.

    `spent` has what was spent and what of it is earned, by publisher. Raises Conflict for a lease
    whose time is over.
    """
    key = _key(lease.lease_id)
    whole = Micros(sum(price.amount for price, _ in spent.values()))
    if not whole:
        return await holds.resolve(tx, key, "voided", clock=clock)
    held = await holds.held_of(tx, key)
    purse = {leg.account: leg.amount for leg in held.legs if leg.side == "debit"}
    charge = lease_charge(
        key=f"{key}:spent", parts=spent, ref=lease.lease_id, funding=_funding(purse, whole)
    )
    return await holds.resolve(tx, key, "posted", posting=charge, clock=clock)


def _key(lease_id: str) -> str:
    return f"lease:{lease_id}"


def _held(lease_id: str, campaign_id: str, funding: Sequence[tuple[str, Micros]]) -> Posting:
    whole = Micros(sum(part.amount for _, part in funding))
    legs = (
        *(Leg(account, "debit", part) for account, part in funding),
        Leg(f"campaign:{campaign_id}:lease", "credit", whole),
    )
    return Posting("lease", _key(lease_id), "lease", lease_id, legs)


def _funding(purse: dict[str, Micros], amount: Micros) -> list[tuple[str, Micros]]:
    parts = []
    for account, pocket in purse.items():
        part = min(amount, pocket)
        if part > ZERO:
            parts.append((account, part))
            amount -= part
    return parts

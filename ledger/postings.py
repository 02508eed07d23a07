"""Which accounts an event moves, and by how much. Pure.

Each function names one event of the business and returns the posting that books it. Legs are
positive amounts with a side; a posting whose sides differ cannot be made. Nothing here reads a
balance: whether the money is there is the journal's question.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from kernel.money import ZERO, Micros
from ledger.account import AD_REVENUE, STRIPE_CLEARING, Side, accruing, cash, kind_of

Kind = Literal[
    "top_up",
    "promo",
    "charge",
    "commission",
    "lease",
    "reversal",
    "correction",
    "refund",
    "dispute",
    "fee",
    "payout",
    "release",
    "upstream",
    "suspense",
]


@dataclass(frozen=True, slots=True)
class Leg:
    """One side of a movement: ``Leg("ad_revenue", "credit", Micros(105_000))``."""

    account: str
    side: Side
    amount: Micros

    def __post_init__(self) -> None:
        kind_of(self.account)
        if self.amount <= ZERO:
            raise ValueError(f"A leg moves a positive amount, got {self.amount!r}.")


@dataclass(frozen=True, slots=True)
class Posting:
    """One event as it will stand in the journal, named by its `key` for ever.

    A click at $0.35 with 70 % for the publisher: debit the wallet 350,000, credit the publisher
    245,000 and ad revenue 105,000.
    """

    kind: Kind
    key: str
    ref_type: str
    ref_id: str
    legs: tuple[Leg, ...]

    def __post_init__(self) -> None:
        if not 0 < len(self.key) <= 120:
            raise ValueError("A posting needs a key of 1 to 120 characters.")
        if self.total("debit") != self.total("credit"):
            raise ValueError(f"The posting {self.key!r} does not add up to zero.")

    def total(self, side: Side) -> Micros:
        """The sum of one side."""
        return Micros(sum(leg.amount.amount for leg in self.legs if leg.side == side))

    def digest(self) -> str:
        """What this posting says, in 32 characters: the same key must say the same."""
        legs = [f"{leg.account} {leg.side} {leg.amount.amount}" for leg in self.legs]
        return digest_of(self.kind, self.ref_type, self.ref_id, *legs)


def digest_of(*parts: str) -> str:
    """Thirty-two characters that differ when any of `parts` does."""
    return hashlib.blake2b("\n".join(parts).encode(), digest_size=16).hexdigest()


def top_up(advertiser_id: str, amount: Micros, key: str) -> Posting:
    """An advertiser paid in: the till has more, and we owe as much in ads."""
    legs = (
        Leg(STRIPE_CLEARING, "debit", amount),
        Leg(cash(advertiser_id), "credit", amount),
    )
    return Posting("top_up", key, "advertiser", advertiser_id, legs)


def click_charge(
    *,
    key: str,
    payer: str,
    price: Micros,
    publisher_id: str,
    share_bp: int,
    ref: str,
    funding: Sequence[tuple[str, Micros]] = (),
) -> Posting:
    """A billable click: the payer pays, the publisher and the platform share to the micro.

    `funding` says which accounts of the payer pay how much of it; without, it is all cash. The
    publisher earns the same either way. A part that is nothing has no leg, so a free click books no
    legs at all.
    """
    earned = price.share(share_bp)
    parts: Sequence[tuple[str, Side, Micros]] = (
        *((account, "debit", part) for account, part in funding or [(cash(payer), price)]),
        (accruing(publisher_id), "credit", earned),
        (AD_REVENUE, "credit", price - earned),
    )
    legs = tuple(Leg(account, side, amount) for account, side, amount in parts if amount)
    return Posting("charge", key, "decision", ref, legs)


def lease_charge(
    *,
    key: str,
    parts: Mapping[str, tuple[Micros, Micros]],
    ref: str,
    funding: Sequence[tuple[str, Micros]],
) -> Posting:
    """What was spent from a lease: `parts` has price and earnings by publisher, ours is the rest."""
    price = Micros(sum(part.amount for part, _ in parts.values()))
    earned = Micros(sum(part.amount for _, part in parts.values()))
    sides: Sequence[tuple[str, Side, Micros]] = (
        *((account, "debit", part) for account, part in funding),
        *((accruing(name), "credit", parts[name][1]) for name in sorted(parts)),
        (AD_REVENUE, "credit", price - earned),
    )
    legs = tuple(Leg(account, side, amount) for account, side, amount in sides if amount)
    return Posting("charge", key, "decision", ref, legs)


def reversal(of: Posting, key: str) -> Posting:
    """The exact inverse of what was booked: same accounts, same amounts, other side."""
    legs = tuple(Leg(leg.account, _OTHER[leg.side], leg.amount) for leg in of.legs)
    return Posting("reversal", key, of.ref_type, of.ref_id, legs)


_OTHER: dict[Side, Side] = {"debit": "credit", "credit": "debit"}

"""Who may be charged, decided on numbers alone. Pure.

Given what is left in pockets and under limits, in the order in which the charges came: each is
charged in full or refused by name, and what it took is gone for the next one. A charge is never
partial, and a limit that was never set refuses (no confirmed budget, no charge).
"""

from collections.abc import Iterator, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

from kernel.money import BASIS_POINTS, ZERO, Micros
from ledger.postings import Posting, click_charge, digest_of

Scope = Literal["campaign_total", "campaign_day", "organisation_month", "advertiser_day"]
WALLET: Final = "wallet"


@dataclass(frozen=True, slots=True, order=True)
class LimitKey:
    """Names a spend limit: ``LimitKey("campaign_day", "cmp_01k…")``."""

    scope: Scope
    scope_id: str


@dataclass(frozen=True, slots=True)
class Split:
    """Who shares a charge with the platform: 7,000 basis points are 70 % for the publisher."""

    publisher_id: str
    share_bp: int

    def __post_init__(self) -> None:
        if not 0 <= self.share_bp <= BASIS_POINTS:
            raise ValueError(f"A share lies between 0 and {BASIS_POINTS}, got {self.share_bp}.")


@dataclass(frozen=True, slots=True)
class Charge:
    """A charge that is asked for; `key` names the billable event, so it can be asked again.

    ``Charge(key="click:dec_1", payer="adv_1", limits=(LimitKey("campaign_total", "cmp_1"),),
    price=Micros(350_000), split=Split("zero", 7_000), ref="dec_1")``
    """

    key: str
    payer: str
    limits: Sequence[LimitKey]
    price: Micros
    split: Split
    ref: str

    def __post_init__(self) -> None:
        if self.price < ZERO:
            raise ValueError(f"A price is not negative, got {self.price!r}.")

    def posting(self, funding: Sequence[tuple[str, Micros]] = ()) -> Posting:
        """How this charge is booked; `funding` as in `click_charge`."""
        return click_charge(
            key=self.key,
            payer=self.payer,
            price=self.price,
            publisher_id=self.split.publisher_id,
            share_bp=self.split.share_bp,
            ref=self.ref,
            funding=funding,
        )

    def digest(self) -> str:
        """What is asked for. The share is our policy and may change between two tries."""
        return digest_of("charge", self.payer, str(self.price.amount), self.ref)


@dataclass(frozen=True, slots=True)
class Charged:
    """The money moved, now or at the first try: `earned` to the publisher, `kept` by us.

    `funding` is what each of the payer's accounts gave; on a repeat only the entries tell.
    """

    key: str
    price: Micros
    earned: Micros
    kept: Micros
    funding: tuple[tuple[str, Micros], ...] = field(default=(), compare=False)
    repeated: bool = field(default=False, compare=False)


@dataclass(frozen=True, slots=True)
class Refused:
    """Nothing moved: `limit` is the scope of the limit that stood in the way, or ``wallet``."""

    key: str
    limit: str
    repeated: bool = field(default=False, compare=False)


def decide(
    charges: Sequence[Charge],
    purses: Mapping[str, Mapping[str, Micros]],
    left: Mapping[LimitKey, Micros],
) -> list[Charged | Refused]:
    """One outcome for each charge, in order.

    `purses` has what is in each account of a payer, in the order in which they are spent; `left` has
    what is left under each limit.
    """
    # Plain numbers: a hot campaign has hundreds of charges a moment.
    purse = {
        payer: {account: holds.amount for account, holds in pockets.items()}
        for payer, pockets in purses.items()
    }
    room = {limit: amount.amount for limit, amount in left.items()}
    return [_decide_one(charge, purse.get(charge.payer, {}), room) for charge in charges]


def _decide_one(
    charge: Charge, pockets: MutableMapping[str, int], room: MutableMapping[LimitKey, int]
) -> Charged | Refused:
    price, limits = charge.price, charge.limits
    micros = price.amount
    if len(limits) > 1:
        limits = tuple(dict.fromkeys(limits))
    for limit in limits:
        if room.get(limit, -1) < micros:
            return Refused(charge.key, limit.scope)
    if sum(pockets.values()) < micros:
        return Refused(charge.key, WALLET)
    for limit in limits:
        room[limit] -= micros
    first = next(iter(pockets), None)
    if first is not None and micros and pockets[first] >= micros:
        # Nearly always the first pocket pays for all of it.
        pockets[first] -= micros
        funding: tuple[tuple[str, Micros], ...] = ((first, price),)
    else:
        funding = tuple(_take(micros, pockets))
    earned = price.share(charge.split.share_bp)
    return Charged(charge.key, price, earned, price - earned, funding)


def _take(micros: int, pockets: MutableMapping[str, int]) -> Iterator[tuple[str, Micros]]:
    for account, holds in pockets.items():
        part = min(micros, holds)
        if part > 0:
            pockets[account] = holds - part
            micros -= part
            yield account, Micros(part)

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
    purse = {payer: dict(pockets) for payer, pockets in purses.items()}
    room = dict(left)
    return [_decide_one(charge, purse.get(charge.payer, {}), room) for charge in charges]


def _decide_one(
    charge: Charge, pockets: MutableMapping[str, Micros], room: MutableMapping[LimitKey, Micros]
) -> Charged | Refused:
    limits = dict.fromkeys(charge.limits)
    for limit in limits:
        if limit not in room or room[limit] < charge.price:
            return Refused(charge.key, limit.scope)
    if sum(pocket.amount for pocket in pockets.values()) < charge.price.amount:
        return Refused(charge.key, WALLET)
    for limit in limits:
        room[limit] -= charge.price
    funding = tuple(_take(charge.price, pockets))
    earned = charge.price.share(charge.split.share_bp)
    return Charged(charge.key, charge.price, earned, charge.price - earned, funding)


def _take(price: Micros, pockets: MutableMapping[str, Micros]) -> Iterator[tuple[str, Micros]]:
    for account, holds in pockets.items():
        part = min(price, holds)
        if part > ZERO:
            pockets[account] = holds - part
            price -= part
            yield account, part

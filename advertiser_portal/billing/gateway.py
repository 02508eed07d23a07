"""What we need of a payment processor, in our own words.

    planned ── call ──► Done(stripe_id)      the processor did it
                  ├───► Declined(code)       it refused for good; nothing happened
                  └───► Unclear              nobody knows: never repeat under another key, look it up

Amounts are whole cents. Every call that writes carries the operation, whose id travels as metadata
so that it can be found again, and whose key makes a repeat harmless for a day.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from kernel.errors import Unavailable
from kernel.money import Micros

CENT = 10_000


def cents(amount: Micros) -> int:
    """Whole cents of an amount; raises ValueError when it is finer than a cent."""
    whole, rest = divmod(amount.amount, CENT)
    if rest:
        raise ValueError(f"{amount.text(decimals=6)} is not a whole number of cents.")
    return whole


def micros(whole_cents: int) -> Micros:
    return Micros(whole_cents * CENT)


@dataclass(frozen=True, slots=True)
class Operation:
    """A planned write: ``Operation("op_…", "refund", "tollfree:op_…", {...})``."""

    id: str
    kind: str
    owner_id: str
    key: str
    params: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Done:
    """It was done; `url` is where a person goes on, if anywhere."""

    stripe_id: str
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Declined:
    """It was refused for good. `intent_id` names a payment that waits for its owner."""

    code: str
    intent_id: str | None = None


class Unclear(Unavailable):
    """The answer was lost: it may have happened. Look it up, or repeat under the same key."""


class KeyKnown(Unclear):
    """The key was used with other words before: whatever it made must be looked up."""


@dataclass(frozen=True, slots=True)
class Payment:
    """A payment intent with its charge: paid when `status` is succeeded."""

    id: str
    status: str
    amount_cents: int
    charge_id: str | None
    customer_id: str | None
    card_id: str | None
    metadata: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Session:
    """A hosted page's outcome: payment or saved card."""

    id: str
    status: str
    payment_status: str
    mode: str
    payment_id: str | None
    setup_id: str | None
    customer_id: str | None
    tax_cents: int
    invoice_id: str | None
    metadata: Mapping[str, str]
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Card:
    """A saved card, as much of it as may be shown."""

    id: str
    brand: str
    last4: str
    expires: str


@dataclass(frozen=True, slots=True)
class Refund:
    """A refund; `came_back` when the bank returned the money after we had sent it."""

    id: str
    status: str
    amount_cents: int
    payment_id: str | None
    came_back: bool
    metadata: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Dispute:
    """A chargeback with what it did to the balance so far."""

    id: str
    status: str
    amount_cents: int
    charge_id: str
    payment_id: str | None
    withdrawn_cents: int
    reinstated_cents: int
    fee_cents: int


@dataclass(frozen=True, slots=True)
class Warned:
    """An early warning that a payment will be disputed; `actionable` while a refund prevents it."""

    id: str
    charge_id: str
    payment_id: str | None
    actionable: bool


@dataclass(frozen=True, slots=True)
class BankPayout:
    """What a connected account sends to its bank."""

    id: str
    status: str
    failure: str | None


@dataclass(frozen=True, slots=True)
class Movement:
    """A balance transaction."""

    id: str
    type: str
    amount_cents: int
    fee_cents: int
    source: str | None
    created: datetime


@dataclass(frozen=True, slots=True)
class Notice:
    """A webhook event, reduced to what we act on."""

    id: str
    type: str
    object_id: str


@dataclass(frozen=True, slots=True)
class Invoice:
    page: str | None
    pdf: str | None


@dataclass(frozen=True, slots=True)
class Holdings:
    """What the processor holds for us, available and pending together."""

    total_cents: int
    by_currency: Mapping[str, int] = field(default_factory=dict)


class PaymentGateway(Protocol):
    """The processor.

    Writing calls raise Unclear; reading calls raise Unavailable, and LookupError for what is not there.
    """

    async def perform(self, operation: Operation) -> Done | Declined: ...

    async def look_up(self, operation: Operation) -> Done | Declined | None:
        """What an earlier try of `operation` came to, found by its metadata; None for nothing."""
        ...

    def read_event(self, body: bytes, signature: str) -> Notice:
        """Verify and reduce a webhook; raises Forbidden for one that the processor did not sign."""
        ...

    async def payment(self, payment_id: str) -> Payment: ...

    async def session(self, session_id: str) -> Session: ...

    async def saved_card(self, setup_id: str) -> Card | None: ...

    async def card(self, card_id: str) -> Card: ...

    async def refund(self, refund_id: str) -> Refund: ...

    async def dispute(self, dispute_id: str) -> Dispute: ...

    async def warning(self, warning_id: str) -> Warned: ...

    async def bank_payout(self, payout_id: str, *, account_id: str) -> BankPayout: ...

    async def bankable_cents(self, account_id: str) -> int:
        """What a connected account could send to its bank now."""
        ...

    async def invoice(self, invoice_id: str) -> Invoice: ...

    async def charge_payment(self, charge_id: str) -> str | None:
        """The payment intent behind a charge."""
        ...

    async def confirm_address(
        self, payment_id: str, *, card_id: str, return_url: str
    ) -> str | None:
        """Where the owner of a card confirms a payment; None when it went through at once."""
        ...

    async def can_receive(self, account_id: str) -> bool: ...

    async def movements(self, since: datetime) -> Sequence[Movement]: ...

    async def undelivered(self, since: datetime) -> Sequence[Notice]: ...

    async def holdings(self) -> Holdings: ...

    async def close(self) -> None: ...

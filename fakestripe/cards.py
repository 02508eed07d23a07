"""The test cards that Stripe documents, and what each does.

A card is named by a token such as ``pm_card_visa`` or by its number on the hosted page. Only the
last four digits are kept.
"""

from dataclasses import dataclass
from typing import Any, Final


@dataclass(frozen=True)
class Card:
    """How a card behaves: `decline` on charging, `off_session` when nobody is there to confirm."""

    token: str
    number: str
    brand: str = "visa"
    decline: str | None = None
    decline_code: str | None = None
    needs_customer: bool = False
    disputes: str | None = None
    declines_at_attach: bool = False

    @property
    def last4(self) -> str:
        return self.number[-4:]


CARDS: Final = (
    Card("pm_card_visa", "4242424242424242"),
    Card("pm_card_mastercard", "5555555555554444", brand="mastercard"),
    Card(
        "pm_card_chargeDeclined",
        "4000000000000002",
        decline="card_declined",
        decline_code="generic_decline",
        declines_at_attach=True,
    ),
    Card(
        "pm_card_visa_chargeDeclinedInsufficientFunds",
        "4000000000009995",
        decline="card_declined",
        decline_code="insufficient_funds",
        declines_at_attach=True,
    ),
    Card(
        "pm_card_chargeDeclinedExpiredCard",
        "4000000000000069",
        decline="expired_card",
        declines_at_attach=True,
    ),
    Card(
        "pm_card_chargeDeclinedProcessingError",
        "4000000000000119",
        decline="processing_error",
        declines_at_attach=True,
    ),
    Card(
        "pm_card_chargeCustomerFail",
        "4000000000000341",
        decline="card_declined",
        decline_code="generic_decline",
    ),
    Card("pm_card_authenticationRequired", "4000002760003184", needs_customer=True),
    Card("pm_card_authenticationRequiredOnSetup", "4000002500003155", needs_customer=True),
    Card("pm_card_createDispute", "4000000000000259", disputes="fraudulent"),
)

_BY_TOKEN: Final = {card.token: card for card in CARDS}
_BY_NUMBER: Final = {card.number: card for card in CARDS}
_BY_LAST4: Final = {card.last4: card for card in CARDS}


def by_token(token: str) -> Card | None:
    return _BY_TOKEN.get(token)


def by_number(number: str) -> Card | None:
    return _BY_NUMBER.get(number.replace(" ", ""))


def of(method: dict[str, Any]) -> Card:
    """The card behind a payment method."""
    return _BY_LAST4[method["card"]["last4"]]


def details(card: Card) -> dict[str, Any]:
    """The `card` member of a payment method."""
    return {
        "brand": card.brand,
        "checks": {
            "address_line1_check": None,
            "address_postal_code_check": None,
            "cvc_check": "pass",
        },
        "country": "US",
        "display_brand": card.brand,
        "exp_month": 12,
        "exp_year": 2034,
        "fingerprint": f"fp{card.number[-10:]}",
        "funding": "credit",
        "generated_from": None,
        "last4": card.last4,
        "networks": {"available": [card.brand], "preferred": None},
        "regulated_status": "unregulated",
        "three_d_secure_usage": {"supported": True},
        "wallet": None,
    }

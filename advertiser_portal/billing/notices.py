"""What people are told by mail about their money, and the words of each letter.

A notice is written into the outbox in the transaction of its cause, so that it is sent once the
cause is true and not before. It carries ids, amounts and codes only; who gets it is found when it
is sent. Pure but for `tell`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from kernel import outbox
from kernel.clock import Clock
from kernel.database import WriteSession

KIND: Final = "billing.notice"

About = Literal[
    "recharge_confirm",
    "recharge_failed",
    "recharge_stopped",
    "recharge_capped",
    "refund_failed",
    "dispute_opened",
    "fraud_warning",
    "payout_failed",
    "bank_refused",
]

_BILLING: Final = "/advertiser/billing"
_PAYOUTS: Final = "/developer/payouts"


@dataclass(frozen=True, slots=True)
class Words:
    """A subject, a text with places for the details, and the page that helps."""

    subject: str
    text: str
    page: str


_WORDS: Final[Mapping[About, Words]] = {
    "recharge_confirm": Words(
        "Your bank asks you to confirm a payment",
        "Your card's bank wants you to confirm the automatic recharge of {amount}. Automatic "
        "recharge waits until you do. The link works for you only, after signing in.",
        _BILLING + "/confirm/{payment}",
    ),
    "recharge_failed": Words(
        "An automatic recharge failed",
        "The automatic recharge of {amount} was declined ({code}). We try again in an hour. Your "
        "ads stop when the balance is used.",
        _BILLING,
    ),
    "recharge_stopped": Words(
        "Automatic recharge is off",
        "The automatic recharge of {amount} was declined three times in a row ({code}), so it is "
        "off now. Save another card, or add funds yourself.",
        _BILLING,
    ),
    "recharge_capped": Words(
        "Automatic recharge has reached its monthly cap",
        "Your balance is under {threshold}, and another recharge would go beyond the monthly cap "
        "of {cap}. Raise the cap or add funds yourself; otherwise it goes on next month.",
        _BILLING,
    ),
    "refund_failed": Words(
        "A refund came back",
        "Your bank did not take the refund of {amount}. The money is in your balance again.",
        _BILLING,
    ),
    "dispute_opened": Words(
        "A payment of yours was disputed",
        "The bank took back {amount} of a payment to us. Your campaigns are paused and automatic "
        "recharge is off. Tell us if this was a mistake: it can be answered until the bank decides.",
        _BILLING,
    ),
    "fraud_warning": Words(
        "A card network has warned us about a payment of yours",
        "We were warned that the owner of the card does not know of a payment of {amount}. What is "
        "unspent of it goes back to the card, your campaigns are paused and automatic recharge is "
        "off. Write to us if this was a mistake.",
        _BILLING,
    ),
    "payout_failed": Words(
        "A payment to you was refused",
        "We could not send you {amount} ({code}). It is in your balance again and is paid with the "
        "next run. Look whether your account for payouts needs something from you.",
        _PAYOUTS,
    ),
    "bank_refused": Words(
        "Your bank did not take a payment",
        "We sent you {amount}, and it is on your account at our payment processor, but your bank "
        "did not take it ({code}). We try again tomorrow. Please look at your bank details there.",
        _PAYOUTS,
    ),
}


async def tell(
    tx: WriteSession, about: About, owner_id: str, *, clock: Clock, **details: str
) -> None:
    """Write a notice to whoever owns the advertiser or publisher."""
    note: dict[str, Any] = {"about": about, "owner_id": owner_id, "details": details}
    await outbox.enqueue(tx, KIND, note, clock=clock)


def letter(about: About, details: Mapping[str, str], *, public_url: str) -> tuple[str, str]:
    """The subject and the text of a notice."""
    words = _WORDS[about]
    text = words.text.format_map(details)
    return words.subject, f"{text}\n\n{public_url}{words.page.format_map(details)}\n"

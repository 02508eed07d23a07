"""How money that moves through the till is booked. Pure.

The till is the payment processor: `stripe_clearing` is what it holds for us. A hold is an ordinary
posting out of the wallet, so that money on its way out cannot be spent; paying and failing are the
two ways in which it ends. Every function books one event under the caller's key.
"""

from kernel.money import ZERO, Micros
from ledger.account import STRIPE_CLEARING, SUSPENSE, Side, cash
from ledger.postings import Kind, Leg, Posting

_REFUNDS = "refunds_in_flight"
_TAX = "tax_payable"


def paid_top_up(advertiser_id: str, *, net: Micros, tax: Micros, key: str) -> Posting:
    """A payment arrived: the wallet gets the net, the tax is owed to the state."""
    return _posting(
        "top_up",
        key,
        advertiser_id,
        (STRIPE_CLEARING, "debit", net + tax),
        (cash(advertiser_id), "credit", net),
        (_TAX, "credit", tax),
    )


def processor_fee(amount: Micros, *, key: str, dispute: bool = False) -> Posting:
    """What the processor kept of a movement."""
    expense = "dispute_fees" if dispute else "processor_fees"
    return _posting(
        "fee", key, "platform", (expense, "debit", amount), (STRIPE_CLEARING, "credit", amount)
    )


def refund_hold(advertiser_id: str, *, net: Micros, tax: Micros, key: str) -> Posting:
    """Unspent money is set aside to go back, with the tax that came with it."""
    return _posting(
        "refund",
        key,
        advertiser_id,
        (cash(advertiser_id), "debit", net),
        (_TAX, "debit", tax),
        (_REFUNDS, "credit", net + tax),
    )


def refund_paid(advertiser_id: str, amount: Micros, *, key: str) -> Posting:
    """The money went back to the card."""
    return _posting(
        "refund",
        key,
        advertiser_id,
        (_REFUNDS, "debit", amount),
        (STRIPE_CLEARING, "credit", amount),
    )


def refund_returned(advertiser_id: str, amount: Micros, *, key: str) -> Posting:
    """The bank sent a refund back after it was paid."""
    return _posting(
        "refund",
        key,
        advertiser_id,
        (STRIPE_CLEARING, "debit", amount),
        (_REFUNDS, "credit", amount),
    )


def refund_released(advertiser_id: str, *, net: Micros, tax: Micros, key: str) -> Posting:
    """A refund will not happen: its hold ends and the wallet has the money again."""
    return _posting(
        "refund",
        key,
        advertiser_id,
        (_REFUNDS, "debit", net + tax),
        (cash(advertiser_id), "credit", net),
        (_TAX, "credit", tax),
    )


def dispute_withdrawn(
    advertiser_id: str, *, tax: Micros, from_cash: Micros, owed: Micros, key: str
) -> Posting:
    """A bank took a payment back: first from the wallet, the rest is the advertiser's debt."""
    return _posting(
        "dispute",
        key,
        advertiser_id,
        (_TAX, "debit", tax),
        (cash(advertiser_id), "debit", from_cash),
        (_debt(advertiser_id), "debit", owed),
        (STRIPE_CLEARING, "credit", tax + from_cash + owed),
    )


def debt_paid(advertiser_id: str, amount: Micros, *, key: str) -> Posting:
    """The wallet pays what the advertiser owes."""
    return _posting(
        "correction",
        key,
        advertiser_id,
        (cash(advertiser_id), "debit", amount),
        (_debt(advertiser_id), "credit", amount),
    )


def debt_overpaid(advertiser_id: str, amount: Micros, *, key: str) -> Posting:
    """A debt that was paid and then turned out not to be one goes back to the wallet."""
    return _posting(
        "correction",
        key,
        advertiser_id,
        (_debt(advertiser_id), "debit", amount),
        (cash(advertiser_id), "credit", amount),
    )


def payout_hold(publisher_id: str, amount: Micros, *, key: str) -> Posting:
    """Earnings leave the publisher's balance for the road."""
    return _posting(
        "payout",
        key,
        publisher_id,
        (f"pub:{publisher_id}:payable", "debit", amount),
        (f"pub:{publisher_id}:payout_in_flight", "credit", amount),
    )


def payout_sent(publisher_id: str, amount: Micros, *, key: str) -> Posting:
    """The transfer was made."""
    return _posting(
        "payout",
        key,
        publisher_id,
        (f"pub:{publisher_id}:payout_in_flight", "debit", amount),
        (STRIPE_CLEARING, "credit", amount),
    )


def payout_released(publisher_id: str, amount: Micros, *, key: str) -> Posting:
    """The transfer was refused: the publisher can be paid again."""
    return _posting(
        "payout",
        key,
        publisher_id,
        (f"pub:{publisher_id}:payout_in_flight", "debit", amount),
        (f"pub:{publisher_id}:payable", "credit", amount),
    )


def moved_to_bank(amount: Micros, *, key: str) -> Posting:
    """The processor paid out to our bank; negative when the bank sent it back or we topped up."""
    return _signed("payout", key, "bank", amount)


def unexplained(amount: Micros, *, key: str) -> Posting:
    """The till gained `amount` (lost, when negative) and nobody knows why yet."""
    return _signed("suspense", key, SUSPENSE, -amount)


def _signed(kind: Kind, key: str, other: str, amount: Micros) -> Posting:
    gains: Side = "debit" if amount > ZERO else "credit"
    loses: Side = "credit" if amount > ZERO else "debit"
    size = amount if amount > ZERO else -amount
    return _posting(kind, key, "platform", (other, gains, size), (STRIPE_CLEARING, loses, size))


def _debt(advertiser_id: str) -> str:
    return f"adv:{advertiser_id}:receivable"


def _posting(kind: Kind, key: str, ref_id: str, *parts: tuple[str, Side, Micros]) -> Posting:
    legs = tuple(Leg(account, side, amount) for account, side, amount in parts if amount)
    return Posting(kind, key, "till", ref_id, legs)

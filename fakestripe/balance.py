"""The platform's balance, as a list of balance transactions.

Every movement of money adds one, with its fee; available and pending are their sums, split by
`available_on`. Card charges become available after two days, everything else at once. The fee is
2.9 % plus 30, as on Stripe's public price list for cards in the United States.
"""

from typing import Any

from fakestripe.clock import Clock
from fakestripe.objects import Objects, Thing
from fakestripe.shapes import shape

_CHARGE_DELAY = 2 * 24 * 3600
DISPUTE_FEE = 1500


def card_fee(amount: int) -> int:
    """The fee of a card charge, rounded half up as Stripe rounds."""
    return (amount * 29 + 500) // 1000 + 30


class Balance:
    """What the platform has, and why."""

    def __init__(self, objects: Objects, clock: Clock) -> None:
        self._objects, self._clock = objects, clock

    def move(self, kind: str, amount: int, source: str, *, currency: str, **options: Any) -> Thing:
        """Add a balance transaction of `kind` over a signed `amount`.

        Options: `fee`, `category` (reporting category, default `kind`), `description`.
        """
        fee = options.get("fee", 0)
        now = self._clock.now()
        waits = kind == "charge"
        detail = {
            "amount": fee,
            "application": None,
            "currency": currency,
            "description": "Stripe processing fees" if kind == "charge" else "Dispute fee",
            "type": "stripe_fee",
        }
        return self._objects.add(
            shape(
                "balance_transaction",
                id=Objects.new_id("txn"),
                amount=amount,
                fee=fee,
                fee_details=[detail] if fee else [],
                net=amount - fee,
                currency=currency,
                source=source,
                type=kind,
                reporting_category=options.get("category", kind),
                description=options.get("description"),
                created=now,
                available_on=now + _CHARGE_DELAY if waits else now,
                status="pending" if waits else "available",
            )
        )

    def settle(self) -> None:
        """Mark as available what has become so."""
        for entry in self._objects.every("balance_transaction"):
            if entry["available_on"] <= self._clock.now():
                entry["status"] = "available"

    def available(self, currency: str = "usd") -> int:
        self.settle()
        return self._sum("available", currency)

    def show(self) -> Thing:
        """The `balance` object."""
        self.settle()
        currencies = {entry["currency"] for entry in self._objects.every("balance_transaction")}

        def amounts(status: str) -> list[Thing]:
            return [
                {
                    "amount": self._sum(status, currency),
                    "currency": currency,
                    "source_types": {"card": self._sum(status, currency)},
                }
                for currency in sorted(currencies or {"usd"})
            ]

        return {
            "object": "balance",
            "available": amounts("available"),
            "pending": amounts("pending"),
            "connect_reserved": [],
            "livemode": False,
        }

    def _sum(self, status: str, currency: str) -> int:
        return sum(
            entry["net"]
            for entry in self._objects.every("balance_transaction")
            if entry["status"] == status and entry["currency"] == currency
        )

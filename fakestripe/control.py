"""The levers that only a test or an operator of the stand-in pulls: ``POST /_control/<lever>``.

Time, faults, and what the outside world does to money: a cardholder disputes, a bank refuses a
refund, a delayed payment arrives, a publisher finishes onboarding.
"""

from collections.abc import Callable
from typing import Any

from fakestripe import events
from fakestripe.errors import invalid
from fakestripe.platform import Platform
from fakestripe.resources import accounts, checkout, disputes, payments, payouts, refunds

Lever = Callable[[Platform, dict[str, Any]], Any]


def _advance(stripe: Platform, given: dict[str, Any]) -> Any:
    stripe.clock.advance(int(given["seconds"]))
    stripe.balance.settle()
    refunds.settle(stripe)
    return {"now": stripe.clock.now()}


def _arm(stripe: Platform, given: dict[str, Any]) -> Any:
    stripe.faults.arm(given.pop("kind"), **given)
    return {"armed": len(stripe.faults.armed)}


def _webhooks(stripe: Platform, given: dict[str, Any]) -> Any:
    for name, value in given.items():
        if name not in {"duplicate", "shuffle", "drop_every", "delay_seconds"}:
            raise invalid(f"There is no webhook knob {name}.", name)
        setattr(stripe.faults, name, value)
    return given


def _deposit(stripe: Platform, given: dict[str, Any]) -> Any:
    """Test money on the platform's balance, available at once."""
    return stripe.balance.move("topup", int(given["amount"]), "tu_test", currency="usd")


def _authenticate(stripe: Platform, given: dict[str, Any]) -> Any:
    intent = stripe.objects.get("payment_intent", given["payment_intent"])
    if intent["status"] != "requires_action":
        raise invalid("This payment does not wait for its owner.")
    return payments.succeed(stripe, intent)


LEVERS: dict[str, Lever] = {
    "advance": _advance,
    "fault": _arm,
    "webhooks": _webhooks,
    "deposit": _deposit,
    "authenticate": _authenticate,
    "settle_payment": lambda s, g: payments.settle(s, g["payment_intent"], paid=bool(g["paid"])),
    "warn": lambda s, g: disputes.warn(s, g["charge"]),
    "dispute": lambda s, g: disputes.start(s, g["charge"]),
    "dispute_won": lambda s, g: disputes.close(s, g["dispute"], won=True),
    "dispute_lost": lambda s, g: disputes.close(s, g["dispute"], won=False),
    "fail_refund": lambda s, g: refunds.fail(s, g["refund"]),
    "settle_delayed": lambda s, g: checkout.settle_delayed(s, g["session"], paid=bool(g["paid"])),
    "pay_session": lambda s, g: checkout.complete(
        s,
        g["session"],
        number=g.get("number", "4242424242424242"),
        delayed=bool(g.get("delayed", False)),
    ),
    "onboard": lambda s, g: accounts.onboard(s, g["account"], status=g.get("status", "active")),
    "arrive": lambda s, g: payouts.arrive(s, g["payout"], paid=bool(g["paid"])),
    "resend": lambda s, g: s.events.resend(g["event"]),
    "events": lambda s, _g: [events.describe(event) for event in s.objects.every("event")],
}


def pull(stripe: Platform, lever: str, given: dict[str, Any]) -> Any:
    """Pull a lever; raises Refusal for one that does not exist or lacks what it needs."""
    if lever not in LEVERS:
        raise invalid(f"There is no lever {lever}; there are {', '.join(LEVERS)}.", status=404)
    try:
        return LEVERS[lever](stripe, dict(given))
    except KeyError as error:
        raise invalid(f"The lever {lever} needs {error}.", str(error)) from None

"""Refunds: never more than the charge, out of the available balance.

With too little available the refund is pending until the balance has it; a refund to a closed card
fails and the money comes back. `settle` moves pending ones on.
"""

from fakestripe.errors import invalid
from fakestripe.forms import Params, metadata, only, required_text, text, whole
from fakestripe.objects import Objects, Thing
from fakestripe.platform import Platform
from fakestripe.shapes import shape


def create(stripe: Platform, params: Params) -> Thing:
    only(params, "charge payment_intent amount reason metadata refund_application_fee")
    charge = _charge(stripe, params)
    left = charge["amount"] - charge["amount_refunded"]
    asked = whole(params, "amount", left) or 0
    if charge["disputed"]:
        raise invalid("This charge has been charged back.", code="charge_disputed")
    if left == 0:
        raise invalid("Charge has already been refunded.", code="charge_already_refunded")
    if not 0 < asked <= left:
        raise invalid(
            f"Refund amount ({asked}) is greater than unrefunded amount on charge ({left}).",
            "amount",
        )
    refund = stripe.objects.add(
        shape(
            "refund",
            id=Objects.new_id("re"),
            amount=asked,
            charge=charge["id"],
            created=stripe.clock.now(),
            currency=charge["currency"],
            metadata=metadata(params),
            payment_intent=charge["payment_intent"],
            reason=text(params, "reason"),
            status="pending",
        )
    )
    charge["amount_refunded"] += asked
    charge["refunded"] = charge["amount_refunded"] == charge["amount"]
    # Money that is still on its way in can be sent back too; only a balance below the sum waits.
    total = sum(entry["net"] for entry in stripe.objects.every("balance_transaction"))
    stripe.events.emit("refund.created", refund)
    if total >= asked:
        _pay(stripe, refund)
    stripe.events.emit("charge.refunded", charge)
    return refund


def settle(stripe: Platform) -> None:
    """Pay the pending refunds that the balance now covers, oldest first."""
    for refund in stripe.objects.every("refund"):
        total = sum(entry["net"] for entry in stripe.objects.every("balance_transaction"))
        if refund["status"] == "pending" and total >= refund["amount"]:
            _pay(stripe, refund)


def fail(stripe: Platform, identifier: str) -> Thing:
    """The bank sent it back: the money returns to the balance and the charge is open again."""
    refund = stripe.objects.get("refund", identifier)
    if refund["status"] == "failed":
        raise invalid("This refund has failed already.")
    if refund["status"] == "succeeded":
        back = stripe.balance.move(
            "refund_failure", refund["amount"], refund["id"], currency=refund["currency"]
        )
        refund["failure_balance_transaction"] = back["id"]
    refund |= {"status": "failed", "failure_reason": "lost_or_stolen_card"}
    charge = stripe.objects.get("charge", refund["charge"])
    charge["amount_refunded"] -= refund["amount"]
    charge["refunded"] = False
    for kind in ("refund.failed", "charge.refund.updated"):
        stripe.events.emit(kind, refund)
    return refund


def _pay(stripe: Platform, refund: Thing) -> None:
    moved = stripe.balance.move(
        "refund", -refund["amount"], refund["id"], currency=refund["currency"]
    )
    refund |= {"status": "succeeded", "balance_transaction": moved["id"]}
    stripe.events.emit("refund.updated", refund)


def _charge(stripe: Platform, params: Params) -> Thing:
    if params.get("charge"):
        return stripe.objects.get("charge", required_text(params, "charge"))
    intent = stripe.objects.get("payment_intent", required_text(params, "payment_intent"))
    if intent["latest_charge"] is None:
        raise invalid("This PaymentIntent does not have a successful charge to refund.")
    return stripe.objects.get("charge", intent["latest_charge"])

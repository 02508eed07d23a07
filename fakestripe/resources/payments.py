"""Payment intents and the charges they make.

    requires_payment_method ─► requires_confirmation ─► processing ─► succeeded
            ▲      │                    │                    └──────► requires_payment_method
            └──────┴── decline          └─► requires_action ─► (authenticate)     canceled: any open

Off-session, a card that needs its owner is declined with ``authentication_required``; a decline
raises *and* leaves the intent behind, as the real thing does.
"""

from typing import Any

from fakestripe import cards
from fakestripe.balance import card_fee
from fakestripe.errors import declined, invalid
from fakestripe.forms import Params, amount, flag, group, items, metadata, only, required_text, text
from fakestripe.objects import Objects, Thing
from fakestripe.platform import Platform
from fakestripe.resources import customers
from fakestripe.shapes import empty_list, shape

_CREATE = (
    "amount automatic_payment_methods confirm currency customer description metadata off_session "
    "payment_method payment_method_types receipt_email return_url setup_future_usage "
    "statement_descriptor statement_descriptor_suffix transfer_group error_on_requires_action"
)
_OPEN = ("requires_payment_method", "requires_confirmation", "requires_action")


def create(stripe: Platform, params: Params) -> Thing:
    only(params, _CREATE)
    identifier = Objects.new_id("pi")
    customer = text(params, "customer")
    if customer:
        stripe.objects.get("customer", customer)
    intent = shape(
        "payment_intent",
        id=identifier,
        amount=amount(params),
        client_secret=f"{identifier}_secret_{Objects.new_id('s')[2:]}",
        created=stripe.clock.now(),
        currency=required_text(params, "currency").lower(),
        customer=customer,
        description=text(params, "description"),
        metadata=metadata(params),
        receipt_email=text(params, "receipt_email"),
        setup_future_usage=text(params, "setup_future_usage"),
        transfer_group=text(params, "transfer_group"),
        payment_method_types=items(params, "payment_method_types") or ["card"],
    )
    if "automatic_payment_methods" in params:
        enabled = flag(group(params, "automatic_payment_methods"), "enabled")
        intent["automatic_payment_methods"] = {"enabled": enabled}
    _choose_method(stripe, intent, params)
    stripe.objects.add(intent)
    stripe.events.emit("payment_intent.created", intent)
    if flag(params, "confirm"):
        return confirm(stripe, identifier, params | {"payment_method": None})
    return intent


def update(stripe: Platform, identifier: str, params: Params) -> Thing:
    only(params, "amount description metadata receipt_email payment_method customer")
    intent = _open(stripe, identifier)
    if "amount" in params:
        intent["amount"] = amount(params)
    for name in ("description", "receipt_email", "customer"):
        if name in params:
            intent[name] = text(params, name)
    intent["metadata"] = metadata(params, intent["metadata"])
    _choose_method(stripe, intent, params)
    return intent


def confirm(stripe: Platform, identifier: str, params: Params) -> Thing:
    """Charge the card, or ask for its owner; raises the decline after recording it."""
    intent = _open(stripe, identifier)
    _choose_method(stripe, intent, params)
    if intent["payment_method"] is None:
        raise invalid(
            "You cannot confirm this PaymentIntent because it's missing a payment method.",
            code="payment_intent_unexpected_state",
        )
    card = cards.of(stripe.objects.get("payment_method", intent["payment_method"]))
    if card.decline:
        raise _decline(stripe, intent, card.decline, card.decline_code)
    if card.needs_customer and flag(params, "off_session"):
        raise _decline(stripe, intent, "authentication_required", "authentication_required")
    if card.needs_customer:
        intent["status"] = "requires_action"
        url = f"{stripe.public_url}/hosted/authenticate/{identifier}"
        intent["next_action"] = {
            "type": "redirect_to_url",
            "redirect_to_url": {"url": url, "return_url": text(params, "return_url")},
        }
        stripe.events.emit("payment_intent.requires_action", intent)
        return intent
    if stripe.faults.take("/v1/payment_intents", "slow_money"):
        intent["status"] = "processing"
        stripe.events.emit("payment_intent.processing", intent)
        return intent
    return succeed(stripe, intent)


def settle(stripe: Platform, identifier: str, *, paid: bool) -> Thing:
    """End a payment that was on its way."""
    intent = stripe.objects.get("payment_intent", identifier)
    if intent["status"] != "processing":
        raise invalid("This payment is not on its way.")
    if paid:
        return succeed(stripe, intent)
    intent |= {"status": "requires_payment_method", "payment_method": None}
    stripe.events.emit("payment_intent.payment_failed", intent)
    return intent


def cancel(stripe: Platform, identifier: str, params: Params) -> Thing:
    intent = _open(stripe, identifier)
    reason = text(params, "cancellation_reason")
    intent |= {
        "status": "canceled",
        "canceled_at": stripe.clock.now(),
        "cancellation_reason": reason,
        "next_action": None,
    }
    stripe.events.emit("payment_intent.canceled", intent)
    return intent


def succeed(stripe: Platform, intent: Thing) -> Thing:
    """Take the money: a charge, its balance transaction, and both events."""
    method = stripe.objects.get("payment_method", intent["payment_method"])
    charge = _charge(stripe, intent, method)
    moved = stripe.balance.move(
        "charge",
        charge["amount"],
        charge["id"],
        currency=charge["currency"],
        fee=card_fee(charge["amount"]),
        description=intent["description"],
    )
    charge |= {"balance_transaction": moved["id"], "amount_captured": charge["amount"]}
    intent |= {
        "status": "succeeded",
        "amount_received": intent["amount"],
        "latest_charge": charge["id"],
        "next_action": None,
        "last_payment_error": None,
    }
    if intent["setup_future_usage"] and intent["customer"] and method["customer"] is None:
        method["customer"] = intent["customer"]
        stripe.events.emit("payment_method.attached", method)
    stripe.events.emit("payment_intent.succeeded", intent)
    stripe.events.emit("charge.succeeded", charge)
    return intent


def _charge(stripe: Platform, intent: Thing, method: Thing) -> Thing:
    identifier = Objects.new_id("ch")
    card = {
        name: method["card"][name]
        for name in (
            "brand",
            "checks",
            "country",
            "exp_month",
            "exp_year",
            "fingerprint",
            "funding",
            "last4",
            "wallet",
            "regulated_status",
        )
    }
    return stripe.objects.add(
        shape(
            "charge",
            id=identifier,
            amount=intent["amount"],
            captured=True,
            created=stripe.clock.now(),
            currency=intent["currency"],
            customer=intent["customer"],
            description=intent["description"],
            metadata=dict(intent["metadata"]),
            outcome=_outcome(),
            paid=True,
            payment_intent=intent["id"],
            payment_method=method["id"],
            payment_method_details={"type": "card", "card": card | _card_extras()},
            receipt_email=intent["receipt_email"],
            receipt_url=f"{stripe.public_url}/hosted/receipts/{identifier}",
            refunds=empty_list(f"/v1/charges/{identifier}/refunds"),
            status="succeeded",
        )
    )


def _outcome() -> dict[str, Any]:
    return {
        "advice_code": None,
        "network_advice_code": None,
        "network_decline_code": None,
        "network_status": "approved_by_network",
        "reason": None,
        "risk_level": "normal",
        "seller_message": "Payment complete.",
        "type": "authorized",
    }


def _card_extras() -> dict[str, Any]:
    names = (
        "amount_authorized authorization_code extended_authorization incremental_authorization "
        "installments mandate multicapture network_token network_transaction_id overcapture "
        "three_d_secure transaction_link_id"
    )
    return dict.fromkeys(names.split()) | {"network": "visa"}


def _decline(stripe: Platform, intent: Thing, code: str, decline_code: str | None) -> Exception:
    refusal = declined(code, decline_code, intent)
    error = {
        name: value for name, value in refusal.body["error"].items() if name != "payment_intent"
    }
    method = stripe.objects.get("payment_method", intent["payment_method"])
    intent["last_payment_error"] = error | {"payment_method": method}
    intent["status"] = "requires_payment_method"
    intent["payment_method"] = None
    stripe.events.emit("payment_intent.payment_failed", intent)
    return refusal


def _choose_method(stripe: Platform, intent: Thing, params: Params) -> None:
    name = text(params, "payment_method")
    if name is None:
        return
    method = customers.method_named(stripe, name)
    if method["customer"] not in (None, intent["customer"]):
        raise invalid(
            "The provided PaymentMethod belongs to another customer.",
            "payment_method",
            code="payment_method_unexpected_state",
        )
    intent["payment_method"] = method["id"]
    intent["status"] = "requires_confirmation"


def _open(stripe: Platform, identifier: str) -> Thing:
    intent = stripe.objects.get("payment_intent", identifier)
    if intent["status"] not in _OPEN:
        raise invalid(
            f"This PaymentIntent's status is {intent['status']}; it can no longer change.",
            code="payment_intent_unexpected_state",
        )
    return intent

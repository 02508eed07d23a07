"""Checkout sessions: a hosted page on which a browser pays or saves a card.

    open ─► complete (paid, or unpaid for a delayed method, then paid or failed)
      └──► expired

A paid session makes a payment intent and, when asked, an invoice. Completing emits
``checkout.session.completed`` as well as the payment intent's own event: both arrive, in no order.
"""

from typing import Any

from fakestripe import cards
from fakestripe.errors import Refusal, invalid
from fakestripe.forms import Params, flag, group, items, metadata, only, text, whole
from fakestripe.objects import Objects, Thing
from fakestripe.platform import Platform
from fakestripe.resources import customers, invoices, payments, setup
from fakestripe.shapes import shape

_CREATE = (
    "mode line_items success_url cancel_url customer customer_email client_reference_id metadata "
    "payment_intent_data setup_intent_data invoice_creation automatic_tax tax_id_collection "
    "customer_update payment_method_types currency expires_at locale submit_type ui_mode "
    "billing_address_collection saved_payment_method_options"
)
_OPEN_SECONDS = 24 * 3600
_TAX_BASIS_POINTS = 1900  # One flat rate, so that tax is never zero by accident in tests.


def create(stripe: Platform, params: Params) -> Thing:
    only(params, _CREATE)
    mode = text(params, "mode", "payment")
    if mode not in {"payment", "setup"}:
        raise invalid("The stand-in knows the modes payment and setup.", "mode")
    customer = text(params, "customer")
    if customer:
        stripe.objects.get("customer", customer)
    identifier = Objects.new_id("cs_test")
    now = stripe.clock.now()
    session = shape(
        "checkout.session",
        id=identifier,
        cancel_url=text(params, "cancel_url"),
        client_reference_id=text(params, "client_reference_id"),
        created=now,
        customer=customer,
        customer_email=text(params, "customer_email"),
        expires_at=whole(params, "expires_at", now + _OPEN_SECONDS),
        metadata=metadata(params),
        mode=mode,
        payment_method_types=items(params, "payment_method_types") or ["card"],
        success_url=text(params, "success_url"),
        url=f"{stripe.public_url}/hosted/checkout/{identifier}",
    )
    session["invoice_creation"]["enabled"] = flag(group(params, "invoice_creation"), "enabled")
    if mode == "payment":
        _price(session, params)
    else:
        session["payment_status"] = "no_payment_required"
    intent_data = group(params, "payment_intent_data" if mode == "payment" else "setup_intent_data")
    stripe.intent_data[identifier] = intent_data
    return stripe.objects.add(session)


def _price(session: Thing, params: Params) -> None:
    lines = items(params, "line_items")
    if not lines:
        raise invalid("Missing required param: line_items.", "line_items", code="parameter_missing")
    subtotal, currency = 0, "usd"
    for line in lines:
        price = group(line, "price_data")
        subtotal += (whole(price, "unit_amount") or 0) * (whole(line, "quantity", 1) or 1)
        currency = (text(price, "currency", "usd") or "usd").lower()
    if subtotal < 50:
        raise invalid("The total must be at least 50 cents.", "line_items", code="amount_too_small")
    taxed = flag(group(params, "automatic_tax"), "enabled")
    tax = subtotal * _TAX_BASIS_POINTS // 10_000 if taxed else 0
    session |= {
        "amount_subtotal": subtotal,
        "amount_total": subtotal + tax,
        "currency": currency,
        "total_details": {"amount_discount": 0, "amount_shipping": 0, "amount_tax": tax},
    }
    if taxed:
        session["automatic_tax"] |= {
            "enabled": True,
            "liability": {"type": "self"},
            "status": "complete",
            "provider": "stripe",
        }


def expire(stripe: Platform, identifier: str) -> Thing:
    session = open_session(stripe, identifier)
    session |= {"status": "expired", "url": None}
    stripe.events.emit("checkout.session.expired", session)
    return session


def open_session(stripe: Platform, identifier: str) -> Thing:
    """The session if it can still be paid; expires it when its time is over."""
    session = stripe.objects.get("checkout.session", identifier)
    if session["status"] == "open" and session["expires_at"] <= stripe.clock.now():
        session |= {"status": "expired", "url": None}
        stripe.events.emit("checkout.session.expired", session)
    if session["status"] != "open":
        raise invalid(f"This Checkout Session is {session['status']}.", "session")
    return session


def complete(stripe: Platform, identifier: str, *, number: str, delayed: bool = False) -> Thing:
    """Pay or save with the card of this number; raises Refusal when it declines.

    With `delayed` the money is still on its way, as with a bank debit: see `settle_delayed`.
    """
    session = open_session(stripe, identifier)
    card = cards.by_number(number)
    if card is None:
        raise invalid("Use one of the documented test cards.", "card[number]")
    method = customers.new_method(stripe, card)
    _ensure_customer(stripe, session)
    if session["mode"] == "setup":
        return _save_card(stripe, session, method)
    intent = _intent(stripe, session)
    if delayed:
        intent |= {"payment_method": method["id"], "status": "processing"}
        session["payment_status"] = "unpaid"
        stripe.events.emit("payment_intent.processing", intent)
    else:
        _charge_present_owner(stripe, intent, method, card)
        session["payment_status"] = "paid"
        _invoice(stripe, session)
    session |= {"status": "complete", "url": None}
    stripe.events.emit("checkout.session.completed", session)
    return session


def settle_delayed(stripe: Platform, identifier: str, *, paid: bool) -> Thing:
    """End a delayed payment: the money came, or it never will."""
    session = stripe.objects.get("checkout.session", identifier)
    intent = stripe.objects.get("payment_intent", session["payment_intent"])
    if intent["status"] != "processing":
        raise invalid("This session has no payment on its way.", "session")
    if paid:
        payments.succeed(stripe, intent)
        session["payment_status"] = "paid"
        _invoice(stripe, session)
    else:
        intent |= {"status": "requires_payment_method", "payment_method": None}
        stripe.events.emit("payment_intent.payment_failed", intent)
    outcome = "succeeded" if paid else "failed"
    stripe.events.emit(f"checkout.session.async_payment_{outcome}", session)
    return session


def _charge_present_owner(stripe: Platform, intent: Thing, method: Thing, card: cards.Card) -> None:
    intent["payment_method"] = method["id"]
    # The owner is at the page, so a card that asks for authentication gets it there.
    if card.needs_customer:
        payments.succeed(stripe, intent)
        return
    try:
        payments.confirm(stripe, intent["id"], {})
    except Refusal as refusal:
        raise Refusal(
            402, "card_error", str(refusal), code=refusal.body["error"].get("code")
        ) from None


def _intent(stripe: Platform, session: Thing) -> Thing:
    if session["payment_intent"]:
        return stripe.objects.get("payment_intent", session["payment_intent"])
    data = stripe.intent_data[session["id"]]
    allowed = ("description", "metadata", "receipt_email", "setup_future_usage", "transfer_group")
    given: dict[str, Any] = {name: data[name] for name in allowed if name in data}
    intent = payments.create(
        stripe,
        given
        | {
            "amount": str(session["amount_total"]),
            "currency": session["currency"],
            "customer": session["customer"],
        },
    )
    session["payment_intent"] = intent["id"]
    return intent


def _save_card(stripe: Platform, session: Thing, method: Thing) -> Thing:
    data = stripe.intent_data[session["id"]]
    intent = setup.create(
        stripe, {"customer": session["customer"], "metadata": data.get("metadata", {})}
    )
    session["setup_intent"] = intent["id"]
    setup.confirm(stripe, intent["id"], {"payment_method": method["id"]})
    session |= {"status": "complete", "url": None}
    stripe.events.emit("checkout.session.completed", session)
    return session


def _ensure_customer(stripe: Platform, session: Thing) -> None:
    if session["customer"] is None:
        session["customer"] = customers.create(stripe, {"email": session["customer_email"]})["id"]
    customer = stripe.objects.get("customer", session["customer"])
    session["customer_details"] = {
        "address": customer["address"],
        "business_name": None,
        "email": customer["email"],
        "individual_name": None,
        "name": customer["name"],
        "phone": customer["phone"],
        "tax_exempt": customer["tax_exempt"],
        "tax_ids": [],
    }


def _invoice(stripe: Platform, session: Thing) -> None:
    if session["invoice_creation"]["enabled"]:
        session["invoice"] = invoices.for_session(stripe, session)["id"]

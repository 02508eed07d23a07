"""Setup intents: a card saved for later, with its owner's consent, without a payment."""

from fakestripe import cards
from fakestripe.errors import declined, invalid
from fakestripe.forms import Params, flag, items, metadata, only, text
from fakestripe.objects import Objects, Thing
from fakestripe.platform import Platform
from fakestripe.resources import customers
from fakestripe.shapes import shape

_CREATE = (
    "automatic_payment_methods confirm customer description metadata payment_method "
    "payment_method_types return_url usage"
)


def create(stripe: Platform, params: Params) -> Thing:
    only(params, _CREATE)
    identifier = Objects.new_id("seti")
    customer = text(params, "customer")
    if customer:
        stripe.objects.get("customer", customer)
    intent = stripe.objects.add(
        shape(
            "setup_intent",
            id=identifier,
            client_secret=f"{identifier}_secret_{Objects.new_id('s')[2:]}",
            created=stripe.clock.now(),
            customer=customer,
            description=text(params, "description"),
            metadata=metadata(params),
            payment_method_types=items(params, "payment_method_types") or ["card"],
            usage=text(params, "usage", "off_session"),
        )
    )
    stripe.events.emit("setup_intent.created", intent)
    name = text(params, "payment_method")
    if name:
        intent["payment_method"] = customers.method_named(stripe, name)["id"]
        intent["status"] = "requires_confirmation"
    if flag(params, "confirm"):
        return confirm(stripe, identifier, {})
    return intent


def confirm(stripe: Platform, identifier: str, params: Params) -> Thing:
    intent = stripe.objects.get("setup_intent", identifier)
    if intent["status"] in {"succeeded", "canceled"}:
        raise invalid(
            f"This SetupIntent's status is {intent['status']}.",
            code="setup_intent_unexpected_state",
        )
    name = text(params, "payment_method")
    if name:
        intent["payment_method"] = customers.method_named(stripe, name)["id"]
    if intent["payment_method"] is None:
        raise invalid("This SetupIntent has no payment method.", "payment_method")
    card = cards.of(stripe.objects.get("payment_method", intent["payment_method"]))
    if card.declines_at_attach and card.decline:
        refusal = declined(card.decline, card.decline_code, None)
        intent["last_setup_error"] = dict(refusal.body["error"])
        intent |= {"status": "requires_payment_method", "payment_method": None}
        stripe.events.emit("setup_intent.setup_failed", intent)
        raise refusal
    return succeed(stripe, intent)


def succeed(stripe: Platform, intent: Thing) -> Thing:
    intent["status"] = "succeeded"
    if intent["customer"]:
        customers.attach(stripe, intent["payment_method"], {"customer": intent["customer"]})
    stripe.events.emit("setup_intent.succeeded", intent)
    return intent

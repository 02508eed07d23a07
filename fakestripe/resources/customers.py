"""Customers and the cards attached to them."""

from typing import Any

from fakestripe import cards
from fakestripe.errors import declined, invalid
from fakestripe.forms import Params, group, metadata, only, required_text, text
from fakestripe.objects import Objects, Thing
from fakestripe.platform import Platform
from fakestripe.shapes import shape

_FIELDS = (
    "address description email invoice_settings metadata name phone preferred_locales tax_exempt"
)


def create(stripe: Platform, params: Params) -> Thing:
    only(params, _FIELDS + " payment_method test_clock")
    customer = shape("customer", id=Objects.new_id("cus"), created=stripe.clock.now())
    stripe.objects.add(_apply(stripe, customer, params))
    if params.get("payment_method"):
        attach(stripe, required_text(params, "payment_method"), {"customer": customer["id"]})
    stripe.events.emit("customer.created", customer)
    return customer


def update(stripe: Platform, identifier: str, params: Params) -> Thing:
    only(params, _FIELDS)
    customer = _apply(stripe, stripe.objects.get("customer", identifier), params)
    stripe.events.emit("customer.updated", customer)
    return customer


def delete(stripe: Platform, identifier: str) -> Thing:
    customer = stripe.objects.get("customer", identifier)
    stripe.objects.remove("customer", identifier)
    for method in stripe.objects.every("payment_method"):
        if method["customer"] == identifier:
            method["customer"] = None
    stripe.events.emit("customer.deleted", customer)
    return {"id": identifier, "object": "customer", "deleted": True}


def find(stripe: Platform, kind: str, params: Params) -> Thing:
    """Search objects of `kind` by one clause over metadata or a member."""
    name, _, wanted = required_text(params, "query").partition(":")
    wanted = wanted.strip("'\"")
    if name.startswith("metadata["):
        key = name[len("metadata[") : -1].strip("'\"")
        found = [
            thing for thing in stripe.objects.every(kind) if thing["metadata"].get(key) == wanted
        ]
    else:
        found = [thing for thing in stripe.objects.every(kind) if str(thing.get(name)) == wanted]
    return {
        "object": "search_result",
        "data": found,
        "has_more": False,
        "next_page": None,
        "total_count": len(found),
        "url": f"/v1/{kind}s/search",
    }


def _apply(stripe: Platform, customer: Thing, params: Params) -> Thing:
    for name in ("description", "email", "name", "phone", "tax_exempt"):
        if name in params:
            customer[name] = text(params, name)
    if "address" in params:
        customer["address"] = shape_address(group(params, "address"))
    default = group(params, "invoice_settings").get("default_payment_method")
    if default:
        method = stripe.objects.get("payment_method", default)
        if method["customer"] != customer["id"]:
            raise invalid(
                "The customer does not have a payment method with that ID.",
                "invoice_settings[default_payment_method]",
                code="resource_missing",
            )
        customer["invoice_settings"]["default_payment_method"] = default
    customer["metadata"] = metadata(params, customer["metadata"])
    return customer


def shape_address(given: Params) -> dict[str, Any]:
    names = ("city", "country", "line1", "line2", "postal_code", "state")
    return {name: given.get(name) for name in names}


def new_method(stripe: Platform, card: cards.Card) -> Thing:
    """A payment method for a test card, attached to nobody."""
    return stripe.objects.add(
        shape(
            "payment_method",
            id=Objects.new_id("pm"),
            card=cards.details(card),
            created=stripe.clock.now(),
        )
    )


def create_method(stripe: Platform, params: Params) -> Thing:
    only(params, "type card billing_details metadata allow_redisplay")
    given = group(params, "card")
    if "token" in given:
        card = cards.by_token(given["token"].replace("tok_", "pm_card_"))
    else:
        card = cards.by_number(given.get("number", ""))
    if card is None:
        raise invalid("Use one of the documented test cards.", "card[number]", code="card_declined")
    return new_method(stripe, card)


def method_named(stripe: Platform, name: str) -> Thing:
    """The payment method with this id; a test token such as ``pm_card_visa`` makes a new one."""
    card = cards.by_token(name)
    return new_method(stripe, card) if card else stripe.objects.get("payment_method", name)


def attach(stripe: Platform, name: str, params: Params) -> Thing:
    customer = stripe.objects.get("customer", required_text(params, "customer"))
    method = method_named(stripe, name)
    card = cards.of(method)
    if card.declines_at_attach and card.decline:
        raise declined(card.decline, card.decline_code, None)
    if method["customer"] not in (None, customer["id"]):
        raise invalid("The payment method is attached to another customer.", "payment_method")
    method["customer"] = customer["id"]
    stripe.events.emit("payment_method.attached", method)
    return method


def detach(stripe: Platform, identifier: str) -> Thing:
    method = stripe.objects.get("payment_method", identifier)
    owner = method["customer"]
    method["customer"] = None
    for customer in stripe.objects.every("customer"):
        settings = customer["invoice_settings"]
        if customer["id"] == owner and settings["default_payment_method"] == identifier:
            settings["default_payment_method"] = None
    stripe.events.emit("payment_method.detached", method, previous={"customer": owner})
    return method

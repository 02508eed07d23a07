"""Every answer has the members, with the types, of the client library's own resource classes."""

import importlib
import inspect
import types
import typing
from typing import Any

import pytest
import stripe
from stripe._object_classes import OBJECT_CLASSES


def _names() -> dict[str, Any]:
    names: dict[str, Any] = {}
    for module, cls in OBJECT_CLASSES.values():
        names.setdefault(cls, getattr(importlib.import_module(module), cls))
    return names | {"ListObject": stripe.ListObject, "StripeObject": stripe.StripeObject}


NAMES = _names()


def problems(value: Any, kind: Any, where: str) -> list[str]:
    """What is wrong with `value` as a `kind`, one line each."""
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if isinstance(kind, typing.ForwardRef):
        kind = NAMES.get(kind.__forward_arg__, Any)
    if isinstance(kind, str):
        kind = NAMES.get(kind, Any)
    if kind is Any or isinstance(kind, typing.TypeVar):
        return []
    if origin in (typing.Union, types.UnionType):
        tries = [problems(value, one, where) for one in arguments]
        return min(tries, key=len)
    if origin is typing.Literal:
        # Stripe adds values between releases; its own types say "or str" for most of them.
        return [] if value in arguments else [f"{where}: {value!r} is none of {arguments[:3]}…"]
    if origin is list:
        if not isinstance(value, list):
            return [f"{where}: {type(value).__name__} is no list"]
        return [line for each in value for line in problems(each, arguments[0], f"{where}[]")]
    if origin is dict:
        return [] if isinstance(value, dict) else [f"{where}: no dict"]
    if origin is not None and inspect.isclass(origin) and issubclass(origin, stripe.StripeObject):
        if origin is stripe.ListObject:
            return [] if value.get("object") == "list" else [f"{where}: no list object"]
        return [] if isinstance(value, dict) else [f"{where}: no object"]
    if inspect.isclass(kind) and issubclass(kind, stripe.StripeObject):
        if not isinstance(value, dict):
            return [f"{where}: {type(value).__name__} is no {kind.__name__}"]
        return members(value, kind, where)
    if kind is type(None):
        return [] if value is None else [f"{where}: {value!r} is not null"]
    if kind is int and isinstance(value, bool):
        return [f"{where}: a flag is no number"]
    if inspect.isclass(kind) and not isinstance(value, kind):
        return [f"{where}: {value!r} is no {kind.__name__}"]
    return []


def members(thing: dict[str, Any], kind: type, where: str) -> list[str]:
    """Check each annotated member of a resource class; an optional one may be missing."""
    module = vars(importlib.import_module(kind.__module__))
    found: list[str] = []
    for name, annotation in getattr(kind, "__annotations__", {}).items():
        if name.startswith("_") or name == "OBJECT_NAME":
            continue
        try:
            wanted = (
                eval(annotation, module | NAMES, vars(kind))
                if isinstance(annotation, str)
                else annotation
            )
        except NameError:
            continue
        may_be_null = type(None) in typing.get_args(wanted)
        if name not in thing:
            if not may_be_null:
                found.append(f"{where}.{name} is missing")
            continue
        found += problems(thing[name], wanted, f"{where}.{name}")
    return found


def check(thing: Any) -> None:
    plain = thing.to_dict()
    module, cls = OBJECT_CLASSES.get(plain["object"], (None, None))
    kind = type(thing) if cls is None else getattr(importlib.import_module(module), cls)
    assert problems(plain, kind, plain["object"]) == []


_SESSION = {
    "mode": "payment",
    "success_url": "https://portal.example/ok",
    "invoice_creation": {"enabled": True},
    "automatic_tax": {"enabled": True},
    "line_items": [
        {
            "quantity": 1,
            "price_data": {
                "currency": "usd",
                "unit_amount": 5000,
                "product_data": {"name": "Balance"},
            },
        }
    ],
}
_PUBLISHER = {
    "contact_email": "pub@chat.example",
    "display_name": "Chat",
    "configuration": {
        "recipient": {"capabilities": {"stripe_balance": {"stripe_transfers": {"requested": True}}}}
    },
}


@pytest.fixture
def things(till) -> dict[str, Any]:
    """One of each kind, made through the official client."""
    v1, v2 = till.client.v1, till.client.v2
    customer = v1.customers.create({"email": "buyer@shoes.example", "name": "Ada"})
    intent = v1.payment_intents.create(
        {
            "amount": 9000,
            "currency": "usd",
            "customer": customer.id,
            "payment_method": "pm_card_visa",
            "confirm": True,
            "setup_future_usage": "off_session",
        }
    )
    session = v1.checkout.sessions.create(_SESSION | {"customer": customer.id})
    till.pull("pay_session", session=session.id)
    session = v1.checkout.sessions.retrieve(session.id)
    refund = v1.refunds.create({"payment_intent": intent.id, "amount": 1000})
    till.pull("deposit", amount=100_000)
    account = v2.core.accounts.create(_PUBLISHER)
    till.pull("onboard", account=account.id)
    transfer = v1.transfers.create({"amount": 700, "currency": "usd", "destination": account.id})
    return {
        "customer": v1.customers.retrieve(customer.id),
        "payment_intent": v1.payment_intents.retrieve(intent.id),
        "charge": v1.charges.retrieve(str(intent.latest_charge)),
        "payment_method": v1.payment_methods.retrieve(str(intent.payment_method)),
        "setup_intent": v1.setup_intents.create({"customer": customer.id}),
        "session": session,
        "invoice": v1.invoices.retrieve(str(session.invoice)),
        "refund": refund,
        "dispute": v1.disputes.retrieve(till.pull("dispute", charge=intent.latest_charge)["id"]),
        "transfer": transfer,
        "reversal": v1.transfers.reversals.create(transfer.id, {"amount": 100}),
        "payout": v1.payouts.create({"amount": 500, "currency": "usd"}),
        "balance": v1.balance.retrieve(),
        "balance_transaction": v1.balance_transactions.list().data[0],
        "event": v1.events.list().data[0],
        "endpoint": v1.webhook_endpoints.create(
            {"url": "https://portal.example/hooks/stripe", "enabled_events": ["*"]}
        ),
        "account": v2.core.accounts.retrieve(account.id),
    }


def test_every_object_has_the_fields_and_types_of_the_clients_own_classes(things) -> None:
    wrong = {}
    for name, thing in things.items():
        try:
            check(thing)
        except AssertionError as error:
            wrong[name] = str(error)

    assert wrong == {}


def test_the_check_itself_notices_a_missing_and_a_mistyped_member(things) -> None:
    customer = things["customer"].to_dict()
    kind = type(things["customer"])

    assert problems(customer | {"created": "yesterday"}, kind, "customer")
    del customer["id"]
    assert problems(customer, kind, "customer")

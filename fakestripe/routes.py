"""Which path and method lead to which resource function: the whole API on one page.

A handler takes the platform, the parameters, the ids in the path and the connected account named
by the `Stripe-Account` header, and returns an object.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from fakestripe.errors import invalid
from fakestripe.forms import Params, items, metadata, required_text
from fakestripe.objects import Objects, Thing
from fakestripe.platform import Platform
from fakestripe.resources import (
    accounts,
    checkout,
    customers,
    disputes,
    payments,
    payouts,
    refunds,
    setup,
)
from fakestripe.shapes import shape


@dataclass(frozen=True)
class Call:
    """One request after authentication and decoding."""

    stripe: Platform
    params: Params
    ids: tuple[str, ...]
    account: str | None


Handler = Callable[[Call], Thing]


def _read(kind: str) -> Handler:
    return lambda call: call.stripe.objects.get(kind, call.ids[0])


def _list(kind: str, path: str, filters: str = "") -> Handler:
    return lambda call: call.stripe.objects.page(kind, call.params, url=path, filters=filters)


def _label(kind: str) -> Handler:
    """Update that changes metadata only, as most immutable resources allow."""

    def update(call: Call) -> Thing:
        thing = call.stripe.objects.get(kind, call.ids[0])
        thing["metadata"] = metadata(call.params, thing["metadata"])
        return thing

    return update


def _methods_of(call: Call) -> Thing:
    customer = call.ids[0] if call.ids else required_text(call.params, "customer")
    call.stripe.objects.get("customer", customer)
    given = call.params | {"customer": customer}
    return call.stripe.objects.page(
        "payment_method", given, url="/v1/payment_methods", filters="customer type"
    )


def _create_endpoint(call: Call) -> Thing:
    endpoint = shape(
        "webhook_endpoint",
        id=Objects.new_id("we"),
        created=call.stripe.clock.now(),
        enabled_events=items(call.params, "enabled_events"),
        metadata=metadata(call.params),
        secret=call.params.get("secret") or Objects.new_id("whsec"),
        status="enabled",
        url=required_text(call.params, "url"),
    )
    return call.stripe.objects.add(endpoint)


def _delete_endpoint(call: Call) -> Thing:
    call.stripe.objects.remove("webhook_endpoint", call.ids[0])
    return {"id": call.ids[0], "object": "webhook_endpoint", "deleted": True}


def _accounts(call: Call) -> Thing:
    return accounts.page(call.stripe, call.params)


def _payouts(call: Call) -> Thing:
    given = call.params | ({"destination": call.account} if call.account else {})
    return call.stripe.objects.page(
        "payout", given, url="/v1/payouts", filters="destination status"
    )


def _line_items(call: Call) -> Thing:
    call.stripe.objects.get("checkout.session", call.ids[0])
    url = f"/v1/checkout/sessions/{call.ids[0]}/line_items"
    return {"object": "list", "data": [], "has_more": False, "url": url}


def _search(kind: str) -> Handler:
    return lambda call: customers.find(call.stripe, kind, call.params)


def _connected_or_own_balance(call: Call) -> Thing:
    if call.account is None:
        return call.stripe.balance.show()
    amount = payouts.connected_balance(call.stripe, call.account)
    available = [{"amount": amount, "currency": "usd", "source_types": {"card": amount}}]
    return {"object": "balance", "available": available, "pending": [], "livemode": False}


_ID = r"([A-Za-z0-9_]+)"
_WARNING = "radar.early_fraud_warning"

# Searches stand before reads: "search" would pass for an id.
_TABLE: list[tuple[str, str, Handler]] = [
    ("GET", "/v1/balance", _connected_or_own_balance),
    (
        "GET",
        "/v1/balance_transactions",
        _list("balance_transaction", "/v1/balance_transactions", "type source currency"),
    ),
    ("GET", "/v1/balance_transactions/{}", _read("balance_transaction")),
    ("GET", "/v1/customers/search", _search("customer")),
    ("POST", "/v1/customers", lambda c: customers.create(c.stripe, c.params)),
    ("GET", "/v1/customers", _list("customer", "/v1/customers", "email")),
    ("GET", "/v1/customers/{}", _read("customer")),
    ("POST", "/v1/customers/{}", lambda c: customers.update(c.stripe, c.ids[0], c.params)),
    ("DELETE", "/v1/customers/{}", lambda c: customers.delete(c.stripe, c.ids[0])),
    ("GET", "/v1/customers/{}/payment_methods", _methods_of),
    ("POST", "/v1/payment_methods", lambda c: customers.create_method(c.stripe, c.params)),
    ("GET", "/v1/payment_methods", _methods_of),
    ("GET", "/v1/payment_methods/{}", _read("payment_method")),
    (
        "POST",
        "/v1/payment_methods/{}/attach",
        lambda c: customers.attach(c.stripe, c.ids[0], c.params),
    ),
    ("POST", "/v1/payment_methods/{}/detach", lambda c: customers.detach(c.stripe, c.ids[0])),
    ("GET", "/v1/payment_intents/search", _search("payment_intent")),
    ("POST", "/v1/payment_intents", lambda c: payments.create(c.stripe, c.params)),
    ("GET", "/v1/payment_intents", _list("payment_intent", "/v1/payment_intents", "customer")),
    ("GET", "/v1/payment_intents/{}", _read("payment_intent")),
    ("POST", "/v1/payment_intents/{}", lambda c: payments.update(c.stripe, c.ids[0], c.params)),
    (
        "POST",
        "/v1/payment_intents/{}/confirm",
        lambda c: payments.confirm(c.stripe, c.ids[0], c.params),
    ),
    (
        "POST",
        "/v1/payment_intents/{}/cancel",
        lambda c: payments.cancel(c.stripe, c.ids[0], c.params),
    ),
    ("POST", "/v1/setup_intents", lambda c: setup.create(c.stripe, c.params)),
    ("GET", "/v1/setup_intents", _list("setup_intent", "/v1/setup_intents", "customer")),
    ("GET", "/v1/setup_intents/{}", _read("setup_intent")),
    ("POST", "/v1/setup_intents/{}/confirm", lambda c: setup.confirm(c.stripe, c.ids[0], c.params)),
    ("GET", "/v1/charges/search", _search("charge")),
    ("GET", "/v1/charges", _list("charge", "/v1/charges", "customer payment_intent")),
    ("GET", "/v1/charges/{}", _read("charge")),
    ("POST", "/v1/charges/{}", _label("charge")),
    ("POST", "/v1/refunds", lambda c: refunds.create(c.stripe, c.params)),
    ("GET", "/v1/refunds", _list("refund", "/v1/refunds", "charge payment_intent")),
    ("GET", "/v1/refunds/{}", _read("refund")),
    ("POST", "/v1/refunds/{}", _label("refund")),
    ("GET", "/v1/disputes", _list("dispute", "/v1/disputes", "charge payment_intent")),
    ("GET", "/v1/disputes/{}", _read("dispute")),
    ("POST", "/v1/disputes/{}", lambda c: disputes.update(c.stripe, c.ids[0], c.params)),
    ("POST", "/v1/disputes/{}/close", lambda c: disputes.close(c.stripe, c.ids[0], won=False)),
    (
        "GET",
        "/v1/radar/early_fraud_warnings",
        _list(_WARNING, "/v1/radar/early_fraud_warnings", "charge payment_intent"),
    ),
    ("GET", "/v1/radar/early_fraud_warnings/{}", _read(_WARNING)),
    ("POST", "/v1/checkout/sessions", lambda c: checkout.create(c.stripe, c.params)),
    (
        "GET",
        "/v1/checkout/sessions",
        _list("checkout.session", "/v1/checkout/sessions", "customer payment_intent status"),
    ),
    ("GET", "/v1/checkout/sessions/{}", _read("checkout.session")),
    ("POST", "/v1/checkout/sessions/{}", _label("checkout.session")),
    ("GET", "/v1/checkout/sessions/{}/line_items", _line_items),
    ("POST", "/v1/checkout/sessions/{}/expire", lambda c: checkout.expire(c.stripe, c.ids[0])),
    ("GET", "/v1/invoices/search", _search("invoice")),
    ("GET", "/v1/invoices", _list("invoice", "/v1/invoices", "customer status")),
    ("GET", "/v1/invoices/{}", _read("invoice")),
    ("GET", "/v1/transfers/search", _search("transfer")),
    ("POST", "/v1/transfers", lambda c: payouts.transfer(c.stripe, c.params)),
    ("GET", "/v1/transfers", _list("transfer", "/v1/transfers", "destination transfer_group")),
    ("GET", "/v1/transfers/{}", _read("transfer")),
    ("POST", "/v1/transfers/{}", _label("transfer")),
    ("POST", "/v1/transfers/{}/reversals", lambda c: payouts.reverse(c.stripe, c.ids[0], c.params)),
    ("POST", "/v1/payouts", lambda c: payouts.payout(c.stripe, c.params, account=c.account)),
    ("GET", "/v1/payouts", _payouts),
    ("GET", "/v1/payouts/{}", _read("payout")),
    ("GET", "/v1/events", lambda c: c.stripe.events.page(c.params)),
    ("GET", "/v1/events/{}", _read("event")),
    ("POST", "/v1/webhook_endpoints", _create_endpoint),
    ("GET", "/v1/webhook_endpoints", _list("webhook_endpoint", "/v1/webhook_endpoints")),
    ("GET", "/v1/webhook_endpoints/{}", _read("webhook_endpoint")),
    ("DELETE", "/v1/webhook_endpoints/{}", _delete_endpoint),
    ("POST", "/v2/core/accounts", lambda c: accounts.create(c.stripe, c.params)),
    ("GET", "/v2/core/accounts", _accounts),
    ("GET", "/v2/core/accounts/{}", _read("v2.core.account")),
    ("POST", "/v2/core/accounts/{}", lambda c: accounts.update(c.stripe, c.ids[0], c.params)),
    ("POST", "/v2/core/account_links", lambda c: accounts.link(c.stripe, c.params)),
]

ROUTES = [
    (method, re.compile(path.replace("{}", _ID) + r"/?"), handler)
    for method, path, handler in _TABLE
]


def find(method: str, path: str) -> tuple[Handler, tuple[str, ...]]:
    """The handler of a request; raises Refusal for an address that Stripe would not know."""
    for wanted, pattern, handler in ROUTES:
        match: Any = pattern.fullmatch(path)
        if match and wanted == method:
            return handler, match.groups()
    raise invalid(f"Unrecognized request URL ({method}: {path}).", status=404)

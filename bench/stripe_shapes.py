"""Compare the stand-in's objects with Stripe's published fixtures.

    python bench/stripe_shapes.py --fixtures fixtures3.json [--json]

For each resource that we answer with: which members of the fixture the stand-in lacks, and whose
JSON type differs where both are not null. Exits 1 when a member is missing.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from fakestripe.app import build
from fakestripe.resources import accounts, checkout, customers, disputes, payments, payouts, refunds
from fakestripe.resources import setup as setups

# Members that fixtures show for features nobody here uses, each with why it may be missing.
NOT_OURS = {
    "customer_account": "accounts of version 2 as customers are not used",
    "managed_payments": "a seller-of-record feature",
    "excluded_payment_method_types": "set in the dashboard only",
    "customer": "shown on refunds by newer previews only",
    "payment_method": "shown on refunds by newer previews only",
    "payment_method_configuration_details": "set in the dashboard only",
}


def objects() -> dict[str, dict[str, Any]]:
    """One object of each kind, made without HTTP."""
    stripe = build(public_url="http://127.0.0.1").platform
    customer = customers.create(stripe, {"email": "a@shoes.example"})
    paid = payments.create(
        stripe,
        {"amount": "9000", "currency": "usd", "payment_method": "pm_card_visa", "confirm": "true"},
    )
    line = {"price_data": {"currency": "usd", "unit_amount": "5000"}, "quantity": "1"}
    session = checkout.create(
        stripe,
        {"line_items": [line], "customer": customer["id"], "invoice_creation": {"enabled": "true"}},
    )
    checkout.complete(stripe, session["id"], number="4242424242424242")
    refunds.create(stripe, {"payment_intent": paid["id"], "amount": "100"})
    disputes.warn(stripe, paid["latest_charge"])
    disputes.start(stripe, paid["latest_charge"])
    stripe.balance.move("topup", 100_000, "tu_test", currency="usd")
    account = accounts.create(stripe, {"configuration": {"recipient": {"capabilities": {}}}})
    accounts.onboard(stripe, account["id"])
    sent = payouts.transfer(
        stripe, {"amount": "500", "currency": "usd", "destination": account["id"]}
    )
    payouts.reverse(stripe, sent["id"], {"amount": "100"})
    payouts.payout(stripe, {"amount": "100", "currency": "usd"}, account=None)
    setups.create(stripe, {})
    kinds = (
        "customer payment_method payment_intent charge refund dispute setup_intent "
        "checkout.session invoice transfer transfer_reversal payout balance_transaction event "
        "radar.early_fraud_warning"
    )
    found = {kind: stripe.objects.every(kind)[-1] for kind in kinds.split()}
    return found | {"balance": stripe.balance.show()}


def compare(ours: dict[str, Any], theirs: dict[str, Any]) -> tuple[list[str], list[str]]:
    missing = [name for name in theirs if name not in ours and name not in NOT_OURS]
    mistyped = [
        name
        for name, value in theirs.items()
        if value is not None and ours.get(name) is not None and type(value) is not type(ours[name])
    ]
    return missing, mistyped


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fixtures", type=Path, required=True)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    if not given.fixtures.exists():
        print(f"{given.fixtures} is not there: give the path of Stripe's fixtures3.json.")
        return 2
    fixtures = json.loads(given.fixtures.read_text())["resources"]
    result = {}
    for kind, thing in objects().items():
        missing, mistyped = compare(thing, fixtures[kind])
        result[kind] = {"missing": missing, "mistyped": mistyped}
        if not given.json:
            verdict = "ok" if not missing and not mistyped else f"{missing} {mistyped}"
            print(f"{kind:22} {verdict}")
    bad = sum(len(each["missing"]) + len(each["mistyped"]) for each in result.values())
    print(json.dumps({"kinds": len(result), "problems": bad, "by_kind": result}))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())

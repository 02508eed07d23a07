"""Money out: transfers to connected accounts, their reversals, payouts to a bank.

A transfer needs the platform's *available* balance; a connected account's own balance is the sum of
its transfers less reversals and payouts. Payouts are asked for by hand and arrive, or fail and
come back, when `arrive` says so.
"""

from fakestripe.errors import Refusal, invalid
from fakestripe.forms import Params, amount, metadata, only, required_text, text, whole
from fakestripe.objects import Objects, Thing
from fakestripe.platform import Platform
from fakestripe.resources import accounts
from fakestripe.shapes import empty_list, shape


def transfer(stripe: Platform, params: Params) -> Thing:
    only(
        params,
        "amount currency destination description metadata source_transaction "
        "source_type transfer_group",
    )
    value = amount(params)
    currency = required_text(params, "currency").lower()
    destination = required_text(params, "destination")
    account = stripe.objects.get("v2.core.account", destination)
    if not accounts.can_receive(account):
        raise invalid(
            "Your destination account needs to have the transfers capability enabled.",
            "destination",
            code="insufficient_capabilities_for_transfer",
        )
    if stripe.balance.available(currency) < value:
        raise Refusal(
            400,
            "invalid_request_error",
            "You have insufficient available funds in your Stripe account.",
            code="balance_insufficient",
        )
    identifier = Objects.new_id("tr")
    sent = shape(
        "transfer",
        id=identifier,
        amount=value,
        created=stripe.clock.now(),
        currency=currency,
        description=text(params, "description"),
        destination=destination,
        destination_payment=Objects.new_id("py"),
        metadata=metadata(params),
        reversals=empty_list(f"/v1/transfers/{identifier}/reversals"),
        transfer_group=text(params, "transfer_group"),
    )
    moved = stripe.balance.move("transfer", -value, identifier, currency=currency)
    sent["balance_transaction"] = moved["id"]
    stripe.objects.add(sent)
    stripe.events.emit("transfer.created", sent)
    return sent


def reverse(stripe: Platform, identifier: str, params: Params) -> Thing:
    """Take money back from a transfer, as far as the connected account still has it."""
    sent = stripe.objects.get("transfer", identifier)
    left = sent["amount"] - sent["amount_reversed"]
    value = whole(params, "amount", left) or 0
    if not 0 < value <= left:
        raise invalid("The reversal is larger than what is left of the transfer.", "amount")
    if value > connected_balance(stripe, sent["destination"]):
        raise Refusal(
            400,
            "invalid_request_error",
            "The connected account does not have the funds for this reversal.",
            code="balance_insufficient",
        )
    moved = stripe.balance.move("transfer_cancel", value, identifier, currency=sent["currency"])
    undone = stripe.objects.add(
        shape(
            "transfer_reversal",
            id=Objects.new_id("trr"),
            amount=value,
            balance_transaction=moved["id"],
            created=stripe.clock.now(),
            currency=sent["currency"],
            metadata=metadata(params),
            transfer=identifier,
        )
    )
    sent["amount_reversed"] += value
    sent["reversed"] = sent["amount_reversed"] == sent["amount"]
    sent["reversals"]["data"].append(undone)
    stripe.events.emit("transfer.reversed", sent)
    return undone


def connected_balance(stripe: Platform, account: str) -> int:
    """What a connected account holds."""
    received = sum(
        sent["amount"] - sent["amount_reversed"] for sent in stripe.objects.of("transfer", account)
    )
    paid = sum(
        payout["amount"]
        for payout in stripe.objects.of("payout", account)
        if payout["status"] not in {"failed", "canceled"}
    )
    return int(received - paid)


def payout(stripe: Platform, params: Params, *, account: str | None) -> Thing:
    """Ask for a payout, of the platform or of the connected `account`."""
    only(params, "amount currency description metadata method statement_descriptor source_type")
    value = amount(params)
    currency = required_text(params, "currency").lower()
    have = (
        stripe.balance.available(currency)
        if account is None
        else connected_balance(stripe, account)
    )
    if value > have:
        raise Refusal(
            400,
            "invalid_request_error",
            "You have insufficient funds in your Stripe account for this transfer.",
            code="balance_insufficient",
        )
    now = stripe.clock.now()
    paid = shape(
        "payout",
        id=Objects.new_id("po"),
        amount=value,
        arrival_date=now + 2 * 24 * 3600,
        created=now,
        currency=currency,
        description=text(params, "description"),
        destination=account or "ba_test",
        metadata=metadata(params),
    )
    if account is None:
        moved = stripe.balance.move("payout", -value, paid["id"], currency=currency)
        paid["balance_transaction"] = moved["id"]
    stripe.objects.add(paid)
    stripe.events.emit("payout.created", paid)
    return paid


def arrive(stripe: Platform, identifier: str, *, paid: bool) -> Thing:
    """The bank took the payout, or sent it back."""
    found = stripe.objects.get("payout", identifier)
    if found["status"] not in {"pending", "in_transit"}:
        raise invalid(f"This payout is {found['status']}.")
    found["status"] = "paid" if paid else "failed"
    if not paid:
        found |= {"failure_code": "account_closed", "failure_message": "The account is closed."}
        if found["balance_transaction"]:
            moved = stripe.balance.move(
                "payout_failure", found["amount"], identifier, currency=found["currency"]
            )
            found["failure_balance_transaction"] = moved["id"]
    stripe.events.emit("payout.paid" if paid else "payout.failed", found)
    return found

"""One function per kind of write, and one that finds what an earlier try made.

Each takes the client and the operation, and sends exactly what the row says, under the row's key.
The operation's id is metadata on everything that we make, because a key is forgotten after a day
and metadata is not.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from advertiser_portal.billing.gateway import Declined, Done, Operation

Write = Callable[[Any, Operation], Awaitable[Done | Declined]]
LookUp = Callable[[Any, Operation], Awaitable[Done | Declined | None]]

_PAGE: Final = 100


def _marks(operation: Operation) -> dict[str, str]:
    return {"operation_id": operation.id, "owner_id": operation.owner_id, "kind": operation.kind}


def _keyed(operation: Operation) -> dict[str, Any]:
    return {"idempotency_key": operation.key}


async def _customer(client: Any, operation: Operation) -> Done:
    given = {"email": operation.params["email"], "name": operation.params["name"]}
    made = await client.v1.customers.create_async(
        given | {"metadata": _marks(operation)}, _keyed(operation)
    )
    return Done(made.id)


async def _checkout(client: Any, operation: Operation) -> Done:
    params = operation.params
    price = {
        "currency": "usd",
        "unit_amount": params["cents"],
        "product_data": {"name": "Advertising balance"},
    }
    marks = _marks(operation)
    payment: dict[str, Any] = {"metadata": marks, "description": "Advertising balance"}
    if params["save_card"]:
        payment["setup_future_usage"] = "off_session"
    made = await client.v1.checkout.sessions.create_async(
        {
            "mode": "payment",
            "customer": params["customer"],
            "client_reference_id": operation.owner_id,
            "line_items": [{"price_data": price, "quantity": 1}],
            "metadata": marks,
            "payment_intent_data": payment,
            "invoice_creation": {"enabled": True},
            "automatic_tax": {"enabled": params["tax"]},
            "tax_id_collection": {"enabled": True},
            # The page may complete what we know of the payer: tax needs an address.
            "customer_update": {"name": "auto", "address": "auto"},
            "success_url": params["success_url"],
            "cancel_url": params["cancel_url"],
        },
        _keyed(operation),
    )
    return Done(made.id, made.url)


async def _save_card(client: Any, operation: Operation) -> Done:
    params = operation.params
    made = await client.v1.checkout.sessions.create_async(
        {
            "mode": "setup",
            "customer": params["customer"],
            "currency": "usd",
            "client_reference_id": operation.owner_id,
            "metadata": _marks(operation),
            "setup_intent_data": {"metadata": _marks(operation)},
            "success_url": params["success_url"],
            "cancel_url": params["cancel_url"],
        },
        _keyed(operation),
    )
    return Done(made.id, made.url)


async def _recharge(client: Any, operation: Operation) -> Done | Declined:
    params = operation.params
    made = await client.v1.payment_intents.create_async(
        {
            "amount": params["cents"],
            "currency": "usd",
            "customer": params["customer"],
            "payment_method": params["card"],
            "confirm": True,
            "off_session": True,
            "description": "Advertising balance, automatic recharge",
            "metadata": _marks(operation),
        },
        _keyed(operation),
    )
    if made.status == "requires_action":
        return Declined("authentication_required", made.id)
    return Done(made.id)


async def _refund(client: Any, operation: Operation) -> Done:
    params = operation.params
    made = await client.v1.refunds.create_async(
        {
            "payment_intent": params["payment"],
            "amount": params["cents"],
            "reason": "requested_by_customer",
            "metadata": _marks(operation),
        },
        _keyed(operation),
    )
    return Done(made.id)


async def _payee(client: Any, operation: Operation) -> Done:
    params = operation.params
    transfers = {"stripe_balance": {"stripe_transfers": {"requested": True}}}
    made = await client.v2.core.accounts.create_async(
        {
            "contact_email": params["email"],
            "display_name": params["name"],
            "dashboard": "express",
            "configuration": {"recipient": {"capabilities": transfers}},
            "metadata": _marks(operation),
        },
        _keyed(operation),
    )
    return Done(made.id)


async def _onboarding(client: Any, operation: Operation) -> Done:
    params = operation.params
    urls = {"refresh_url": params["refresh_url"], "return_url": params["return_url"]}
    made = await client.v2.core.account_links.create_async(
        {
            "account": params["account"],
            "use_case": {
                "type": "account_onboarding",
                "account_onboarding": {"configurations": ["recipient"]} | urls,
            },
        },
        _keyed(operation),
    )
    return Done(params["account"], made.url)


async def _transfer(client: Any, operation: Operation) -> Done | Declined:
    params = operation.params
    made = await client.v1.transfers.create_async(
        {
            "amount": params["cents"],
            "currency": "usd",
            "destination": params["account"],
            "transfer_group": operation.id,
            "description": "Publisher earnings",
            "metadata": _marks(operation),
        },
        _keyed(operation),
    )
    return Done(made.id)


async def _bank_payout(client: Any, operation: Operation) -> Done:
    params = operation.params
    made = await client.v1.payouts.create_async(
        {
            "amount": params["cents"],
            "currency": "usd",
            "description": "Publisher earnings",
            "metadata": _marks(operation),
        },
        _keyed(operation) | {"stripe_account": params["account"]},
    )
    return Done(made.id)


# Lists and not searches: a search shows what was made a minute ago, a list what was made just now.
async def _found(listing: Awaitable[Any], operation: Operation) -> Any:
    async for made in (await listing).auto_paging_iter():
        if _is_ours(made, operation):
            return made
    return None


async def _find_customer(client: Any, operation: Operation) -> Done | None:
    given = {"email": operation.params["email"], "limit": _PAGE}
    made = await _found(client.v1.customers.list_async(given), operation)
    return Done(made.id) if made else None


async def _find_session(client: Any, operation: Operation) -> Done | None:
    given = {"customer": operation.params["customer"], "limit": _PAGE}
    made = await _found(client.v1.checkout.sessions.list_async(given), operation)
    return Done(made.id, made.url) if made else None


async def _find_recharge(client: Any, operation: Operation) -> Done | Declined | None:
    given = {"customer": operation.params["customer"], "limit": _PAGE}
    made = await _found(client.v1.payment_intents.list_async(given), operation)
    if made is None:
        return None
    if made.status in {"succeeded", "processing"}:
        return Done(made.id)
    # A decline leaves its payment behind, and so does a bank that asks for the owner.
    problem = made.last_payment_error
    return Declined((problem and problem.code) or "authentication_required", made.id)


async def _find_refund(client: Any, operation: Operation) -> Done | None:
    given = {"payment_intent": operation.params["payment"], "limit": _PAGE}
    made = await _found(client.v1.refunds.list_async(given), operation)
    return Done(made.id) if made else None


async def _find_transfer(client: Any, operation: Operation) -> Done | None:
    transfers = await client.v1.transfers.list_async({"transfer_group": operation.id})
    return Done(transfers.data[0].id) if transfers.data else None


async def _find_payee(client: Any, operation: Operation) -> Done | None:
    made = await _found(client.v2.core.accounts.list_async({"limit": _PAGE}), operation)
    return Done(made.id) if made else None


async def _find_bank_payout(client: Any, operation: Operation) -> Done | None:
    account = {"stripe_account": operation.params["account"]}
    made = await _found(client.v1.payouts.list_async({"limit": _PAGE}, account), operation)
    return Done(made.id) if made else None


async def _nothing_to_find(_client: Any, _operation: Operation) -> None:
    """A link is made anew: it moves no money and its predecessor simply expires."""


def _is_ours(made: Any, operation: Operation) -> bool:
    marks = made.metadata.to_dict() if made.metadata else {}
    return bool(marks.get("operation_id") == operation.id)


WRITES: Final[Mapping[str, Write]] = {
    "customer": _customer,
    "checkout": _checkout,
    "save_card": _save_card,
    "recharge": _recharge,
    "refund": _refund,
    "payee": _payee,
    "onboarding": _onboarding,
    "transfer": _transfer,
    "bank_payout": _bank_payout,
}

LOOK_UPS: Final[Mapping[str, LookUp]] = {
    "customer": _find_customer,
    "checkout": _find_session,
    "save_card": _find_session,
    "recharge": _find_recharge,
    "refund": _find_refund,
    "payee": _find_payee,
    "onboarding": _nothing_to_find,
    "transfer": _find_transfer,
    "bank_payout": _find_bank_payout,
}

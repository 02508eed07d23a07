"""Connected accounts of version 2: publishers who are paid out.

Created by API, onboarded on a hosted page behind an account link, able to receive transfers when
``configuration.recipient.capabilities.stripe_balance.stripe_transfers.status`` is active.
"""

from datetime import UTC, datetime
from typing import Any

from fakestripe.errors import invalid
from fakestripe.forms import Params, group, text
from fakestripe.objects import Objects, Thing
from fakestripe.platform import Platform

_LINK_SECONDS = 600


def create(stripe: Platform, params: Params) -> Thing:
    recipient = group(group(params, "configuration"), "recipient")
    account = {
        "id": Objects.new_id("acct"),
        "object": "v2.core.account",
        "applied_configurations": ["recipient"] if recipient else [],
        "closed": False,
        "configuration": {
            "customer": None,
            "merchant": None,
            "recipient": _recipient("restricted") if recipient else None,
        },
        "contact_email": text(params, "contact_email"),
        "contact_phone": None,
        "created": _iso(stripe.clock.now()),
        "dashboard": text(params, "dashboard", "express"),
        "defaults": params.get("defaults"),
        "display_name": text(params, "display_name"),
        "future_requirements": None,
        "identity": params.get("identity"),
        "livemode": False,
        "metadata": group(params, "metadata"),
        "requirements": _requirements(due=bool(recipient)),
    }
    return stripe.objects.add(account)


def page(stripe: Platform, params: Params) -> Thing:
    """Accounts in pages, newest first; version 2 of the API names the next page by its address."""
    found = list(reversed(stripe.objects.every("v2.core.account")))
    limit, start = int(params.get("limit", 10)), int(params.get("page", 0))
    shown, next_page = found[start : start + limit], None
    if start + limit < len(found):
        next_page = f"/v2/core/accounts?limit={limit}&page={start + limit}"
    return {"data": shown, "next_page_url": next_page, "previous_page_url": None}


def update(stripe: Platform, identifier: str, params: Params) -> Thing:
    account = stripe.objects.get("v2.core.account", identifier)
    for name in ("contact_email", "display_name"):
        if name in params:
            account[name] = text(params, name)
    account["metadata"] |= group(params, "metadata")
    return account


def link(stripe: Platform, params: Params) -> Thing:
    """A link to the onboarding page that works for ten minutes."""
    account = stripe.objects.get("v2.core.account", text(params, "account") or "")
    now = stripe.clock.now()
    return {
        "object": "v2.core.account_link",
        "account": account["id"],
        "created": _iso(now),
        "expires_at": _iso(now + _LINK_SECONDS),
        "livemode": False,
        "url": f"{stripe.public_url}/hosted/onboarding/{account['id']}?until={now + _LINK_SECONDS}",
        "use_case": params.get("use_case"),
    }


def onboard(stripe: Platform, identifier: str, *, status: str = "active") -> Thing:
    """The publisher finished onboarding, or lost the capability again."""
    account = stripe.objects.get("v2.core.account", identifier)
    if account["configuration"]["recipient"] is None:
        raise invalid("This account is not configured as a recipient.")
    account["configuration"]["recipient"] = _recipient(status)
    account["requirements"] = _requirements(due=status != "active")
    stripe.events.emit("account.updated", account)
    return account


def can_receive(account: Thing) -> bool:
    recipient = account["configuration"]["recipient"]
    if recipient is None:
        return False
    status = recipient["capabilities"]["stripe_balance"]["stripe_transfers"]["status"]
    return bool(status == "active")


def _recipient(status: str) -> dict[str, Any]:
    details = (
        []
        if status == "active"
        else [{"code": "requirements_past_due", "resolution": "provide_info"}]
    )
    transfers = {"status": status, "status_details": details}
    return {
        "applied": True,
        "capabilities": {
            "bank_accounts": None,
            "cards": None,
            "stripe_balance": {"payouts": dict(transfers), "stripe_transfers": transfers},
        },
        "default_outbound_destination": None,
    }


def _requirements(*, due: bool) -> dict[str, Any]:
    return (
        {"collector": "stripe", "entries": [], "summary": {"minimum_deadline": None}}
        if due
        else {
            "collector": "stripe",
            "entries": [],
            "summary": None,
        }
    )


def _iso(at: int) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")

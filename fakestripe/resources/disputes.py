"""Disputes: the money is gone when one opens, and comes back only when it is won.

    needs_response ─► under_review ─► won (reinstated) | lost

Opening withdraws what was not refunded and takes a fee; both are balance transactions.
"""

from fakestripe.balance import DISPUTE_FEE
from fakestripe.errors import invalid
from fakestripe.forms import Params, group, metadata
from fakestripe.objects import Objects, Thing
from fakestripe.platform import Platform
from fakestripe.shapes import shape

_RESPONSE_SECONDS = 7 * 24 * 3600


def start(stripe: Platform, charge_id: str, *, reason: str = "fraudulent") -> Thing:
    """The cardholder disputes a charge; `funds_withdrawn` follows `created` at once."""
    charge = stripe.objects.get("charge", charge_id)
    if charge["disputed"]:
        raise invalid("This charge is disputed already.")
    disputed = charge["amount"] - charge["amount_refunded"]
    if disputed == 0:
        raise invalid("This charge was refunded in full.")
    now = stripe.clock.now()
    dispute = shape(
        "dispute",
        id=Objects.new_id("dp"),
        amount=disputed,
        charge=charge_id,
        created=now,
        currency=charge["currency"],
        payment_intent=charge["payment_intent"],
        reason=reason,
    )
    dispute["evidence_details"]["due_by"] = now + _RESPONSE_SECONDS
    stripe.objects.add(dispute)
    charge["disputed"] = True
    stripe.events.emit("charge.dispute.created", dispute)
    moved = stripe.balance.move(
        "adjustment",
        -disputed,
        dispute["id"],
        currency=charge["currency"],
        fee=DISPUTE_FEE,
        category="dispute",
        description="Chargeback withdrawal",
    )
    dispute["balance_transactions"].append(moved)
    stripe.events.emit("charge.dispute.funds_withdrawn", dispute)
    return dispute


def warn(stripe: Platform, charge_id: str) -> Thing:
    """The card network warns of a dispute to come; a full refund still prevents it."""
    charge = stripe.objects.get("charge", charge_id)
    warning = stripe.objects.add(
        {
            "id": Objects.new_id("issfr"),
            "object": "radar.early_fraud_warning",
            "actionable": not charge["disputed"] and not charge["refunded"],
            "charge": charge_id,
            "created": stripe.clock.now(),
            "fraud_type": "made_with_stolen_card",
            "livemode": False,
            "payment_intent": charge["payment_intent"],
        }
    )
    stripe.events.emit("radar.early_fraud_warning.created", warning)
    return warning


def update(stripe: Platform, identifier: str, params: Params) -> Thing:
    """Evidence given: the bank looks at it."""
    dispute = stripe.objects.get("dispute", identifier)
    _refuse_closed(dispute)
    given = group(params, "evidence")
    dispute["evidence"] |= given
    dispute["metadata"] = metadata(params, dispute["metadata"])
    if given:
        dispute["status"] = "under_review"
        dispute["evidence_details"] |= {"has_evidence": True, "submission_count": 1}
    stripe.events.emit("charge.dispute.updated", dispute)
    return dispute


def close(stripe: Platform, identifier: str, *, won: bool) -> Thing:
    """The bank decides. Accepting a dispute oneself is losing it."""
    dispute = stripe.objects.get("dispute", identifier)
    _refuse_closed(dispute)
    dispute["status"] = "won" if won else "lost"
    if won:
        moved = stripe.balance.move(
            "adjustment",
            dispute["amount"],
            dispute["id"],
            currency=dispute["currency"],
            category="dispute_reversal",
            description="Chargeback reversal",
        )
        dispute["balance_transactions"].append(moved)
        stripe.events.emit("charge.dispute.funds_reinstated", dispute)
    stripe.events.emit("charge.dispute.closed", dispute)
    return dispute


def _refuse_closed(dispute: Thing) -> None:
    if dispute["status"] in {"won", "lost"}:
        raise invalid(f"This dispute is closed: {dispute['status']}.")

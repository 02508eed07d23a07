"""The members of each object that we answer with.

`shape` starts from every member that the published API documents for the kind, null where it may be
null, so that a client never misses one; the caller gives what matters. A test compares the result
with the client library's own resource classes.
"""

import copy
from typing import Any, Final

_ADDRESS: Final = dict.fromkeys(("city", "country", "line1", "line2", "postal_code", "state"))
_BILLING: Final = {"address": _ADDRESS, "email": None, "name": None, "phone": None, "tax_id": None}


def empty_list(url: str) -> dict[str, Any]:
    return {"object": "list", "data": [], "has_more": False, "url": url}


def _nulls(names: str, **given: Any) -> dict[str, Any]:
    return dict.fromkeys(names.split()) | given


_SHAPES: Final[dict[str, dict[str, Any]]] = {
    "customer": _nulls(
        "address currency default_source description discount email name phone shipping test_clock",
        balance=0,
        delinquent=False,
        invoice_prefix="TEST",
        invoice_settings=_nulls("custom_fields default_payment_method footer rendering_options"),
        metadata={},
        next_invoice_sequence=1,
        preferred_locales=[],
        tax_exempt="none",
    ),
    "payment_method": _nulls(
        "customer",
        allow_redisplay="unspecified",
        billing_details=_BILLING,
        metadata={},
        type="card",
    ),
    "payment_intent": _nulls(
        "application application_fee_amount automatic_payment_methods canceled_at "
        "cancellation_reason customer description last_payment_error latest_charge next_action "
        "on_behalf_of payment_method payment_method_configuration_details processing receipt_email "
        "review setup_future_usage shipping source statement_descriptor "
        "statement_descriptor_suffix transfer_data transfer_group",
        amount_capturable=0,
        amount_details={"tip": {}},
        amount_received=0,
        capture_method="automatic",
        confirmation_method="automatic",
        metadata={},
        payment_method_options={},
        payment_method_types=["card"],
        status="requires_payment_method",
    ),
    "charge": _nulls(
        "application application_fee application_fee_amount balance_transaction "
        "calculated_statement_descriptor customer description failure_balance_transaction "
        "failure_code failure_message on_behalf_of outcome payment_intent payment_method "
        "payment_method_details receipt_email receipt_number receipt_url review shipping source "
        "source_transfer statement_descriptor statement_descriptor_suffix transfer_data "
        "transfer_group",
        amount_captured=0,
        amount_refunded=0,
        billing_details=_BILLING,
        captured=False,
        disputed=False,
        fraud_details={},
        metadata={},
        paid=False,
        radar_options={},
        refunded=False,
    ),
    "refund": _nulls(
        "balance_transaction charge payment_intent reason receipt_number source_transfer_reversal "
        "transfer_reversal failure_balance_transaction failure_reason",
        destination_details={"card": {"type": "refund"}, "type": "card"},
        metadata={},
        status="succeeded",
    ),
    "dispute": _nulls(
        "payment_intent network_reason_code",
        balance_transactions=[],
        enhanced_eligibility_types=[],
        evidence=_nulls(
            "access_activity_log billing_address cancellation_policy "
            "cancellation_policy_disclosure cancellation_rebuttal customer_communication "
            "customer_email_address customer_name customer_purchase_ip customer_signature "
            "duplicate_charge_documentation duplicate_charge_explanation duplicate_charge_id "
            "product_description receipt refund_policy refund_policy_disclosure "
            "refund_refusal_explanation service_date service_documentation shipping_address "
            "shipping_carrier shipping_date shipping_documentation shipping_tracking_number "
            "uncategorized_file uncategorized_text",
            enhanced_evidence={},
        ),
        evidence_details={
            "due_by": None,
            "enhanced_eligibility": {},
            "has_evidence": False,
            "past_due": False,
            "submission_count": 0,
            "submission_method": "not_submitted",
        },
        is_charge_refundable=False,
        metadata={},
        payment_method_details={
            "card": {
                "brand": "visa",
                "case_type": "chargeback",
                "network": "visa",
                "network_reason_code": "10.4",
            },
            "type": "card",
        },
        reason="fraudulent",
        status="needs_response",
    ),
    "setup_intent": _nulls(
        "application automatic_payment_methods cancellation_reason customer description "
        "flow_directions last_setup_error latest_attempt mandate next_action on_behalf_of "
        "payment_method payment_method_configuration_details single_use_mandate",
        metadata={},
        payment_method_options={},
        payment_method_types=["card"],
        status="requires_payment_method",
        usage="off_session",
    ),
    "checkout.session": _nulls(
        "adaptive_pricing after_expiration allow_promotion_codes amount_subtotal amount_total "
        "billing_address_collection cancel_url client_reference_id client_secret "
        "collected_information consent consent_collection currency currency_conversion customer "
        "customer_creation customer_details customer_email discounts invoice locale origin_context "
        "payment_intent payment_link payment_method_configuration_details permissions "
        "presentment_details recovered_from return_url saved_payment_method_options setup_intent "
        "integration_identifier shipping_address_collection shipping_cost submit_type subscription "
        "success_url "
        "total_details wallet_options",
        automatic_tax={"enabled": False, "liability": None, "provider": None, "status": None},
        custom_fields=[],
        custom_text=_nulls(
            "after_submit shipping_address submit terms_of_service_acceptance",
        ),
        invoice_creation={
            "enabled": False,
            "invoice_data": _nulls(
                "account_tax_ids custom_fields description footer issuer rendering_options",
                metadata={},
            ),
        },
        metadata={},
        mode="payment",
        payment_method_collection="if_required",
        payment_method_options={},
        payment_method_types=["card"],
        payment_status="unpaid",
        phone_number_collection={"enabled": False},
        shipping_options=[],
        status="open",
        ui_mode="hosted",
    ),
    "invoice": _nulls(
        "account_name account_tax_ids application automatically_finalizes_at custom_fields "
        "customer_address customer_email customer_name customer_phone customer_shipping "
        "default_payment_method default_source description due_date effective_at ending_balance "
        "footer from_invoice hosted_invoice_url invoice_pdf last_finalization_error "
        "latest_revision next_payment_attempt number on_behalf_of parent receipt_number rendering "
        "shipping_cost shipping_details statement_descriptor subscription subtotal_excluding_tax "
        "test_clock "
        "total_excluding_tax total_pretax_credit_amounts total_taxes webhooks_delivered_at",
        account_country="US",
        amount_overpaid=0,
        amount_shipping=0,
        attempt_count=1,
        attempted=True,
        auto_advance=False,
        automatic_tax={
            "disabled_reason": None,
            "enabled": False,
            "liability": None,
            "provider": None,
            "status": None,
        },
        billing_reason="manual",
        collection_method="charge_automatically",
        customer_tax_exempt="none",
        customer_tax_ids=[],
        default_tax_rates=[],
        discounts=[],
        issuer={"type": "self"},
        metadata={},
        payment_settings=_nulls("default_mandate payment_method_options payment_method_types"),
        post_payment_credit_notes_amount=0,
        pre_payment_credit_notes_amount=0,
        starting_balance=0,
        status="paid",
        total_discount_amounts=[],
    ),
    "transfer": _nulls(
        "balance_transaction description destination_payment source_transaction transfer_group",
        amount_reversed=0,
        metadata={},
        reversed=False,
        source_type="card",
    ),
    "transfer_reversal": _nulls(
        "balance_transaction destination_payment_refund source_refund", metadata={}
    ),
    "payout": _nulls(
        "application_fee application_fee_amount balance_transaction description "
        "failure_balance_transaction failure_code failure_message original_payout payout_method "
        "reversed_by statement_descriptor trace_id",
        automatic=False,
        destination="ba_test",
        metadata={},
        method="standard",
        reconciliation_status="not_applicable",
        source_type="card",
        status="pending",
        type="bank_account",
    ),
    "balance_transaction": _nulls(
        "description exchange_rate source", balance_type="payments", fee_details=[]
    ),
    "webhook_endpoint": _nulls("api_version application description", metadata={}),
}

# Objects that exist without a mode: Stripe shows no `livemode` on them.
_WITHOUT_MODE: Final = frozenset({"balance_transaction", "refund", "transfer_reversal"})


def shape(kind: str, **given: Any) -> dict[str, Any]:
    """An object of `kind` with every documented member; `given` wins."""
    thing = copy.deepcopy(_SHAPES[kind]) | {"object": kind}
    if kind not in _WITHOUT_MODE:
        thing["livemode"] = False
    unknown = [name for name in given if name.startswith("_")]
    assert not unknown, f"Private members do not belong on the wire: {unknown}"
    return thing | given

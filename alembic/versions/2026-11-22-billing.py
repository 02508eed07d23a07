"""What the till does: customers, operations, events, payments, disputes, payouts."""

import sqlalchemy as sa
from alembic import op

from kernel.database import MicrosColumn, UtcDateTime

revision = "r07_billing"
down_revision = "r06_money"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _people()
    _operations()
    _payments()
    _payouts()


def downgrade() -> None:
    op.drop_table("stripe_operation")
    op.drop_table("stripe_event")
    op.drop_table("stripe_balance_txn")
    op.drop_table("billing_top_up")
    op.drop_table("billing_refund")
    op.drop_table("billing_payout")
    op.drop_table("billing_payee")
    op.drop_table("billing_dispute")
    op.drop_table("billing_customer")
    op.drop_table("billing_auto_recharge")


def _people() -> None:
    op.create_table(
        "billing_customer",
        sa.Column("advertiser_id", sa.String(length=40), nullable=False),
        sa.Column("stripe_customer_id", sa.String(length=120), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("card_id", sa.String(length=120), nullable=True),
        sa.Column("card_brand", sa.String(length=20), nullable=True),
        sa.Column("card_last4", sa.String(length=4), nullable=True),
        sa.Column("card_expires", sa.String(length=7), nullable=True),
        sa.PrimaryKeyConstraint("advertiser_id", name=op.f("pk_billing_customer")),
        sa.UniqueConstraint(
            "stripe_customer_id", name=op.f("uq_billing_customer_stripe_customer_id")
        ),
    )
    op.create_table(
        "billing_auto_recharge",
        sa.Column("advertiser_id", sa.String(length=40), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("threshold", MicrosColumn(), nullable=False),
        sa.Column("amount", MicrosColumn(), nullable=False),
        sa.Column("monthly_cap", MicrosColumn(), nullable=False),
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("month_planned", MicrosColumn(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("last_error", sa.String(length=80), nullable=True),
        sa.Column("next_try_at", UtcDateTime(), nullable=True),
        sa.Column("confirm_url", sa.String(length=500), nullable=True),
        sa.CheckConstraint(
            "month_planned <= monthly_cap OR NOT enabled",
            name=op.f("ck_billing_auto_recharge_within_cap"),
        ),
        sa.PrimaryKeyConstraint("advertiser_id", name=op.f("pk_billing_auto_recharge")),
    )
    op.create_table(
        "billing_payee",
        sa.Column("publisher_id", sa.String(length=40), nullable=False),
        sa.Column("stripe_account_id", sa.String(length=120), nullable=True),
        sa.Column("can_receive", sa.Boolean(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("publisher_id", name=op.f("pk_billing_payee")),
        sa.UniqueConstraint("stripe_account_id", name=op.f("uq_billing_payee_stripe_account_id")),
    )


def _operations() -> None:
    op.create_table(
        "stripe_operation",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("owner_id", sa.String(length=40), nullable=False),
        sa.Column("idempotency_key", sa.String(length=120), nullable=False),
        sa.Column("params", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("stripe_id", sa.String(length=120), nullable=True),
        sa.Column("error_code", sa.String(length=80), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("sent_at", UtcDateTime(), nullable=True),
        sa.Column("finished_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint(
            "state IN ('planned', 'sent', 'unknown', 'succeeded', 'failed')",
            name=op.f("ck_stripe_operation_state"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stripe_operation")),
        sa.UniqueConstraint("idempotency_key", name=op.f("uq_stripe_operation_idempotency_key")),
    )
    op.create_index(
        "ix_stripe_operation_open", "stripe_operation", ["state", "created_at"], unique=False
    )
    op.create_index(
        "ix_stripe_operation_owner", "stripe_operation", ["owner_id", "kind"], unique=False
    )
    op.create_index(
        op.f("ix_stripe_operation_stripe_id"), "stripe_operation", ["stripe_id"], unique=False
    )
    op.create_index(
        "uq_stripe_operation_one_recharge",
        "stripe_operation",
        ["owner_id"],
        unique=True,
        sqlite_where=sa.text("kind = 'recharge' AND state IN ('planned', 'sent', 'unknown')"),
        postgresql_where=sa.text("kind = 'recharge' AND state IN ('planned', 'sent', 'unknown')"),
    )
    op.create_table(
        "stripe_event",
        sa.Column("event_id", sa.String(length=120), nullable=False),
        sa.Column("type", sa.String(length=80), nullable=False),
        sa.Column("object_id", sa.String(length=120), nullable=False),
        sa.Column("received_at", UtcDateTime(), nullable=False),
        sa.Column("next_try_at", UtcDateTime(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("last_error", sa.String(length=80), nullable=True),
        sa.Column("handled_at", UtcDateTime(), nullable=True),
        sa.Column("dead_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("event_id", name=op.f("pk_stripe_event")),
    )
    op.create_index(
        "ix_stripe_event_waiting", "stripe_event", ["handled_at", "next_try_at"], unique=False
    )


def _payments() -> None:
    op.create_table(
        "billing_top_up",
        sa.Column("payment_intent_id", sa.String(length=120), nullable=False),
        sa.Column("advertiser_id", sa.String(length=40), nullable=False),
        sa.Column("operation_id", sa.String(length=40), nullable=False),
        sa.Column("charge_id", sa.String(length=120), nullable=True),
        sa.Column("net", MicrosColumn(), nullable=False),
        sa.Column("tax", MicrosColumn(), nullable=False),
        sa.Column("automatic", sa.Boolean(), nullable=False),
        sa.Column("invoice_url", sa.String(length=500), nullable=True),
        sa.Column("invoice_pdf", sa.String(length=500), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("payment_intent_id", name=op.f("pk_billing_top_up")),
        sa.UniqueConstraint("charge_id", name=op.f("uq_billing_top_up_charge_id")),
    )
    op.create_index(
        op.f("ix_billing_top_up_advertiser_id"), "billing_top_up", ["advertiser_id"], unique=False
    )
    op.create_table(
        "billing_refund",
        sa.Column("operation_id", sa.String(length=40), nullable=False),
        sa.Column("advertiser_id", sa.String(length=40), nullable=False),
        sa.Column("payment_intent_id", sa.String(length=120), nullable=False),
        sa.Column("stripe_refund_id", sa.String(length=120), nullable=True),
        sa.Column("cash", MicrosColumn(), nullable=False),
        sa.Column("tax", MicrosColumn(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("operation_id", name=op.f("pk_billing_refund")),
        sa.UniqueConstraint("stripe_refund_id", name=op.f("uq_billing_refund_stripe_refund_id")),
    )
    op.create_index(
        op.f("ix_billing_refund_advertiser_id"), "billing_refund", ["advertiser_id"], unique=False
    )
    op.create_index(
        op.f("ix_billing_refund_payment_intent_id"),
        "billing_refund",
        ["payment_intent_id"],
        unique=False,
    )
    op.create_table(
        "billing_dispute",
        sa.Column("dispute_id", sa.String(length=120), nullable=False),
        sa.Column("advertiser_id", sa.String(length=40), nullable=False),
        sa.Column("charge_id", sa.String(length=120), nullable=False),
        sa.Column("amount", MicrosColumn(), nullable=False),
        sa.Column("status", sa.String(length=30), nullable=False),
        sa.Column("withdrawn", sa.Boolean(), nullable=False),
        sa.Column("reinstated", sa.Boolean(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("dispute_id", name=op.f("pk_billing_dispute")),
    )
    op.create_index(
        op.f("ix_billing_dispute_advertiser_id"), "billing_dispute", ["advertiser_id"], unique=False
    )


def _payouts() -> None:
    op.create_table(
        "billing_payout",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("publisher_id", sa.String(length=40), nullable=False),
        sa.Column("stripe_account_id", sa.String(length=120), nullable=False),
        sa.Column("amount", MicrosColumn(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("stripe_transfer_id", sa.String(length=120), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("finished_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_billing_payout")),
        sa.UniqueConstraint(
            "stripe_transfer_id", name=op.f("uq_billing_payout_stripe_transfer_id")
        ),
    )
    op.create_index(
        op.f("ix_billing_payout_publisher_id"), "billing_payout", ["publisher_id"], unique=False
    )
    op.create_table(
        "stripe_balance_txn",
        sa.Column("id", sa.String(length=120), nullable=False),
        sa.Column("type", sa.String(length=40), nullable=False),
        sa.Column("amount_cents", sa.BigInteger(), nullable=False),
        sa.Column("fee_cents", sa.BigInteger(), nullable=False),
        sa.Column("source", sa.String(length=120), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("explained_by", sa.String(length=120), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stripe_balance_txn")),
    )
    op.create_index(
        op.f("ix_stripe_balance_txn_created_at"), "stripe_balance_txn", ["created_at"], unique=False
    )

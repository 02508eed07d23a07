"""What payments came to, bank payouts, early fraud warnings, and numbered papers."""

import sqlalchemy as sa
from alembic import op

from kernel.database import UtcDateTime

revision = "r12_till"
down_revision = "r09_portal"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("stripe_operation", sa.Column("outcome", sa.String(10), nullable=True))
    op.execute(
        "UPDATE stripe_operation SET outcome = 'paid' "
        "WHERE id IN (SELECT operation_id FROM billing_top_up)"
    )
    with op.batch_alter_table("billing_payout") as payout:
        payout.add_column(sa.Column("bank_state", sa.String(10), nullable=True))
        payout.add_column(sa.Column("bank_payout_id", sa.String(120), nullable=True))
        payout.add_column(sa.Column("bank_error", sa.String(80), nullable=True))
        payout.add_column(sa.Column("bank_try_at", UtcDateTime(), nullable=True))
        payout.create_unique_constraint(
            op.f("uq_billing_payout_bank_payout_id"), ["bank_payout_id"]
        )
    op.create_table(
        "billing_fraud_warning",
        sa.Column("warning_id", sa.String(120), nullable=False),
        sa.Column("advertiser_id", sa.String(40), nullable=False),
        sa.Column("payment_intent_id", sa.String(120), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("warning_id", name=op.f("pk_billing_fraud_warning")),
    )
    op.create_index(
        op.f("ix_billing_fraud_warning_advertiser_id"), "billing_fraud_warning", ["advertiser_id"]
    )
    op.create_table(
        "billing_paper_series",
        sa.Column("series", sa.String(10), nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("series", name=op.f("pk_billing_paper_series")),
    )
    op.create_table(
        "billing_paper",
        sa.Column("about", sa.String(120), nullable=False),
        sa.Column("series", sa.String(10), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("owner_id", sa.String(40), nullable=False),
        sa.Column("lines", sa.JSON(), nullable=False),
        sa.Column("issued_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("about", name=op.f("pk_billing_paper")),
        sa.UniqueConstraint("series", "number", name=op.f("uq_billing_paper_series")),
    )
    op.create_index(op.f("ix_billing_paper_owner_id"), "billing_paper", ["owner_id"])


def downgrade() -> None:
    for table in ("billing_paper", "billing_paper_series", "billing_fraud_warning"):
        op.drop_table(table)
    with op.batch_alter_table("billing_payout") as payout:
        payout.drop_constraint(op.f("uq_billing_payout_bank_payout_id"), type_="unique")
        for name in ("bank_try_at", "bank_error", "bank_payout_id", "bank_state"):
            payout.drop_column(name)
    op.drop_column("stripe_operation", "outcome")

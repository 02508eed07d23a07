"""Quotas, spend slices, quality of answers, developers."""

revision = "r08_gateway"
down_revision = "r07_billing"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass

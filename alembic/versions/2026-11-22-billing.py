"""What the till does: customers, operations, events, disputes, payouts."""

revision = "r07_billing"
down_revision = "r06_money"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass

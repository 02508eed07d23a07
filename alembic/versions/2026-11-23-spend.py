"""Slices of the spend budget and what a call cost beyond them."""

revision = "r13_spend"
down_revision = "r12_till"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass

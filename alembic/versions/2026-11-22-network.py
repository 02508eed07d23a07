"""Affiliate programmes and publishers' placements."""

revision = "r11_network"
down_revision = "r10_engine"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass

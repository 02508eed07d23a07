"""Leases, conversions, invalid traffic, publishers' earnings."""

revision = "r06_money"
down_revision = "r05_api"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass

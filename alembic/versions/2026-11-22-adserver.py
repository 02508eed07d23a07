"""Catalog, decisions and steps."""

revision = "r03_adserver"
down_revision = "r02_ledger"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass

"""Accounts, groups, entries, spend limits."""

revision = "r02_ledger"
down_revision = "r01_outbox"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass

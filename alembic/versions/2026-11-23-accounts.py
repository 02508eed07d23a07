"""Passkeys, second factors, API tokens and saved views."""

revision = "r16_accounts"
down_revision = "r15_counting"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass

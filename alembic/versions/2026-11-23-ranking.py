"""Click-rate counts, hold-outs and intent clusters."""

revision = "r17_ranking"
down_revision = "r16_accounts"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass

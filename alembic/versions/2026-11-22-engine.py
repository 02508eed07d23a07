"""Click rates, topics, pacing."""

revision = "r10_engine"
down_revision = "r09_portal"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass

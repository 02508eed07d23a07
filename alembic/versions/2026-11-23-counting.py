"""Conversions, stops, roll-ups and invalid traffic."""

revision = "r15_counting"
down_revision = "r14_placement"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass

"""Publishers' placements, block lists and people's reports of ads."""

revision = "r14_placement"
down_revision = "r13_spend"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass

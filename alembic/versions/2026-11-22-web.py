"""People, organisations, sessions, the audit log."""

revision = "r04_web"
down_revision = "r03_adserver"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass

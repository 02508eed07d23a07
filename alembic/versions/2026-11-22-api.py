"""Keys and completions."""

revision = "r05_api"
down_revision = "r04_web"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass

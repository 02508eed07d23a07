"""Notices, publishers' accounts and what else the till keeps."""

revision = "r12_till"
down_revision = "r11_network"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass

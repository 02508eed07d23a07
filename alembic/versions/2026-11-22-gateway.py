"""Tiers of apps, groups of prompts."""

import sqlalchemy as sa
from alembic import op

revision = "r08_gateway"
down_revision = "r07_billing"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "app", sa.Column("tier", sa.String(16), nullable=False, server_default="standard")
    )
    op.add_column("completion", sa.Column("prompt_group", sa.String(64), nullable=True))


def downgrade() -> None:
    op.drop_column("completion", "prompt_group")
    op.drop_column("app", "tier")

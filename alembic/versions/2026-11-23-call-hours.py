"""Calls summed up by hour, with sketches of their times."""

import sqlalchemy as sa
from alembic import op

from kernel.database import UtcDateTime

revision = "r18_call_hours"
down_revision = "r17_ranking"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "call_hour",
        sa.Column("hour", UtcDateTime(), nullable=False),
        sa.Column("worker", sa.String(40), nullable=False),
        sa.Column("app_id", sa.String(40), nullable=False),
        sa.Column("model", sa.String(120), nullable=False),
        sa.Column("upstream", sa.String(60), nullable=False),
        sa.Column("calls", sa.Integer(), nullable=False),
        sa.Column("failed", sa.Integer(), nullable=False),
        sa.Column("left_early", sa.Integer(), nullable=False),
        sa.Column("tokens", sa.BigInteger(), nullable=False),
        sa.Column("cached_tokens", sa.BigInteger(), nullable=False),
        sa.Column("cost_micros", sa.BigInteger(), nullable=False),
        sa.Column("with_ad", sa.Integer(), nullable=False),
        sa.Column("first_token", sa.JSON(), nullable=False),
        sa.Column("total", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint(
            "hour", "worker", "app_id", "model", "upstream", name=op.f("pk_call_hour")
        ),
    )


def downgrade() -> None:
    op.drop_table("call_hour")

"""What ranking has learned: counts by creative and topic, traffic by hour of day."""

import sqlalchemy as sa
from alembic import op

from kernel.database import UtcDateTime

revision = "r17_ranking"
down_revision = "r16_accounts"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "ranking_count",
        sa.Column("creative_number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("topic", sa.String(40), nullable=False),
        sa.Column("campaign_id", sa.String(40), nullable=False),
        sa.Column("delivered", sa.BigInteger(), nullable=False),
        sa.Column("clicks", sa.BigInteger(), nullable=False),
        sa.Column("conversions", sa.BigInteger(), nullable=False),
        sa.Column("expected", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("creative_number", "topic", name=op.f("pk_ranking_count")),
    )
    op.create_table(
        "ranking_hour",
        sa.Column("hour", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("turns", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("hour", name=op.f("pk_ranking_hour")),
    )
    op.create_table(
        "ranking_mark",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("counted_until", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ranking_mark")),
    )


def downgrade() -> None:
    op.drop_table("ranking_mark")
    op.drop_table("ranking_hour")
    op.drop_table("ranking_count")
